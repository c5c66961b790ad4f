//! From a decoded cut-out to a [`Piece`]: checks, trim, true size, structure.

use std::sync::Arc;

use image::RgbaImage;

use super::{Facts, Kind, Piece, Structure, fringe};
use crate::imaging::pixel::decode_srgb8;
use crate::imaging::{LinearImage, Rect};

/// Why a product picture cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ProductError {
    #[error("the picture is empty: every pixel is transparent")]
    Empty,
    #[error(
        "the picture has no transparent background: remove the background first and save a PNG or WebP with alpha"
    )]
    Opaque,
    #[error("{0}")]
    Facts(String),
    #[error("{0}")]
    Structure(String),
}

/// Alpha (of 255) below which a pixel counts as background when trimming.
const TRIM_ALPHA: u8 = 8;

/// Reads a cut-out (8-bit sRGB, straight alpha) into a piece of known size.
///
/// # Errors
/// The cut-out is empty or opaque, a size is not positive and finite, or the kind's structure cannot be found.
pub fn read(cutout: &RgbaImage, kind: Kind, facts: &Facts) -> Result<Piece, ProductError> {
    check_facts(facts)?;
    let bounds = trim(cutout)?;
    let mut pixels = linearize(cutout, bounds);
    fringe::decontaminate(&mut pixels);
    let structure = match kind {
        Kind::Earring => Structure::Earring(super::earring::find(&pixels, facts)?),
        Kind::Necklace => Structure::Necklace(super::necklace::find(&pixels, facts)?),
        Kind::Ring => Structure::Ring(super::ring::find(&pixels, facts)?),
        Kind::Bracelet => Structure::Bracelet(super::bracelet::find(&pixels, facts)?),
        Kind::Watch => Structure::Watch(super::watch::find(&pixels, facts)?),
    };
    let (mm_per_px, scale) = super::scale::mm_per_px(&pixels, &structure, facts);
    Ok(Piece {
        kind,
        pixels: Arc::new(pixels),
        pyramid: Arc::default(),
        mm_per_px,
        scale,
        facts: facts.clone(),
        structure,
    })
}

fn check_facts(facts: &Facts) -> Result<(), ProductError> {
    let sizes = [
        ("width_mm", facts.width_mm),
        ("height_mm", facts.height_mm),
        ("inner_diameter_mm", facts.inner_diameter_mm),
        ("chain_length_mm", facts.chain_length_mm),
        ("case_diameter_mm", facts.case_diameter_mm),
    ];
    for (name, size) in sizes {
        if let Some(mm) = size
            && !(mm.is_finite() && mm > 0.0 && mm <= 2000.0)
        {
            return Err(ProductError::Facts(format!(
                "{name} is {mm}: give millimetres above 0 and up to 2000"
            )));
        }
    }
    Ok(())
}

fn trim(cutout: &RgbaImage) -> Result<Rect, ProductError> {
    let (mut x0, mut y0, mut x1, mut y1) = (u32::MAX, u32::MAX, 0, 0);
    let mut transparent = false;
    for (x, y, p) in cutout.enumerate_pixels() {
        if p[3] >= TRIM_ALPHA {
            (x0, y0, x1, y1) = (x0.min(x), y0.min(y), x1.max(x), y1.max(y));
        } else {
            transparent = true;
        }
    }
    if x0 == u32::MAX {
        return Err(ProductError::Empty);
    }
    if !transparent {
        return Err(ProductError::Opaque);
    }
    Ok(Rect::new(x0 as i32, y0 as i32, x1 - x0 + 1, y1 - y0 + 1))
}

/// Straight 8-bit sRGB to premultiplied linear light, over `bounds`.
pub fn linearize(cutout: &RgbaImage, bounds: Rect) -> LinearImage {
    let mut out = LinearImage::transparent(Rect::of_size(bounds.width, bounds.height));
    let rows = cutout.as_raw().chunks_exact(4 * cutout.width().max(1) as usize);
    let rows = rows.skip(bounds.y as usize);
    for (to, row) in out.data.chunks_exact_mut(bounds.width.max(1) as usize).zip(rows) {
        let (from, _) = row.as_chunks::<4>();
        for (px, [r, g, b, a]) in to.iter_mut().zip(from.iter().skip(bounds.x as usize)) {
            let a = f32::from(*a) / 255.0;
            *px = [
                decode_srgb8(*r) * a,
                decode_srgb8(*g) * a,
                decode_srgb8(*b) * a,
                a,
            ];
        }
    }
    out
}
