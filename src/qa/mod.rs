//! Is it good: what a retoucher looks at, measured on the finished picture, and held against a tier.
//!
//! Every measure compares the finished picture with something that did not make it: the photograph before, the product's
//! own pixels, its millimetres. What cannot be measured (no skin beside a hanging earring) is left out, not passed.

mod around;
mod checks;
mod inner;
mod points;
#[cfg(test)]
mod tests;

use glam::DVec2;
use image::RgbImage;

use crate::imaging::{Mask, Photo};

use crate::locate::Anatomy;
use crate::pipeline::{Dressed, LookItem, Worn};
use crate::product::{Kind, Structure};
pub use checks::{Bound, Check, Tier};
use inner::Inner;
use points::{Point, points};

/// One check of one piece.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Finding {
    /// Index into the look's items.
    pub item: usize,
    pub check: Check,
    /// See [`Check::bound`] for its unit.
    pub value: f64,
}

impl Finding {
    pub fn holds(&self, tier: Tier) -> bool {
        self.check.bound(tier).holds(self.value)
    }
}

/// Measures every piece of a finished picture.
pub fn measure(photo: &Photo, anatomy: &Anatomy, look: &[LookItem], dressed: &Dressed) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (at, worn) in dressed.worn.iter().enumerate() {
        let Some(item) = look.get(worn.item) else {
            continue;
        };
        let mut tell = |check, value: Option<f64>| {
            if let Some(value) = value.filter(|value| value.is_finite()) {
                findings.push(Finding {
                    item: worn.item,
                    check,
                    value,
                });
            }
        };
        let others: Vec<&Mask> = others(dressed, at).map(|worn| &worn.rendered.jewelry).collect();
        let above: Vec<&Mask> = dressed
            .worn
            .iter()
            .skip(at + 1)
            .map(|worn| &worn.rendered.jewelry)
            .collect();
        let points = points(item.piece, &worn.placement, worn.rendered.softness);
        tell(Check::Frame, frame(&points, &dressed.pixels));
        tell(
            Check::Coverage,
            coverage(&points, &dressed.pixels, &worn.rendered.jewelry),
        );
        tell(Check::Scale, scale(&points, worn, item));
        tell(Check::Resolution, median(points.iter().map(|p| 1.0 / p.stretch)));
        tell(Check::Located, located(anatomy, worn));
        tell(
            Check::Overlap,
            others
                .iter()
                .map(|mask| overlap(&worn.rendered.jewelry, mask))
                .reduce(f64::max),
        );

        let inner = Inner::of(&points, &dressed.pixels, &worn.rendered.jewelry, &above);
        // What shows through stones is the skin's colour, and wanted.
        if item.settings.see_through <= 0.0 {
            tell(Check::MetalColour, inner.colour());
            tell(Check::Sparkle, inner.sparkle());
        }
        tell(Check::Sharpness, inner.sharpness());

        let skin = around::around(&photo.pixels, &dressed.pixels, worn, &others);
        if item.settings.shadow_strength >= 0.5 && worn.placement.kind != Kind::Earring && touches(&points) {
            // A stud covers the lobe that it touches: the skin beside it is the jaw's, farther back.
            tell(Check::Contact, skin.contact);
        }
        tell(Check::Clipping, skin.clipped);
        if broad(worn.placement.kind) {
            tell(
                Check::ShadowDirection,
                skin.fall_mm.and_then(|fall| direction(fall, anatomy, item)),
            );
        }
    }
    findings
}

fn others(dressed: &Dressed, at: usize) -> impl Iterator<Item = &Worn> {
    dressed
        .worn
        .iter()
        .enumerate()
        .filter(move |(i, _)| *i != at)
        .map(|(_, worn)| worn)
}

fn inside(picture: &RgbImage, point: &Point) -> bool {
    let within = |v: i32, size: u32| u32::try_from(v).is_ok_and(|v| v < size);
    within(point.x, picture.width()) && within(point.y, picture.height())
}

/// Share of the piece that lies in the picture, by the product's own coverage.
fn frame(points: &[Point], picture: &RgbImage) -> Option<f64> {
    let alpha = |p: &Point| f64::from(p.product[3]);
    let all: f64 = points.iter().map(alpha).sum();
    let within: f64 = points.iter().filter(|p| inside(picture, p)).map(alpha).sum();
    (all > 0.0).then(|| within / all)
}

