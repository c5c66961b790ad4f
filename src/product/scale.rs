//! The product's true size: from the seller's facts, else a default per kind.

use std::f64::consts::TAU;

use super::band::BandShape;
use super::{EarringStructure, EarringStyle, Facts, NecklaceStructure, ScaleSource, Structure};
use crate::imaging::LinearImage;

/// Assumed sizes, mm: a 45 cm chain, a 7 mm stud, a 25 mm hoop, a 35 mm drop.
const CHAIN_LENGTH_MM: f64 = 450.0;
const STUD_WIDTH_MM: f64 = 7.0;
const HOOP_HEIGHT_MM: f64 = 25.0;
const DROP_HEIGHT_MM: f64 = 35.0;
/// Inside diameter of a ring in US size 7, mm.
const RING_INSIDE_MM: f64 = 17.3;
/// Inside diameter of a medium bangle, mm.
const BANGLE_INSIDE_MM: f64 = 62.0;
/// Length of a chain bracelet for an average wrist, mm.
const BRACELET_LENGTH_MM: f64 = 180.0;
/// Case of a mid-size watch, mm.
const WATCH_CASE_MM: f64 = 36.0;

/// Millimetres per product pixel and whether they were given.
pub fn mm_per_px(pixels: &LinearImage, structure: &Structure, facts: &Facts) -> (f64, ScaleSource) {
    let boxed = bounding_box(pixels, facts).map(|mm| (mm, ScaleSource::Given));
    let inside = facts.inner_diameter_mm;
    match structure {
        Structure::Earring(s) => earring(pixels, s, facts),
        Structure::Necklace(s) => necklace(pixels, s, facts),
        Structure::Ring(s) => boxed.unwrap_or_else(|| by_inside(&s.shape, inside, RING_INSIDE_MM)),
        Structure::Bracelet(s) if s.flexible && inside.is_none() => {
            boxed.unwrap_or_else(|| by_length(&s.shape, facts.chain_length_mm))
        }
        Structure::Bracelet(s) => boxed.unwrap_or_else(|| by_inside(&s.shape, inside, BANGLE_INSIDE_MM)),
        Structure::Watch(s) => {
            boxed.unwrap_or_else(|| by_extent(2.0 * s.dial_radius, facts.case_diameter_mm, WATCH_CASE_MM))
        }
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

/// `extent` pixels are the size given, or the usual one.
fn by_extent(extent: f64, given: Option<f64>, usual: f64) -> (f64, ScaleSource) {
    let source = if given.is_some() {
        ScaleSource::Given
    } else {
        ScaleSource::Assumed
    };
    (given.unwrap_or(usual) / extent.max(1.0), source)
}

/// By the inside diameter of a band.
fn by_inside(shape: &BandShape, given: Option<f64>, usual: f64) -> (f64, ScaleSource) {
    match shape {
        BandShape::Open(view) => by_extent(2.0 * view.inner_radius, given, usual),
        // Only the outside shows: a band is about a tenth wider outside than inside.
        BandShape::Side(view) => by_extent(2.0 * view.radius / 1.1, given, usual),
    }
}

/// By the length of a closed chain, along the middle of its links.
fn by_length(shape: &BandShape, given: Option<f64>) -> (f64, ScaleSource) {
    let radius = match shape {
        BandShape::Open(view) => view.inner_radius + view.thickness / 2.0,
        BandShape::Side(view) => view.radius,
    };
    by_extent(TAU * radius, given, BRACELET_LENGTH_MM)
}
