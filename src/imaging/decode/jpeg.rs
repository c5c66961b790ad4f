//! JPEG. The decoder is used in its strict mode, and the markers are walked before: a decoder that meets a cut
//! file half way paints the rest grey, and a grey half of a face is worse than no picture.

use image::{DynamicImage, GrayImage, RgbImage};
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::color::Cmyk;
use crate::imaging::{Limits, PictureError};

/// What the markers of a JPEG file say.
#[derive(Debug, PartialEq)]
struct Markers {
    /// Low nibble of the SOF marker: 0 and 1 sequential, 2 progressive, others rare.
    process: u8,
    precision: u8,
    width: u32,
    height: u32,
    components: u8,
    scans: usize,
    /// Colour transform of the Adobe segment.
    adobe: Option<u8>,
    /// The end marker was reached.
    complete: bool,
}

/// A JPEG file whose header is read.
pub(super) struct Jpeg<'a> {
    markers: Markers,
    decoder: JpegDecoder<ZCursor<&'a [u8]>>,
}

/// Decoded samples.
pub(super) enum Samples {
    Image(DynamicImage),
    Cmyk(Cmyk),
}

impl<'a> Jpeg<'a> {
    /// Reads the header and walks to the end marker.
    ///
    /// # Errors
    /// The file is damaged or truncated, of a kind that is not read, or beyond the limits.
    pub(super) fn open(bytes: &'a [u8], limits: &Limits) -> Result<Self, PictureError> {
        let markers = walk(bytes)?;
        markers.check_supported()?;
        limits.check_size(markers.width, markers.height)?;
        limits.check_bytes(markers.decoder_bytes())?;
        if !markers.complete {
            return Err(PictureError::damaged(
                "the JPEG is truncated: its end marker is missing",
            ));
        }
        let options = DecoderOptions::default()
            .set_strict_mode(true)
            .set_max_width(usize::from(u16::MAX))
            .set_max_height(usize::from(u16::MAX));
        let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
        decoder.decode_headers().map_err(damaged)?;
        Ok(Self { markers, decoder })
    }

    pub(super) fn size(&self) -> (u32, u32) {
        (self.markers.width, self.markers.height)
    }

    pub(super) fn icc(&self) -> Option<Vec<u8>> {
        self.decoder.icc_profile()
    }

    pub(super) fn exif(&self) -> Option<&[u8]> {
        self.decoder.exif().map(Vec::as_slice)
    }

    pub(super) fn decode(mut self) -> Result<Samples, PictureError> {
        let input = self.decoder.input_colorspace();
        let output = match (self.markers.components, input) {
            (1, _) => ColorSpace::Luma,
            (3, _) => ColorSpace::RGB,
            // Ask for the stored values: the decoder's own way to RGB ignores the profile.
            (_, Some(ColorSpace::YCCK)) => ColorSpace::YCCK,
            _ => ColorSpace::CMYK,
        };
        self.decoder
            .set_options(self.decoder.options().jpeg_set_out_colorspace(output));
        let samples = self.decoder.decode().map_err(damaged)?;
        let (width, height) = self.size();
        let image = match output {
            ColorSpace::Luma => GrayImage::from_raw(width, height, samples).map(DynamicImage::from),
            ColorSpace::RGB => RgbImage::from_raw(width, height, samples).map(DynamicImage::from),
            _ => {
                let ycck = output == ColorSpace::YCCK;
                let inverted = self.markers.adobe.is_some();
                return Ok(Samples::Cmyk(Cmyk::new(width, height, samples, ycck, inverted)));
            }
        };
        image
            .map(Samples::Image)
            .ok_or_else(|| PictureError::damaged("the JPEG holds fewer pixels than it declares"))
    }
}

fn damaged(error: zune_jpeg::errors::DecodeErrors) -> PictureError {
    PictureError::damaged(format!("the JPEG is damaged: {error}"))
}

impl Markers {
    fn check_supported(&self) -> Result<(), PictureError> {
        let advice = "save it as an ordinary 8-bit JPEG, PNG or WebP";
        let what = match (self.process, self.precision, self.components) {
            (0..=2, 8, 1 | 3 | 4) => return Ok(()),
            (0..=2, 8, n) => format!("a JPEG of {n} components is not read"),
            (0..=2, bits, _) => format!("a JPEG of {bits} bits per sample is not read"),
            (3, ..) => "lossless JPEG is not read".into(),
            (9.., ..) => "arithmetic-coded JPEG is not read".into(),
            _ => "hierarchical JPEG is not read".into(),
        };
        Err(PictureError::unsupported(what, advice))
    }

    /// Output, plus 16-bit coefficients of the whole picture where they must be kept until the last scan.
    fn decoder_bytes(&self) -> u64 {
        let samples = u64::from(self.width) * u64::from(self.height) * u64::from(self.components);
        if self.process == 2 || self.scans > 1 {
            samples * 3
        } else {
            samples
        }
    }
}

/// Walks the markers from the start to the end marker (ITU-T T.81, annex B).
fn walk(bytes: &[u8]) -> Result<Markers, PictureError> {
    let mut markers = Markers {
        process: 0,
        precision: 0,
        width: 0,
        height: 0,
        components: 0,
        scans: 0,
        adobe: None,
        complete: false,
    };
    let mut framed = false;
    let mut rest = bytes.get(2..).unwrap_or_default();
    while let Some((marker, after)) = next_marker(rest) {
        rest = after;
        match marker {
            0xD9 => {
                markers.complete = true;
                break;
            }
            0x01 | 0xD0..=0xD8 => continue,
            _ => {}
        }
        let Some(length) = rest.first_chunk().map(|&b| usize::from(u16::from_be_bytes(b))) else {
            break;
        };
        let Some((segment, after)) = rest.split_at_checked(length.max(2)) else {
            break;
        };
        let body = segment.get(2..).unwrap_or_default();
        rest = after;
        match (marker, body) {
            (0xC4 | 0xC8 | 0xCC, _) => {}
            (0xC0..=0xCF, &[precision, h1, h0, w1, w0, components, ..]) => {
                framed = true;
                markers.process = marker & 0x0F;
                markers.precision = precision;
                markers.width = u32::from(u16::from_be_bytes([w1, w0]));
                markers.height = u32::from(u16::from_be_bytes([h1, h0]));
                markers.components = components;
            }
            (0xEE, &[b'A', b'd', b'o', b'b', b'e', _, _, _, _, _, _, transform, ..]) => {
                markers.adobe = Some(transform);
            }
            (0xDA, _) => markers.scans += 1,
            _ => {}
        }
    }
    if framed {
        Ok(markers)
    } else {
        Err(PictureError::damaged("the JPEG ends before its header does"))
    }
}

/// The next marker's code and the bytes after it; stuffed zeros and fill bytes are stepped over, and so is
/// entropy-coded data, in which every other 0xFF is stuffed.
fn next_marker(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let mut at = 0;
    loop {
        at += bytes.get(at..)?.iter().position(|&b| b == 0xFF)? + 1;
        match *bytes.get(at)? {
            0x00 => at += 1,
            0xFF => {}
            code => return Some((code, bytes.get(at + 1..)?)),
        }
    }
}
