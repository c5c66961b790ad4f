//! Encoding within a shop's byte limits.

use image::RgbImage;

use super::spec::ExportSpec;
use crate::imaging::{Encoding, PictureError, Pixels, encode};
use crate::preset::schema::Format;

/// Why a picture has no encoding that a shop takes.
#[derive(Debug, thiserror::Error)]
pub enum BytesError {
    #[error("{least} bytes at the lowest quality, more than the {most} that `{export}` takes")]
    TooMany { least: usize, most: u64, export: String },
    #[error("{most} bytes at the best quality, fewer than the {least} that `{export}` takes")]
    TooFew { most: usize, least: u64, export: String },
    #[error(transparent)]
    Picture(#[from] PictureError),
}

/// Encodes at the best quality that the limits allow. `format` is the output's own, never that of the photo.
///
/// # Errors
/// No quality meets the limits, or the format cannot hold the picture.
pub fn encode_within(
    picture: &RgbImage,
    format: Format,
    spec: &ExportSpec,
    xmp: &str,
) -> Result<Vec<u8>, BytesError> {
    let attempt = |encoding| encode(Pixels::Rgb(picture), encoding, Some(xmp));
    let bytes = match format {
        Format::Png => attempt(Encoding::Png)?,
        Format::Webp => attempt(Encoding::WebP)?,
        Format::Jpeg | Format::Photo => jpeg(spec, &attempt)?,
    };
    if let Some(most) = spec.max_bytes.filter(|most| bytes.len() as u64 > *most) {
        return Err(BytesError::TooMany {
            least: bytes.len(),
            most,
            export: spec.name.clone(),
        });
    }
    if let Some(least) = spec.min_bytes.filter(|least| (bytes.len() as u64) < *least) {
        return Err(BytesError::TooFew {
            most: bytes.len(),
            least,
            export: spec.name.clone(),
        });
    }
    Ok(bytes)
}

/// The best quality whose bytes fit, by bisection; most pictures fit at once.
fn jpeg(
    spec: &ExportSpec,
    attempt: &dyn Fn(Encoding) -> Result<Vec<u8>, PictureError>,
) -> Result<Vec<u8>, PictureError> {
    let at = |quality| attempt(Encoding::Jpeg { quality });
    let best = at(spec.quality)?;
    if spec.min_bytes.is_some_and(|least| (best.len() as u64) < least) {
        return at(100);
    }
    let Some(most) = spec.max_bytes.filter(|most| best.len() as u64 > *most) else {
        return Ok(best);
    };
    // Invariant: `low` fits or is the least; `high` does not fit.
    let (mut low, mut high) = (spec.min_quality, spec.quality);
    let mut found = at(low)?;
    if found.len() as u64 > most {
        return Ok(found);
    }
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        let bytes = at(middle)?;
        if bytes.len() as u64 <= most {
            (low, found) = (middle, bytes);
        } else {
            high = middle;
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Noise is the hardest picture for a byte limit.
    fn noise() -> RgbImage {
        let mut state = 1u32;
        RgbImage::from_fn(200, 200, |_, _| {
            image::Rgb([0; 3].map(|_: u8| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 24) as u8
            }))
        })
    }

    fn spec(max: Option<u64>, min: Option<u64>) -> ExportSpec {
        let mut spec = super::super::spec::resolve(
            &super::super::spec::shipped().expect("readable")[0],
            &mut crate::preset::Issues::default(),
        )
        .expect("sound");
        (spec.max_bytes, spec.min_bytes, spec.quality, spec.min_quality) = (max, min, 95, 30);
        spec
    }

    #[test]
    fn the_best_quality_that_fits_is_taken() {
        let picture = noise();
        let size = |q| {
            encode(Pixels::Rgb(&picture), Encoding::Jpeg { quality: q }, Some("x"))
                .expect("valid")
                .len()
        };
        for cap in [size(95), size(80), size(80) - 1, size(31), size(30)] {
            let found = encode_within(&picture, Format::Jpeg, &spec(Some(cap as u64), None), "x")
                .expect("fits")
                .len();
            let best = (30..=95).rev().find(|q| size(*q) <= cap).expect("some");
            assert_eq!(found, size(best), "cap {cap}");
        }
        let tight = encode_within(
            &picture,
            Format::Jpeg,
            &spec(Some(size(30) as u64 - 1), None),
            "x",
        );
        assert!(matches!(tight, Err(BytesError::TooMany { .. })));
        let roomy =
            encode_within(&picture, Format::Jpeg, &spec(None, Some(size(96) as u64)), "x").expect("q 100");
        assert_eq!(roomy.len(), size(100));
        assert!(matches!(
            encode_within(&picture, Format::Png, &spec(Some(100), None), "x"),
            Err(BytesError::TooMany { .. })
        ));
    }
}
