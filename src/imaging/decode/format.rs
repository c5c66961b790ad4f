use crate::imaging::{Limits, PhotoFormat, PictureError};

/// Tells the format from the content; names and extensions are not looked at.
pub(super) fn sniff(bytes: &[u8], limits: &Limits) -> Result<PhotoFormat, PictureError> {
    let advice = "save it as JPEG, PNG or WebP";
    if bytes.is_empty() {
        return Err(PictureError::damaged("the file is empty"));
    }
    let format = if bytes.starts_with(&[0xFF, 0xD8, 0xFF]) {
        PhotoFormat::Jpeg
    } else if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        PhotoFormat::Png
    } else if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        PhotoFormat::WebP
    } else if bytes.starts_with(b"II*\0") || bytes.starts_with(b"MM\0*") {
        PhotoFormat::Tiff
    } else {
        return Err(match foreign(bytes) {
            Some(name) => PictureError::unsupported(format!("{name} is not read"), advice),
            None => PictureError::unsupported("this is not a picture in a known format", advice),
        });
    };
    if format == PhotoFormat::Tiff && !limits.tiff {
        return Err(PictureError::unsupported(
            "TIFF is read only when asked for",
            advice,
        ));
    }
    Ok(format)
}

/// Formats that people are likely to bring, by their signature.
fn foreign(bytes: &[u8]) -> Option<&'static str> {
    let brand = bytes
        .get(4..12)
        .filter(|b| b.starts_with(b"ftyp"))
        .map(|b| &b[4..]);
    match brand {
        Some(b"heic" | b"heix" | b"heim" | b"heis" | b"mif1" | b"msf1") => return Some("HEIC"),
        Some(b"avif" | b"avis") => return Some("AVIF"),
        Some(b"crx ") => return Some("camera raw"),
        Some(_) => return Some("video"),
        None => {}
    }
    let signatures: [(&[u8], &str); 8] = [
        (b"GIF8", "GIF"),
        (b"BM", "BMP"),
        (b"8BPS", "PSD"),
        (b"%PDF", "PDF"),
        (b"\xFF\x0A", "JPEG XL"),
        (b"\0\0\0\x0CJXL ", "JPEG XL"),
        (b"\0\0\0\x0CjP  ", "JPEG 2000"),
        (b"<", "a text file"),
    ];
    signatures
        .into_iter()
        .find(|(magic, _)| bytes.starts_with(magic))
        .map(|(_, name)| name)
}
