//! The size of a picture from its header, without decoding it.

use std::path::Path;

use image::ImageFormat;

use super::plan::Header;
use super::schema::Format;

/// Reads the header of a picture file.
pub fn header(path: &Path) -> Header {
    match read(path) {
        Ok((width, height, format)) => Header {
            width,
            height,
            format: Some(format),
            problem: None,
        },
        Err(problem) => Header {
            problem: Some(problem),
            ..Header::default()
        },
    }
}

fn read(path: &Path) -> Result<(u32, u32, Format), String> {
    let meta = std::fs::metadata(path).map_err(|error| error.to_string())?;
    if !meta.is_file() {
        return Err("not a file".into());
    }
    if meta.len() == 0 {
        return Err("the file is empty".into());
    }
    let reader = image::ImageReader::open(path).map_err(|error| error.to_string())?;
    let reader = reader.with_guessed_format().map_err(|error| error.to_string())?;
    let format = match reader.format() {
        Some(ImageFormat::Jpeg) => Format::Jpeg,
        Some(ImageFormat::Png | ImageFormat::Tiff) => Format::Png,
        Some(ImageFormat::WebP) => Format::Webp,
        _ => return Err("not a picture of a known format".into()),
    };
    let (width, height) = reader.into_dimensions().map_err(|error| error.to_string())?;
    Ok((width, height, format))
}
