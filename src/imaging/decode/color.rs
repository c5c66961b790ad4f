//! From the samples of a file to 8-bit sRGB, row by row, so that no second copy of the picture is made.

use std::sync::Arc;

use image::{DynamicImage, RgbImage, RgbaImage};
use moxcms::{CmsError, ColorProfile, DataColorSpace, Layout, TransformExecutor, TransformOptions};
use rayon::prelude::*;

use crate::imaging::PictureError;

type Transform<T> = Arc<dyn TransformExecutor<T> + Send + Sync>;

/// 8-bit sRGB; alpha is straight.
pub(super) enum Srgb {
    Opaque(RgbImage),
    Alpha(RgbaImage),
}

/// A sample of a picture file: 8 or 16 bits over the whole range.
trait Sample: Copy + Default + Send + Sync {
    fn to_u8(self) -> u8;
    fn transform(from: &ColorProfile, source: Layout, to: Layout) -> Result<Transform<Self>, CmsError>;
}

impl Sample for u8 {
    fn to_u8(self) -> u8 {
        self
    }
    fn transform(from: &ColorProfile, source: Layout, to: Layout) -> Result<Transform<u8>, CmsError> {
        from.create_transform_8bit(source, &ColorProfile::new_srgb(), to, TransformOptions::default())
    }
}

impl Sample for u16 {
    fn to_u8(self) -> u8 {
        ((u32::from(self) * 255 + 32767) / 65535) as u8
    }
    fn transform(from: &ColorProfile, source: Layout, to: Layout) -> Result<Transform<u16>, CmsError> {
        from.create_transform_16bit(source, &ColorProfile::new_srgb(), to, TransformOptions::default())
    }
}

/// Reads a profile for samples of `space`. One that cannot be read or is for other samples is passed over with a
/// warning, as browsers do; one that is sRGB in all but name is passed over silently, so that pixels stay as they are.
pub(super) fn profile(icc: Option<&[u8]>, space: DataColorSpace) -> Option<ColorProfile> {
    let profile = match ColorProfile::new_from_slice(icc?) {
        Ok(profile) if profile.color_space == space => profile,
        Ok(profile) => {
            tracing::warn!(
                "colour profile ignored: it is for {:?}, the picture is {space:?}",
                profile.color_space
            );
            return None;
        }
        Err(error) => {
            tracing::warn!("colour profile ignored: {error}");
            return None;
        }
    };
    (space != DataColorSpace::Rgb || !is_srgb(&profile)).then_some(profile)
}

/// Whether the profile moves no colour of a lattice by more than one step of 8 bits.
fn is_srgb(profile: &ColorProfile) -> bool {
    let Ok(transform) = u8::transform(profile, Layout::Rgb, Layout::Rgb) else {
        return false;
    };
    let steps = || (0..=255).step_by(17);
    let grey = (0..=255).flat_map(|v| [v; 3]);
    let lattice = steps().flat_map(|r| steps().flat_map(move |g| steps().flat_map(move |b| [r, g, b])));
    let colors: Vec<u8> = grey.chain(lattice).collect();
    let mut moved = vec![0; colors.len()];
    transform.transform(&colors, &mut moved).is_ok()
        && colors.iter().zip(&moved).all(|(a, b)| a.abs_diff(*b) <= 1)
}

/// Converts a decoded picture to 8-bit sRGB.
///
/// # Errors
/// Samples that are not 8 or 16 bits, or a profile that cannot be applied.
pub(super) fn to_srgb(
    image: DynamicImage,
    icc: Option<&[u8]>,
    adobe_rgb: bool,
) -> Result<Srgb, PictureError> {
    let gray = !image.color().has_color();
    let space = if gray {
        DataColorSpace::Gray
    } else {
        DataColorSpace::Rgb
    };
    let profile = profile(icc, space)
        .or_else(|| (adobe_rgb && icc.is_none() && !gray).then(ColorProfile::new_adobe_rgb));
    let (width, height) = (image.width(), image.height());
    match (image, &profile) {
        (DynamicImage::ImageRgb8(image), None) => return Ok(Srgb::Opaque(image)),
        (DynamicImage::ImageRgba8(image), None) => return Ok(Srgb::Alpha(image)),
        (DynamicImage::ImageLuma8(image), p) => convert(&image, width, 1, p.as_ref()),
        (DynamicImage::ImageLumaA8(image), p) => convert(&image, width, 2, p.as_ref()),
        (DynamicImage::ImageRgb8(image), p) => convert(&image, width, 3, p.as_ref()),
        (DynamicImage::ImageRgba8(image), p) => convert(&image, width, 4, p.as_ref()),
        (DynamicImage::ImageLuma16(image), p) => convert(&image, width, 1, p.as_ref()),
        (DynamicImage::ImageLumaA16(image), p) => convert(&image, width, 2, p.as_ref()),
        (DynamicImage::ImageRgb16(image), p) => convert(&image, width, 3, p.as_ref()),
        (DynamicImage::ImageRgba16(image), p) => convert(&image, width, 4, p.as_ref()),
        (other, _) => {
            return Err(PictureError::unsupported(
                format!("samples of type {:?} are not read", other.color()),
                "save it with 8 or 16 bits per channel",
            ));
        }
    }
    .and_then(|(samples, channels)| wrap(width, height, samples, channels))
}

