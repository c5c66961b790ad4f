use exif::{In, Reader, Tag, Value};
use image::metadata::Orientation;

/// What Parure wants to know from EXIF.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Exif {
    pub orientation: Orientation,
    /// FocalLengthIn35mmFilm, mm.
    pub focal_35mm: Option<f64>,
    /// The camera wrote Adobe RGB without a profile (DCF option file: InteroperabilityIndex R03).
    pub adobe_rgb: bool,
}

impl Exif {
    pub(super) const NONE: Self = Self {
        orientation: Orientation::NoTransforms,
        focal_35mm: None,
        adobe_rgb: false,
    };

    /// Reads an EXIF block, with or without the `Exif\0\0` in front. What cannot be read counts as absent: a bad
    /// note of the camera does not spoil the picture.
    pub(super) fn parse(block: &[u8]) -> Self {
        let tiff = block.strip_prefix(b"Exif\0\0").unwrap_or(block).to_vec();
        let parsed = Reader::new()
            .continue_on_error(true)
            .read_raw(tiff)
            .or_else(|error| error.distill_partial_result(|_| ()));
        let Ok(exif) = parsed else { return Self::NONE };
        let number = |tag| {
            exif.get_field(tag, In::PRIMARY)
                .and_then(|field| field.value.get_uint(0))
        };
        let interoperability = exif.get_field(Tag::InteroperabilityIndex, In::PRIMARY);
        Self {
            orientation: number(Tag::Orientation)
                .and_then(|v| u8::try_from(v).ok())
                .and_then(Orientation::from_exif)
                .unwrap_or(Orientation::NoTransforms),
            // Zero means that the camera did not know.
            focal_35mm: number(Tag::FocalLengthIn35mmFilm)
                .filter(|&mm| mm > 0)
                .map(f64::from),
            adobe_rgb: matches!(
                interoperability.map(|field| &field.value),
                Some(Value::Ascii(text)) if text.iter().any(|t| t.starts_with(b"R03"))
            ),
        }
    }
}
