//! From the bytes of a file, which are hostile until decoded, to upright 8-bit sRGB.

mod color;
mod exif;
mod format;
mod jpeg;
mod raster;

use std::fs::File;
use std::io::Read;
use std::path::Path;

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, RgbImage, RgbaImage};

use self::color::Srgb;
use self::exif::Exif;
use super::pixel::{linear_to_srgb, srgb_to_linear};
use super::{Limits, Photo, PhotoFormat, PictureError};

/// What the header of a picture file says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Probe {
    pub format: PhotoFormat,
    /// Size of the upright picture.
    pub width: u32,
    pub height: u32,
    /// 35 mm equivalent focal length in mm, from EXIF.
    pub focal_35mm: Option<f64>,
}

impl Photo {
    /// Reads a photograph. See [`Photo::decode`].
    pub fn open(path: &Path, limits: &Limits) -> Result<Self, PictureError> {
        read_bounded(path, limits)
            .and_then(|bytes| Self::decode(&bytes, limits))
            .map_err(|e| e.at(path))
    }

    /// Decodes a photograph: JPEG, PNG or WebP, told by content; TIFF when `limits` say so.
    ///
    /// The EXIF orientation is baked in, an embedded profile (or Adobe RGB by EXIF) is converted to sRGB, 16 bits
    /// are rounded to 8, grey becomes RGB, transparency is laid over white. CMYK JPEG is converted when it carries
    /// its profile.
    ///
    /// # Errors
    /// Damaged or truncated files, formats that are not read (animations among them), pictures beyond the limits.
    pub fn decode(bytes: &[u8], limits: &Limits) -> Result<Self, PictureError> {
        let opened = Opened::new(bytes, limits)?;
        let (format, focal_35mm) = (opened.format, opened.exif.focal_35mm);
        let pixels = match opened.pixels()? {
            Srgb::Opaque(pixels) => pixels,
            Srgb::Alpha(pixels) => over_white(&pixels),
        };
        Ok(Self {
            pixels,
            focal_35mm,
            format,
        })
    }
}

/// Reads a cut-out. See [`decode_cutout`].
pub fn open_cutout(path: &Path, limits: &Limits) -> Result<RgbaImage, PictureError> {
    read_bounded(path, limits)
        .and_then(|bytes| decode_cutout(&bytes, limits))
        .map_err(|e| e.at(path))
}

/// Decodes a product cut-out to upright 8-bit sRGB with straight alpha, as [`Photo::decode`] does for photographs;
/// a file without alpha gives an opaque picture.
///
/// # Errors
/// As [`Photo::decode`].
pub fn decode_cutout(bytes: &[u8], limits: &Limits) -> Result<RgbaImage, PictureError> {
    Ok(match Opened::new(bytes, limits)?.pixels()? {
        Srgb::Opaque(pixels) => DynamicImage::ImageRgb8(pixels).into_rgba8(),
        Srgb::Alpha(pixels) => pixels,
    })
}

/// Reads the header of a picture, for planning: cheap, and no promise that the rest can be decoded.
///
/// # Errors
/// As [`Photo::decode`], as far as the header shows them.
pub fn probe(path: &Path, limits: &Limits) -> Result<Probe, PictureError> {
    let bytes = read_bounded(path, limits).map_err(|e| e.at(path))?;
    let opened = Opened::new(&bytes, limits).map_err(|e| e.at(path))?;
    let (width, height) = opened.upright_size();
    Ok(Probe {
        format: opened.format,
        width,
        height,
        focal_35mm: opened.exif.focal_35mm,
    })
}

fn read_bounded(path: &Path, limits: &Limits) -> Result<Vec<u8>, PictureError> {
    let io = |e: std::io::Error| PictureError::io(&e, "check the path and that the file may be read");
    let meta = std::fs::metadata(path).map_err(io)?;
    if !meta.is_file() {
        return Err(PictureError::unsupported(
            "this is not a regular file",
            "give the path of a picture",
        ));
    }
    limits.check_bytes(meta.len())?;
    let mut bytes = Vec::with_capacity(meta.len() as usize);
    // The file may grow while it is read.
    File::open(path)
        .and_then(|f| f.take(limits.max_bytes).read_to_end(&mut bytes))
        .map_err(io)?;
    Ok(bytes)
}

