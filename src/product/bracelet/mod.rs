//! Bracelets: rigid bangles and cuffs, and chains of links or beads.

mod links;
#[cfg(test)]
mod tests;

use glam::DVec2;

use super::band::{BandShape, BandView, SideView};
use super::{BraceletStructure, Facts, ProductError};
use crate::imaging::LinearImage;

/// Openings rounder than this (minor by major axis) are seen along the axis; flatter ones from above, where the
/// arc in front is the lower one.
const SEEN_ALONG_AXIS: f64 = 0.75;
/// The far arc is taken when it is this much broader than the near one.
const CLEARER: f64 = 1.15;
/// Relative roughness of the outline above which a band is taken for a chain.
const CHAIN_ROUGHNESS: f64 = 0.06;

/// Finds the structure of a bracelet in its trimmed cut-out.
///
/// # Errors
/// The cut-out shows no band.
pub fn find(pixels: &LinearImage, facts: &Facts) -> Result<BraceletStructure, ProductError> {
    let shape = match BandView::find(pixels) {
        Some(view) => BandShape::Open(Box::new(view)),
        None => SideView::find(pixels)
            .map(BandShape::Side)
            .ok_or_else(|| ProductError::Structure("no bracelet can be seen in the picture".into()))?,
    };
    let (front, rough) = match &shape {
        BandShape::Open(view) => (front(view), roughness(pixels, view)),
        BandShape::Side(_) => (DVec2::Y, 0.0),
    };
    let flexible = match facts.style.as_deref() {
        Some("bangle" | "cuff") => false,
        Some("link" | "chain" | "curb" | "beads" | "pearls" | "tennis" | "charm") => true,
        _ => rough > CHAIN_ROUGHNESS,
    };
    let links = match &shape {
        BandShape::Open(view) if flexible => links::find(pixels, view, view.angle_towards(front)),
        _ => None,
    };
    Ok(BraceletStructure {
        shape,
        flexible,
        front,
        links,
    })
}

/// Picture direction from the middle to the arc that is worn in front.
fn front(view: &BandView) -> DVec2 {
    if view.opening.axes.y > SEEN_ALONG_AXIS * view.opening.axes.x {
        return view.head.map_or(DVec2::NEG_Y, |head| head.up);
    }
    // Pictures are taken from above: the near arc lies lower.
    let minor = DVec2::from_angle(view.opening.angle).perp();
    let near = if minor.y >= 0.0 { minor } else { -minor };
    // Links stand at a slant and show their faces on the far arc: without a centrepiece the plainer view is worn.
    let breadth = |direction: DVec2| view.breadth(view.angle_towards(direction));
    if view.head.is_none() && breadth(-near) > CLEARER * breadth(near) {
        -near
    } else {
        near
    }
}

/// How much background shows inside the band, as a share of it: links and beads leave gaps, a bangle none.
fn roughness(pixels: &LinearImage, view: &BandView) -> f64 {
    let (mut inside, mut empty) = (0u32, 0u32);
    for k in 0..720 {
        let angle = f64::from(k).to_radians() / 2.0;
        for j in 1..10 {
            let p = view.point(angle, f64::from(j) / 10.0);
            let (x, y) = (p.x.max(0.0) as usize, p.y.max(0.0) as usize);
            if x < pixels.width() && y < pixels.height() {
                inside += 1;
                empty += u32::from(pixels.at(x, y)[3] < 0.5);
            }
        }
    }
    f64::from(empty) / f64::from(inside.max(1))
}
