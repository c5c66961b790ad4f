//! The product's true size: from the seller's facts, else a default per kind.

use super::{EarringStructure, EarringStyle, Facts, Kind, NecklaceStructure, ScaleSource, Structure};
use crate::imaging::LinearImage;

/// Assumed sizes, mm: a 45 cm chain, a 7 mm stud, a 25 mm hoop, a 35 mm drop.
const CHAIN_LENGTH_MM: f64 = 450.0;
const STUD_WIDTH_MM: f64 = 7.0;
const HOOP_HEIGHT_MM: f64 = 25.0;
const DROP_HEIGHT_MM: f64 = 35.0;

/// Millimetres per product pixel and whether they were given.
pub fn mm_per_px(
    pixels: &LinearImage,
    kind: Kind,
    structure: &Structure,
    facts: &Facts,
) -> (f64, ScaleSource) {
    let _ = kind;
    match structure {
        Structure::Earring(s) => earring(pixels, s, facts),
        Structure::Necklace(s) => necklace(pixels, s, facts),
        _ => bounding_box(pixels, facts).map_or((20.0 / pixels.width() as f64, ScaleSource::Assumed), |mm| {
            (mm, ScaleSource::Given)
        }),
    }
}

/// From the size of the cut-out's bounding box.
fn bounding_box(pixels: &LinearImage, facts: &Facts) -> Option<f64> {
    let width = facts.width_mm.map(|mm| mm / pixels.width() as f64);
    width.or(facts.height_mm.map(|mm| mm / pixels.height() as f64))
}

/// The sizes told are those of one earring, also where the picture shows the pair.
fn earring(pixels: &LinearImage, structure: &EarringStructure, facts: &Facts) -> (f64, ScaleSource) {
    let whole = (pixels.width() as f64, pixels.height() as f64);
    let (w, h) = structure.parts.first().map_or(whole, |p| {
        let size = p.max - p.min;
        (size.x, size.y)
    });
    let width = facts.width_mm.map(|mm| mm / w);
    if let Some(mm) = width.or(facts.height_mm.map(|mm| mm / h)) {
        return (mm, ScaleSource::Given);
    }
    let mm = match structure.style {
        EarringStyle::Stud => STUD_WIDTH_MM / w,
        EarringStyle::Hoop => HOOP_HEIGHT_MM / h,
        EarringStyle::Drop => DROP_HEIGHT_MM / h,
    };
    (mm, ScaleSource::Assumed)
}

/// Width or height of the cut-out; else the chain's length along its centre line, with what the picture leaves out.
fn necklace(pixels: &LinearImage, structure: &NecklaceStructure, facts: &Facts) -> (f64, ScaleSource) {
    if let Some(mm) = bounding_box(pixels, facts) {
        return (mm, ScaleSource::Given);
    }
    let chain = (crate::curve::length(&structure.centre_line, false) + structure.gap).max(1.0);
    match facts.chain_length_mm {
        Some(mm) => (mm / chain, ScaleSource::Given),
        None => (CHAIN_LENGTH_MM / chain, ScaleSource::Assumed),
    }
}
