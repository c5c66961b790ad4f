//! Body parts as located against ground truth: lobes, scales, ring zones.

use glam::DVec2;
use image::GrayImage;

use super::figures::{Figure, Figures};
use super::truth::{Truth, TruthFinger};
use crate::locate::{Anatomy, Ear, Finger, FingerName, Side};

/// An ear counts as shown from this visibility on: the fit hangs an earring there.
const SHOWN: f64 = crate::fit::LEAST_EAR_VISIBILITY;

/// Adds what the scene tells about the locators.
pub fn measure(truth: &Truth, anatomy: &Anatomy, hair: Option<&GrayImage>, figures: &mut Figures) {
    if let Some(face) = anatomy.faces.first() {
        for side in [Side::Left, Side::Right] {
            let found = match side {
                Side::Left => &face.ears.left,
                Side::Right => &face.ears.right,
            };
            ear(truth, side, found, hair, figures);
        }
    }
    if let Some(hand) = anatomy.hands.first() {
        if let Some(t) = truth.fingers.get("ring") {
            for f in hand.fingers.iter().filter(|f| f.name == FingerName::Ring) {
                finger(truth, t, f, figures);
            }
        }
        if let Some(t) = &truth.wrist {
            figures.add(Figure::WristScale, relative(hand.wrist.px_per_mm, t.px_per_mm));
        }
    }
}

/// Percent by which a measured value is off.
fn relative(measured: f64, truth: f64) -> f64 {
    (measured / truth - 1.0).abs() * 100.0
}

fn ear(truth: &Truth, side: Side, found: &Ear, hair: Option<&GrayImage>, figures: &mut Figures) {
    let Some(t) = truth.ear(side) else { return };
    let shows = truth.ear_shows(side, hair);
    let right = (found.visibility >= SHOWN) == shows;
    figures.add(Figure::EarShown, if right { 100.0 } else { 0.0 });
    if shows {
        figures.add(Figure::LobeMm, found.lobe.distance(t.pierce2d) / t.px_per_mm);
        figures.add(Figure::EarScale, relative(found.px_per_mm, t.px_per_mm));
    }
}

fn finger(truth: &Truth, t: &TruthFinger, found: &Finger, figures: &mut Figures) {
    let camera = truth.camera();
    let tip = camera.project(truth.to_camera(t.centre3d + t.axis * 0.01));
    let axis = (tip - t.centre2d).normalize_or(DVec2::Y);
    let off = (found.center - t.centre2d) / t.px_per_mm;
    figures.add(Figure::RingAcrossMm, off.dot(axis.perp()).abs());
    figures.add(Figure::RingAlongMm, off.dot(axis).abs());
    let angle = found.axis.normalize_or(axis).dot(axis).clamp(-1.0, 1.0).acos();
    figures.add(Figure::RingAxisDeg, angle.to_degrees());
    let across = t.ring2d.iter().map(|p| p.dot(axis.perp()));
    let (low, high) = across.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| {
        (a.min(v), b.max(v))
    });
    figures.add(Figure::RingWidth, relative(found.width_px, high - low));
    figures.add(Figure::FingerScale, relative(found.px_per_mm, t.px_per_mm));
}