fn wrap(width: u32, height: u32, samples: Vec<u8>, channels: usize) -> Result<Srgb, PictureError> {
    match channels {
        3 => RgbImage::from_raw(width, height, samples).map(Srgb::Opaque),
        _ => RgbaImage::from_raw(width, height, samples).map(Srgb::Alpha),
    }
    .ok_or_else(|| PictureError::damaged("the file holds fewer pixels than it declares"))
}

/// Converts rows of interleaved samples (1 grey, 2 grey and alpha, 3 RGB, 4 RGBA); gives 3 or 4 channels.
fn convert<T: Sample>(
    samples: &[T],
    width: u32,
    channels: usize,
    profile: Option<&ColorProfile>,
) -> Result<(Vec<u8>, usize), PictureError> {
    let (source, target) = match channels {
        1 => (Layout::Gray, Layout::Rgb),
        2 => (Layout::GrayAlpha, Layout::Rgba),
        3 => (Layout::Rgb, Layout::Rgb),
        _ => (Layout::Rgba, Layout::Rgba),
    };
    let channels_out = if target == Layout::Rgb { 3 } else { 4 };
    let transform = profile
        .map(|p| T::transform(p, source, target))
        .transpose()
        .map_err(cannot_apply)?;
    let width = width as usize;
    let mut out = vec![0; samples.len() / channels * channels_out];
    out.par_chunks_mut(width * channels_out)
        .zip(samples.par_chunks(width * channels))
        .try_for_each_init(
            || vec![T::default(); width * channels_out],
            |row, (out, samples)| {
                match &transform {
                    Some(transform) => transform.transform(samples, row)?,
                    None => spread(samples, channels, row),
                }
                for (out, value) in out.iter_mut().zip(&*row) {
                    *out = value.to_u8();
                }
                Ok(())
            },
        )
        .map_err(cannot_apply)?;
    Ok((out, channels_out))
}

/// Grey to three equal channels; colour as it is.
fn spread<T: Copy>(samples: &[T], channels: usize, row: &mut [T]) {
    match channels {
        1 => row
            .chunks_exact_mut(3)
            .zip(samples)
            .for_each(|(out, &v)| out.fill(v)),
        2 => row
            .chunks_exact_mut(4)
            .zip(samples.chunks_exact(2))
            .for_each(|(out, pair)| {
                out.copy_from_slice(&[pair[0], pair[0], pair[0], pair[1]]);
            }),
        _ => row.copy_from_slice(samples),
    }
}

fn cannot_apply(error: CmsError) -> PictureError {
    PictureError::unsupported(
        format!("its colour profile cannot be applied: {error}"),
        "convert it to sRGB",
    )
}

/// Ink coverage, 0 none to 255 full, interleaved C, M, Y, K.
pub(super) struct Cmyk {
    width: u32,
    height: u32,
    ink: Vec<u8>,
}

impl Cmyk {
    /// From the values that a four-component JPEG stores: `ycck` when the first three are luma and chroma of the
    /// complement, `inverted` as Adobe writes them, 255 for no ink.
    pub(super) fn new(width: u32, height: u32, mut stored: Vec<u8>, ycck: bool, inverted: bool) -> Self {
        stored.par_chunks_exact_mut(4).for_each(|pixel| {
            if ycck {
                // JFIF's YCbCr to RGB, whose complement is the stored C, M, Y.
                let (y, cb, cr) = (
                    f32::from(pixel[0]),
                    f32::from(pixel[1]) - 128.0,
                    f32::from(pixel[2]) - 128.0,
                );
                let rgb = [
                    y + 1.402 * cr,
                    y - 0.344_136 * cb - 0.714_136 * cr,
                    y + 1.772 * cb,
                ];
                for (stored, v) in pixel.iter_mut().zip(rgb) {
                    *stored = 255 - v.round().clamp(0.0, 255.0) as u8;
                }
            }
            if inverted {
                pixel.iter_mut().for_each(|v| *v = 255 - *v);
            }
        });
        Self {
            width,
            height,
            ink: stored,
        }
    }

    /// Through the profile of the press; without one, what the inks look like is anyone's guess.
    pub(super) fn to_srgb(&self, icc: Option<&[u8]>) -> Result<Srgb, PictureError> {
        let profile = profile(icc, DataColorSpace::Cmyk).ok_or_else(|| {
            PictureError::unsupported(
                "the picture is CMYK without a colour profile",
                "convert it to RGB",
            )
        })?;
        let transform = u8::transform(&profile, Layout::Rgba, Layout::Rgb).map_err(cannot_apply)?;
        let width = self.width as usize;
        let mut out = vec![0; self.ink.len() / 4 * 3];
        out.par_chunks_mut(width * 3)
            .zip(self.ink.par_chunks(width * 4))
            .try_for_each(|(out, ink)| transform.transform(ink, out))
            .map_err(cannot_apply)?;
        wrap(self.width, self.height, out, 3)
    }
}
