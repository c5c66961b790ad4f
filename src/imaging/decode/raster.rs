//! PNG, WebP and TIFF, whose decoders report a file that ends too soon; only the ends of PNG and WebP that carry
//! no pixels are checked here.

use std::io::Cursor;

use image::codecs::{png::PngDecoder, tiff::TiffDecoder, webp::WebPDecoder};
use image::error::{ImageError, LimitErrorKind};
use image::{ExtendedColorType, ImageDecoder};

use crate::imaging::{Limits, PictureError};

pub(super) fn open_png<'a>(
    bytes: &'a [u8],
    limits: &Limits,
) -> Result<Box<dyn ImageDecoder + 'a>, PictureError> {
    // The header's chunk comes first, so the size can be checked before anything is inflated.
    let (Some(width), Some(height)) = (be_u32(bytes, 16), be_u32(bytes, 20)) else {
        return Err(PictureError::damaged("the PNG ends before its header does"));
    };
    limits.check_size(width, height)?;
    if !png_has_end(bytes) {
        return Err(PictureError::damaged(
            "the PNG is truncated: its end chunk is missing",
        ));
    }
    let decoder = PngDecoder::with_limits(Cursor::new(bytes), decoder_limits(limits)).map_err(blame)?;
    if decoder.is_apng().map_err(blame)? {
        return Err(animated("PNG"));
    }
    check(decoder, limits)
}

pub(super) fn open_webp<'a>(
    bytes: &'a [u8],
    limits: &Limits,
) -> Result<Box<dyn ImageDecoder + 'a>, PictureError> {
    let declared = bytes
        .get(4..8)
        .and_then(|b| b.first_chunk())
        .map(|&b| u64::from(u32::from_le_bytes(b)));
    if declared.is_none_or(|size| size + 8 > bytes.len() as u64) {
        return Err(PictureError::damaged(
            "the WebP is truncated: the file is shorter than it declares",
        ));
    }
    let decoder = WebPDecoder::new(Cursor::new(bytes)).map_err(blame)?;
    if decoder.has_animation() {
        return Err(animated("WebP"));
    }
    check(decoder, limits)
}

/// Opens the first page of a TIFF.
pub(super) fn open_tiff<'a>(
    bytes: &'a [u8],
    limits: &Limits,
) -> Result<Box<dyn ImageDecoder + 'a>, PictureError> {
    let decoder = TiffDecoder::new(Cursor::new(bytes)).map_err(blame)?;
    if matches!(
        decoder.original_color_type(),
        ExtendedColorType::Cmyk8 | ExtendedColorType::Cmyk16
    ) {
        return Err(PictureError::unsupported(
            "CMYK TIFF is not read",
            "convert it to RGB",
        ));
    }
    check(decoder, limits)
}

fn check<'a>(
    mut decoder: impl ImageDecoder + 'a,
    limits: &Limits,
) -> Result<Box<dyn ImageDecoder + 'a>, PictureError> {
    let (width, height) = decoder.dimensions();
    limits.check_size(width, height)?;
    limits.check_bytes(decoder.total_bytes())?;
    decoder.set_limits(decoder_limits(limits)).map_err(blame)?;
    Ok(Box::new(decoder))
}

fn decoder_limits(limits: &Limits) -> image::Limits {
    let mut decoder = image::Limits::no_limits();
    decoder.max_alloc = Some(limits.max_bytes);
    decoder
}

fn animated(format: &str) -> PictureError {
    PictureError::unsupported(
        format!("the {format} is animated, and which of its frames is meant cannot be told"),
        "save the frame that you want as a still picture",
    )
}

/// Translates the decoder's error.
pub(super) fn blame(error: ImageError) -> PictureError {
    match error {
        ImageError::Limits(e) => match e.kind() {
            LimitErrorKind::InsufficientMemory | LimitErrorKind::DimensionError => PictureError::limits(
                "decoding would take more memory than allowed",
                "scale it down, or raise the limit",
            ),
            _ => PictureError::unsupported(e.to_string(), "save it as an ordinary PNG"),
        },
        ImageError::Unsupported(e) => PictureError::unsupported(e.to_string(), "save it as an ordinary PNG"),
        ImageError::IoError(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => {
            PictureError::damaged("the file is truncated")
        }
        other => PictureError::damaged(format!("the file is damaged: {other}")),
    }
}

fn be_u32(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|&b| u32::from_be_bytes(b))
}

/// Whether the chunks lead to a whole IEND.
fn png_has_end(bytes: &[u8]) -> bool {
    let mut rest = bytes.get(8..).unwrap_or_default();
    while let Some(length) = be_u32(rest, 0) {
        if rest.get(4..8) == Some(b"IEND") {
            return rest.len() >= 12;
        }
        // Length, type, data, checksum.
        match rest.get((length as usize).saturating_add(12)..) {
            Some(after) => rest = after,
            None => return false,
        }
    }
    false
}
