use std::borrow::Cow;

use image::{GrayImage, RgbImage, RgbaImage};

use super::{PhotoFormat, PictureError};

/// sRGB (IEC 61966-2-1) as an ICC version 2 profile; `tests/decode/make_fixtures.py` builds it from the standard's
/// primaries and transfer.
pub static SRGB_PROFILE: &[u8] = include_bytes!("srgb.icc");

/// Quality of JPEGs when none is asked for: no visible loss at shop sizes.
pub const JPEG_QUALITY: u8 = 92;

/// How a picture is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Full-resolution chroma: jewelry has fine coloured detail. Quality 1 to 100.
    Jpeg {
        quality: u8,
    },
    Png,
    /// Lossless.
    WebP,
}

impl Encoding {
    /// The encoding that keeps a photograph's own format. TIFF becomes PNG.
    pub fn like(format: PhotoFormat) -> Self {
        match format {
            PhotoFormat::Jpeg => Self::Jpeg {
                quality: JPEG_QUALITY,
            },
            PhotoFormat::Png | PhotoFormat::Tiff => Self::Png,
            PhotoFormat::WebP => Self::WebP,
        }
    }

    /// File name extension, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Jpeg { .. } => "jpg",
            Self::Png => "png",
            Self::WebP => "webp",
        }
    }
}

