//! Body parts as located against ground truth: lobes, scales, ring zones.

use image::GrayImage;

use super::figures::{Figure, Figures};
use super::truth::{SceneKind, Truth, TruthFinger};
use crate::locate::{Anatomy, Ear, Finger, FingerName, Side};
use crate::product::Kind;

/// An ear counts as shown from this visibility on: the fit hangs an earring there.
const SHOWN: f64 = crate::fit::LEAST_EAR_VISIBILITY;

/// Hair that covers the lobe this far around the pierced point hides the ear fully, mm.
const LOBE_MM: f64 = 6.0;

/// A face that is turned farther may be missed, degrees.
const TURNED_DEG: f64 = 45.0;

/// Adds what the scene tells about the locators.
pub fn measure(truth: &Truth, anatomy: &Anatomy, hair: Option<&GrayImage>, figures: &mut Figures) {
    found(truth, anatomy, figures);
    let face = anatomy.faces.first();
    for side in [Side::Left, Side::Right] {
        let found = face.map(|f| match side {
            Side::Left => &f.ears.left,
            Side::Right => &f.ears.right,
        });
        ear(truth, side, found, hair, figures);
    }
    if let (Some(neck), Some(t)) = (&anatomy.neck, truth.neck_px_per_mm()) {
        figures.add(Kind::Necklace, Figure::Scale, relative(neck.px_per_mm, t));
    }
    let Some(hand) = anatomy.hands.first() else { return };
    let worn = truth.worn_finger();
    if let Some(t) = truth.fingers.get(finger_key(worn)) {
        for f in hand.fingers.iter().filter(|f| f.name == worn) {
            finger(truth, t, f, figures);
        }
    }
    if let Some(t) = &truth.wrist {
        let error = relative(hand.wrist.px_per_mm, t.px_per_mm);
        figures.add(Kind::Bracelet, Figure::Scale, error);
    }
}

fn found(truth: &Truth, anatomy: &Anatomy, figures: &mut Figures) {
    let percent = |yes: bool| if yes { 100.0 } else { 0.0 };
    let (face, hand) = (!anatomy.faces.is_empty(), !anatomy.hands.is_empty());
    match truth.kind {
        SceneKind::Portrait => {
            let figure = match truth.turn_deg() {
                Some(turn) if turn > TURNED_DEG => Figure::FoundTurned,
                _ => Figure::Found,
            };
            figures.add(Kind::Earring, figure, percent(face));
        }
        SceneKind::Hand => {
            figures.add(Kind::Ring, Figure::Found, percent(hand));
            figures.add(Kind::Ring, Figure::FaceOnHand, percent(face));
        }
    }
}

/// Percent by which a measured value is off.
fn relative(measured: f64, truth: f64) -> f64 {
    (measured / truth - 1.0).abs() * 100.0
}

/// An ear of a face that was not found counts as not shown.
fn ear(truth: &Truth, side: Side, found: Option<&Ear>, hair: Option<&GrayImage>, figures: &mut Figures) {
    let Some(t) = truth.ear(side) else { return };
    let mut add = |figure, value| figures.add(Kind::Earring, figure, value);
    let percent = |yes: bool| if yes { 100.0 } else { 0.0 };
    let shows = truth.ear_shows(side, hair);
    let worn = found.is_some_and(|e| e.visibility >= SHOWN);
    add(Figure::EarShown, percent(worn == shows));
    if truth.ear_hidden(side, hair, LOBE_MM) {
        add(Figure::HiddenEarWorn, percent(worn));
    }
    if let (true, Some(found)) = (shows, found) {
        add(Figure::LobeMm, found.lobe.distance(t.pierce2d) / t.px_per_mm);
        add(Figure::Scale, relative(found.px_per_mm, t.px_per_mm));
    }
}

fn finger(truth: &Truth, t: &TruthFinger, found: &Finger, figures: &mut Figures) {
    let mut add = |figure, value| figures.add(Kind::Ring, figure, value);
    let axis = truth.finger_axis(t);
    let off = (found.center - t.centre2d) / t.px_per_mm;
    add(Figure::RingAcrossMm, off.dot(axis.perp()).abs());
    add(Figure::RingAlongMm, off.dot(axis).abs());
    let angle = found.axis.normalize_or(axis).dot(axis).clamp(-1.0, 1.0).acos();
    add(Figure::RingAxisDeg, angle.to_degrees());
    add(
        Figure::RingWidth,
        relative(found.width_px, truth.finger_width_px(t)),
    );
    add(Figure::Scale, relative(found.px_per_mm, t.px_per_mm));
}

/// A finger's name in the scene's record.
pub fn finger_key(name: FingerName) -> &'static str {
    match name {
        FingerName::Thumb => "thumb",
        FingerName::Index => "index",
        FingerName::Middle => "middle",
        FingerName::Ring => "ring",
        FingerName::Pinky => "pinky",
    }
}