/// Share of the front in the picture that shows.
fn coverage(points: &[Point], picture: &RgbImage, jewelry: &Mask) -> Option<f64> {
    let (mut all, mut shown) = (0.0, 0.0);
    for p in points.iter().filter(|p| inside(picture, p)) {
        let alpha = f64::from(p.product[3]);
        all += alpha;
        shown += alpha.min(f64::from(jewelry.get(p.x, p.y)));
    }
    (all > 0.0).then(|| shown / all)
}

/// Whether most of the piece lies on the skin; what hangs free throws no shadow beside itself.
fn touches(points: &[Point]) -> bool {
    /// Height above the skin, mm, up to which it does.
    const ON_SKIN_MM: f64 = 1.0;
    let on_skin = points.iter().filter(|p| p.height_mm <= ON_SKIN_MM).count();
    2 * on_skin >= points.len()
}

/// Whether skin lies on both sides of the piece, so that its shadow could fall to either: not at a lobe or on a finger.
fn broad(kind: Kind) -> bool {
    matches!(kind, Kind::Necklace | Kind::Bracelet | Kind::Watch)
}

/// How many times the piece is too large or too small. Rings take the finger's width and chains the wrist's, and the
/// picture shows their links foreshortened: of these the millimetres say nothing.
fn scale(points: &[Point], worn: &Worn, item: &LookItem) -> Option<f64> {
    if matches!(&item.piece.structure, Structure::Ring(_))
        || matches!(&item.piece.structure, Structure::Bracelet(b) if b.flexible)
    {
        return None;
    }
    let true_size = worn.placement.px_per_mm * item.piece.mm_per_px * item.controls.scale;
    let ratio = median(points.iter().map(|p| p.stretch))? / true_size;
    Some(ratio.max(1.0 / ratio))
}

/// Score of the face or hand nearest to where the piece is fixed.
fn located(anatomy: &Anatomy, worn: &Worn) -> Option<f64> {
    let at = worn.placement.anchors.first()?.position;
    let near = |landmarks: &[glam::DVec3]| {
        let distances = landmarks.iter().map(|p| p.truncate().distance_squared(at));
        distances.fold(f64::INFINITY, f64::min)
    };
    let scores: Vec<(f64, f64)> = match worn.placement.kind {
        Kind::Earring | Kind::Necklace => anatomy
            .faces
            .iter()
            .map(|f| (near(&f.landmarks), f.score))
            .collect(),
        Kind::Ring | Kind::Bracelet | Kind::Watch => anatomy
            .hands
            .iter()
            .map(|h| (near(&h.landmarks), h.score))
            .collect(),
    };
    scores
        .into_iter()
        .min_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, score)| score)
}

/// Share of the smaller of two pieces that both cover.
fn overlap(a: &Mask, b: &Mask) -> f64 {
    let area = |mask: &Mask| mask.data.iter().map(|v| f64::from(*v)).sum::<f64>();
    let common = a.rect.clip(&b.rect);
    let mut both = 0.0;
    for y in common.y..common.bottom() {
        for x in common.x..common.right() {
            both += f64::from(a.get(x, y).min(b.get(x, y)));
        }
    }
    both / area(a).min(area(b)).max(1.0)
}

/// Cosine between where the darkening lies and where the light throws it; `None` where either is unsure.
fn direction(fall: DVec2, anatomy: &Anatomy, item: &LookItem) -> Option<f64> {
    /// Millimetres that a shadow must be displaced by to have a direction.
    const LEAST_MM: f64 = 0.4;
    /// Part of the light that comes from the side, confidence and softness from which on it has one.
    const ASIDE: f64 = 0.35;
    const SURE: f64 = 0.5;
    const SOFT: f64 = 0.6;
    let light = anatomy.light?;
    if item.settings.light_direction.is_some() || light.confidence < SURE || light.softness > SOFT {
        return None;
    }
    // The light's direction is right and up; a picture's, right and down.
    let away = -DVec2::new(light.direction.x, -light.direction.y);
    (away.length() > ASIDE && fall.length() > LEAST_MM).then(|| away.normalize().dot(fall.normalize()))
}

fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    let middle = values.len() / 2;
    (!values.is_empty()).then(|| *values.select_nth_unstable_by(middle, f64::total_cmp).1)
}