/// A picture file whose header is read and found within the limits.
struct Opened<'a> {
    format: PhotoFormat,
    /// As stored, before the orientation is baked.
    size: (u32, u32),
    exif: Exif,
    icc: Option<Vec<u8>>,
    source: Source<'a>,
}

enum Source<'a> {
    Jpeg(Box<jpeg::Jpeg<'a>>),
    Raster(Box<dyn ImageDecoder + 'a>),
}

impl<'a> Opened<'a> {
    fn new(bytes: &'a [u8], limits: &Limits) -> Result<Self, PictureError> {
        let format = format::sniff(bytes, limits)?;
        let raster = match format {
            PhotoFormat::Jpeg => {
                let jpeg = jpeg::Jpeg::open(bytes, limits)?;
                return Ok(Self {
                    format,
                    size: jpeg.size(),
                    exif: jpeg.exif().map_or(Exif::NONE, Exif::parse),
                    icc: jpeg.icc(),
                    source: Source::Jpeg(Box::new(jpeg)),
                });
            }
            PhotoFormat::Png => raster::open_png(bytes, limits)?,
            PhotoFormat::WebP => raster::open_webp(bytes, limits)?,
            PhotoFormat::Tiff => raster::open_tiff(bytes, limits)?,
        };
        Ok(Self::raster(format, raster, bytes))
    }

    fn raster(format: PhotoFormat, mut decoder: Box<dyn ImageDecoder + 'a>, bytes: &[u8]) -> Self {
        // Damaged notes are passed over: the pixels may be whole.
        let exif = match format {
            // A TIFF file is an EXIF block.
            PhotoFormat::Tiff => Exif::parse(bytes),
            _ => decoder
                .exif_metadata()
                .ok()
                .flatten()
                .map_or(Exif::NONE, |block| Exif::parse(&block)),
        };
        Self {
            format,
            size: decoder.dimensions(),
            exif,
            icc: decoder.icc_profile().ok().flatten(),
            source: Source::Raster(decoder),
        }
    }

    fn upright_size(&self) -> (u32, u32) {
        use Orientation::*;
        let (width, height) = self.size;
        match self.exif.orientation {
            Rotate90 | Rotate270 | Rotate90FlipH | Rotate270FlipH => (height, width),
            NoTransforms | Rotate180 | FlipHorizontal | FlipVertical => (width, height),
        }
    }

    fn pixels(self) -> Result<Srgb, PictureError> {
        let icc = self.icc.as_deref();
        let srgb = match self.source {
            Source::Jpeg(jpeg) => match jpeg.decode()? {
                jpeg::Samples::Image(image) => color::to_srgb(image, icc, self.exif.adobe_rgb)?,
                jpeg::Samples::Cmyk(cmyk) => cmyk.to_srgb(icc)?,
            },
            Source::Raster(decoder) => {
                let image = DynamicImage::from_decoder(decoder).map_err(raster::blame)?;
                color::to_srgb(image, icc, self.exif.adobe_rgb)?
            }
        };
        Ok(upright(srgb, self.exif.orientation))
    }
}

fn upright(pixels: Srgb, orientation: Orientation) -> Srgb {
    if orientation == Orientation::NoTransforms {
        return pixels;
    }
    match pixels {
        Srgb::Opaque(pixels) => {
            let mut image = DynamicImage::ImageRgb8(pixels);
            image.apply_orientation(orientation);
            Srgb::Opaque(image.into_rgb8())
        }
        Srgb::Alpha(pixels) => {
            let mut image = DynamicImage::ImageRgba8(pixels);
            image.apply_orientation(orientation);
            Srgb::Alpha(image.into_rgba8())
        }
    }
}

/// Lays a picture over white, in linear light.
fn over_white(pixels: &RgbaImage) -> RgbImage {
    let blend = |value: u8, alpha: u8| match alpha {
        255 => value,
        0 => 255,
        _ => {
            let a = f32::from(alpha) / 255.0;
            let linear = srgb_to_linear(f32::from(value) / 255.0) * a + (1.0 - a);
            (linear_to_srgb(linear) * 255.0).round() as u8
        }
    };
    let mut out = RgbImage::new(pixels.width(), pixels.height());
    for (out, pixel) in out.pixels_mut().zip(pixels.pixels()) {
        let [r, g, b, a] = pixel.0;
        out.0 = [blend(r, a), blend(g, a), blend(b, a)];
    }
    out
}