/// 8-bit sRGB pixels to write; alpha is straight.
#[derive(Debug, Clone, Copy)]
pub enum Pixels<'a> {
    Gray(&'a GrayImage),
    Rgb(&'a RgbImage),
    Rgba(&'a RgbaImage),
}

impl Pixels<'_> {
    fn size(&self) -> (u32, u32) {
        match self {
            Self::Gray(p) => p.dimensions(),
            Self::Rgb(p) => p.dimensions(),
            Self::Rgba(p) => p.dimensions(),
        }
    }

    fn samples(&self) -> &[u8] {
        match self {
            Self::Gray(p) => p,
            Self::Rgb(p) => p,
            Self::Rgba(p) => p,
        }
    }
}

/// Encodes a picture, with the sRGB profile (except grey, whose values are mere coverage) and an XMP packet when one
/// is given. The same input gives the same bytes.
///
/// # Errors
/// The format cannot hold the picture: alpha or more than 65535 pixels a side in JPEG, more than 16384 a side in WebP,
/// an XMP packet beyond 64 KiB in JPEG.
pub fn encode(pixels: Pixels, encoding: Encoding, xmp: Option<&str>) -> Result<Vec<u8>, PictureError> {
    let (width, height) = pixels.size();
    if width == 0 || height == 0 {
        return Err(cannot("there are no pixels to write"));
    }
    match encoding {
        Encoding::Jpeg { quality } => jpeg(pixels, quality, xmp),
        Encoding::Png => png(pixels, xmp),
        Encoding::WebP => webp(pixels, xmp),
    }
}

fn cannot(why: impl Into<String>) -> PictureError {
    PictureError::unsupported(why, "choose another output format")
}

fn jpeg(pixels: Pixels, quality: u8, xmp: Option<&str>) -> Result<Vec<u8>, PictureError> {
    use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
    let color = match pixels {
        Pixels::Gray(_) => ColorType::Luma,
        Pixels::Rgb(_) => ColorType::Rgb,
        Pixels::Rgba(_) => return Err(cannot("JPEG cannot hold transparency")),
    };
    let (width, height) = pixels.size();
    let (Ok(width), Ok(height)) = (u16::try_from(width), u16::try_from(height)) else {
        return Err(cannot(format!("JPEG cannot hold {width} × {height} pixels")));
    };
    let fail = |e: jpeg_encoder::EncodingError| cannot(format!("the JPEG cannot be written: {e}"));
    let mut out = Vec::new();
    let mut encoder = Encoder::new(&mut out, quality.clamp(1, 100));
    encoder.set_sampling_factor(SamplingFactor::F_1_1);
    if let Some(xmp) = xmp {
        // XMP specification part 3, 1.1.3: the name, a zero, the packet.
        let segment = [b"http://ns.adobe.com/xap/1.0/\0", xmp.as_bytes()].concat();
        encoder.add_app_segment(1, segment).map_err(fail)?;
    }
    if !matches!(pixels, Pixels::Gray(_)) {
        encoder.add_icc_profile(SRGB_PROFILE).map_err(fail)?;
    }
    encoder
        .encode(pixels.samples(), width, height, color)
        .map_err(fail)?;
    Ok(out)
}

fn png(pixels: Pixels, xmp: Option<&str>) -> Result<Vec<u8>, PictureError> {
    let (width, height) = pixels.size();
    let mut info = png::Info::with_size(width, height);
    info.bit_depth = png::BitDepth::Eight;
    info.color_type = match pixels {
        Pixels::Gray(_) => png::ColorType::Grayscale,
        Pixels::Rgb(_) => png::ColorType::Rgb,
        Pixels::Rgba(_) => png::ColorType::Rgba,
    };
    if !matches!(pixels, Pixels::Gray(_)) {
        info.icc_profile = Some(Cow::Borrowed(SRGB_PROFILE));
    }
    let fail = |e: png::EncodingError| cannot(format!("the PNG cannot be written: {e}"));
    let mut out = Vec::new();
    let mut encoder = png::Encoder::with_info(&mut out, info).map_err(fail)?;
    encoder.set_compression(png::Compression::Fast);
    if let Some(xmp) = xmp {
        encoder
            .add_itxt_chunk("XML:com.adobe.xmp".into(), xmp.into())
            .map_err(fail)?;
    }
    let mut writer = encoder.write_header().map_err(fail)?;
    writer.write_image_data(pixels.samples()).map_err(fail)?;
    writer.finish().map_err(fail)?;
    Ok(out)
}

fn webp(pixels: Pixels, xmp: Option<&str>) -> Result<Vec<u8>, PictureError> {
    use image_webp::{ColorType, WebPEncoder};
    let color = match pixels {
        Pixels::Gray(_) => ColorType::L8,
        Pixels::Rgb(_) => ColorType::Rgb8,
        Pixels::Rgba(_) => ColorType::Rgba8,
    };
    let (width, height) = pixels.size();
    let mut out = Vec::new();
    let mut encoder = WebPEncoder::new(&mut out);
    if !matches!(pixels, Pixels::Gray(_)) {
        encoder.set_icc_profile(SRGB_PROFILE.to_vec());
    }
    if let Some(xmp) = xmp {
        encoder.set_xmp_metadata(xmp.as_bytes().to_vec());
    }
    encoder
        .encode(pixels.samples(), width, height, color)
        .map_err(|e| {
            cannot(format!(
                "the WebP of {width} × {height} pixels cannot be written: {e}"
            ))
        })?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use image::{Rgb, Rgba};

    use super::*;
    use crate::imaging::{Limits, Photo, PictureErrorKind, decode_cutout};

    fn picture() -> RgbImage {
        RgbImage::from_fn(67, 41, |x, y| Rgb([(x * 3) as u8, (y * 5) as u8, (x + y) as u8]))
    }

    const XMP: &str = "<x:xmpmeta xmlns:x='adobe:ns:meta/'>π</x:xmpmeta>";

    #[test]
    fn lossless_formats_give_the_pixels_back() {
        let limits = Limits::default();
        let (rgb, format) = (
            picture(),
            [
                (Encoding::Png, PhotoFormat::Png),
                (Encoding::WebP, PhotoFormat::WebP),
            ],
        );
        let rgba = RgbaImage::from_fn(9, 7, |x, y| Rgba([x as u8, 200, y as u8, (x * 28) as u8]));
        for (encoding, format) in format {
            let bytes = encode(Pixels::Rgb(&rgb), encoding, Some(XMP)).unwrap();
            let photo = Photo::decode(&bytes, &limits).unwrap();
            assert_eq!((photo.format, &photo.pixels), (format, &rgb));
            let bytes = encode(Pixels::Rgba(&rgba), encoding, None).unwrap();
            assert_eq!(decode_cutout(&bytes, &limits).unwrap(), rgba);
        }
    }

    #[test]
    fn jpeg_is_close_and_keeps_chroma() {
        // Red and blue columns of one pixel: any chroma subsampling would mix them.
        let stripes = RgbImage::from_fn(64, 64, |x, _| {
            Rgb(if x % 2 == 0 { [200, 30, 30] } else { [30, 30, 200] })
        });
        for picture in [picture(), stripes] {
            let bytes = encode(Pixels::Rgb(&picture), Encoding::Jpeg { quality: 95 }, None).unwrap();
            let back = Photo::decode(&bytes, &Limits::default()).unwrap().pixels;
            let worst = back
                .iter()
                .zip(picture.iter())
                .map(|(a, b)| a.abs_diff(*b))
                .max()
                .unwrap();
            assert!(worst <= 24, "{worst}");
        }
    }

    /// Profile and packet are where other programs look for them: read back by `image`'s own decoders.
    #[test]
    fn profile_and_xmp_are_found_again() {
        use image::ImageDecoder;
        let picture = picture();
        for encoding in [Encoding::Jpeg { quality: 90 }, Encoding::Png, Encoding::WebP] {
            let bytes = encode(Pixels::Rgb(&picture), encoding, Some(XMP)).unwrap();
            let reader = image::ImageReader::new(std::io::Cursor::new(&bytes))
                .with_guessed_format()
                .unwrap();
            let mut decoder = reader.into_decoder().unwrap();
            assert_eq!(
                decoder.icc_profile().unwrap().as_deref(),
                Some(SRGB_PROFILE),
                "{encoding:?}"
            );
            assert_eq!(
                decoder.xmp_metadata().unwrap().as_deref(),
                Some(XMP.as_bytes()),
                "{encoding:?}"
            );
        }
    }

    #[test]
    fn what_a_format_cannot_hold_is_an_error() {
        let rgba = RgbaImage::new(2, 2);
        let wide = RgbImage::new(70_000, 1);
        let none = RgbImage::new(0, 5);
        let jpeg = Encoding::Jpeg { quality: 90 };
        for (pixels, encoding) in [
            (Pixels::Rgba(&rgba), jpeg),
            (Pixels::Rgb(&wide), jpeg),
            (Pixels::Rgb(&wide), Encoding::WebP),
            (Pixels::Rgb(&none), Encoding::Png),
        ] {
            assert_eq!(
                encode(pixels, encoding, None).unwrap_err().kind,
                PictureErrorKind::Unsupported
            );
        }
        let long = "x".repeat(70_000);
        assert!(encode(Pixels::Rgb(&picture()), jpeg, Some(&long)).is_err());
    }
}
