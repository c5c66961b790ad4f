//! What was drawn held against the worn picture: outlines, and what lies in front of the piece.

use glam::DVec2;
use image::GrayImage;

use super::figures::{Figure, Figures};
use super::outline;
use super::parts::finger_key;
use super::truth::Truth;
use crate::imaging::{Mask, Rect};
use crate::locate::Side;
use crate::product::Kind;

/// The scene's masks.
pub struct Masks {
    /// Visible jewelry of the worn picture.
    pub worn: GrayImage,
    /// Hair and cloth of the bare picture; hands have none.
    pub hair: Option<GrayImage>,
    pub cloth: Option<GrayImage>,
}

/// Adds the figures of one drawn piece; `drawn` is its visible coverage.
pub fn compare(truth: &Truth, masks: &Masks, kind: Kind, drawn: &Mask, figures: &mut Figures) {
    outlines(truth, masks, kind, drawn, figures);
    if let Some(share) = in_front(truth, masks, drawn) {
        figures.add(kind, Figure::InFront, share * 100.0);
    }
}

/// Adds the outline's distance of a necklace that was hung at the length worn in the scene.
pub fn compare_worn_length(truth: &Truth, masks: &Masks, drawn: &Mask, figures: &mut Figures) {
    if let Some(mm) = necklace_outline(truth, masks, drawn) {
        figures.add(Kind::Necklace, Figure::WornLengthOutlineMm, mm);
    }
}

/// Symmetric mean distance of the outlines without the earrings, mm at the neck.
fn necklace_outline(truth: &Truth, masks: &Masks, drawn: &Mask) -> Option<f64> {
    let ours = outline::silhouette(drawn, masks.worn.width(), masks.worn.height());
    let own = |p: DVec2| !is_earring(truth, p, Side::Left) && !is_earring(truth, p, Side::Right);
    Some(outline::distance(&ours, &keep(&masks.worn, own))? / truth.neck_px_per_mm()?)
}

fn outlines(truth: &Truth, masks: &Masks, kind: Kind, drawn: &Mask, figures: &mut Figures) {
    let worn = &masks.worn;
    let ours = outline::silhouette(drawn, worn.width(), worn.height());
    let mut add = |scale: Option<f64>, ours: &GrayImage, theirs: &GrayImage| {
        if let (Some(scale), Some(d)) = (scale, outline::distance(ours, theirs)) {
            figures.add(kind, Figure::OutlineMm, d / scale);
        }
    };
    match kind {
        Kind::Earring => {
            for side in [Side::Left, Side::Right] {
                let Some(ear) = truth.ear(side) else { continue };
                if truth.ear_shows(side, masks.hair.as_ref()) {
                    let own = |p: DVec2| is_earring(truth, p, side);
                    add(Some(ear.px_per_mm), &keep(&ours, own), &keep(worn, own));
                }
            }
        }
        Kind::Necklace => {
            if let Some(mm) = necklace_outline(truth, masks, drawn) {
                figures.add(kind, Figure::OutlineMm, mm);
            }
        }
        Kind::Ring => {
            let finger = truth.fingers.get(finger_key(truth.worn_finger()));
            add(finger.map(|f| f.px_per_mm), &ours, &keep(worn, |_| true));
        }
        Kind::Bracelet | Kind::Watch => {
            let scale = truth.wrist.as_ref().map(|w| w.px_per_mm);
            add(scale, &ours, &keep(worn, |_| true));
        }
    }
}

/// Whether jewelry at `p` is the earring of that side: it hangs within this reach of the ear and off the chain.
fn is_earring(truth: &Truth, p: DVec2, side: Side) -> bool {
    const REACH_MM: f64 = 45.0;
    const ABOVE_MM: f64 = 10.0;
    const OFF_CHAIN_MM: f64 = 12.0;
    let Some(ear) = truth.ear(side) else { return false };
    let d = p - ear.pierce2d;
    let other = match side {
        Side::Left => Side::Right,
        Side::Right => Side::Left,
    };
    let nearest = truth
        .ear(other)
        .is_none_or(|o| p.distance(o.pierce2d) > d.length());
    let chain = truth.jewelry.iter().flat_map(|j| &j.curve2d);
    nearest
        && d.length() < REACH_MM * ear.px_per_mm
        && d.y > -ABOVE_MM * ear.px_per_mm
        && chain
            .into_iter()
            .all(|c| c.distance(p) > OFF_CHAIN_MM * ear.px_per_mm)
}

/// The silhouette of what is `own`.
fn keep(image: &GrayImage, own: impl Fn(DVec2) -> bool) -> GrayImage {
    let mut out = outline::solid(image);
    for (x, y, p) in out.enumerate_pixels_mut() {
        if p[0] > 0 && !own(DVec2::new(f64::from(x), f64::from(y)) + 0.5) {
            p[0] = 0;
        }
    }
    out
}

/// Share of the drawn area that lies on hair, cloth or another finger where the worn picture shows no jewelry.
fn in_front(truth: &Truth, masks: &Masks, drawn: &Mask) -> Option<f64> {
    let rect = drawn
        .rect
        .clip(&Rect::of_size(masks.worn.width(), masks.worn.height()));
    let (mut over, mut all) = (0.0, 0.0);
    for y in rect.y..rect.bottom() {
        for x in rect.x..rect.right() {
            let alpha = f64::from(drawn.get(x, y));
            if alpha <= 0.0 {
                continue;
            }
            all += alpha;
            let at = |image: &GrayImage| {
                let p = image.get_pixel_checked(x as u32, y as u32);
                p.map_or(0.0, |p| f32::from(p[0]) / 255.0)
            };
            let covered = [&masks.hair, &masks.cloth]
                .into_iter()
                .flatten()
                .any(|c| at(c) > 0.5)
                || on_other_finger(truth, DVec2::new(f64::from(x), f64::from(y)) + 0.5);
            if covered && at(&masks.worn) < outline::SOLID {
                over += alpha;
            }
        }
    }
    (all > 0.0).then(|| over / all)
}

/// Whether a position lies within another finger than the one that wears the ring, and nearer to its bones than to
/// those of the wearer. Scenes without a ring have none.
fn on_other_finger(truth: &Truth, p: DVec2) -> bool {
    if !truth.jewelry.iter().any(|j| j.finger.is_some()) {
        return false;
    }
    let own = finger_key(truth.worn_finger());
    let distance = |name: &str| {
        let joint = |k: &str| truth.landmarks2d.get(&format!("{name}_{k}")).copied();
        let joints: Vec<DVec2> = ["1", "2", "3", "tip"].into_iter().filter_map(joint).collect();
        joints
            .windows(2)
            .map(|w| to_segment(p, w[0], w[1]))
            .fold(f64::INFINITY, f64::min)
    };
    let mine = distance(own);
    truth.fingers.iter().any(|(name, finger)| {
        let d = distance(name);
        name != own && d < mine && d < finger.radius_mean_mm * finger.px_per_mm
    })
}

/// Distance of `p` from the line between `a` and `b`.
fn to_segment(p: DVec2, a: DVec2, b: DVec2) -> f64 {
    let way = b - a;
    let t = ((p - a).dot(way) / way.length_squared().max(1e-9)).clamp(0.0, 1.0);
    p.distance(a + way * t)
}
