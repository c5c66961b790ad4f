//! The ring zone of each finger: centre, axis and width from the silhouette, visibility from the pose.

use glam::{DVec2, DVec3};
use image::RgbImage;

use super::detect::RawHand;
use super::frame::{Directions, Frame, first_point, ring_phalanx, with_picture_axis};
use super::silhouette::{Section, Strip, sections};
use crate::locate::{Finger, FingerName};

/// What is usual for one finger, in an adult hand 180 mm long.
struct Usual {
    name: FingerName,
    /// Where a ring sits: share of the way from the knuckle to the next joint, as the landmarks have them.
    zone: f64,
    /// Silhouette width at the ring zone, mm.
    width_mm: f64,
    /// Length from the web to the tip, mm.
    length_mm: f64,
    /// The bone's direction against the silhouette's, degrees towards the little finger.
    turn: f64,
}

const USUAL: [Usual; 5] = [
    Usual {
        name: FingerName::Thumb,
        zone: 0.45,
        width_mm: 20.0,
        length_mm: 58.0,
        turn: 0.0,
    },
    Usual {
        name: FingerName::Index,
        zone: 0.28,
        width_mm: 18.0,
        length_mm: 72.0,
        turn: 2.0,
    },
    Usual {
        name: FingerName::Middle,
        zone: 0.34,
        width_mm: 17.7,
        length_mm: 80.0,
        turn: 0.7,
    },
    Usual {
        name: FingerName::Ring,
        zone: 0.42,
        width_mm: 17.4,
        length_mm: 74.0,
        turn: 1.0,
    },
    Usual {
        name: FingerName::Pinky,
        zone: 0.52,
        width_mm: 14.4,
        length_mm: 58.0,
        turn: -1.5,
    },
];

/// Sections whose median is the width.
const SECTIONS: usize = 20;
/// The sections span this share of the finger's length, around the zone's middle (15 % to 25 % from the palm).
const ZONE_SPAN: f64 = 0.10;
/// Relative spread of finger widths among adults.
const WIDTH_SPREAD: f64 = 0.16;
/// The silhouette may turn the axis that the landmarks give by at most this much, radians.
const LARGEST_TURN: f64 = 0.14;
/// Edges below this clarity are not believed.
const LEAST_CLARITY: f64 = 0.03;

/// The ring zones of all five fingers, thumb first.
pub fn fingers(photo: &RgbImage, hand: &RawHand, frame: &Frame) -> Option<[Finger; 5]> {
    let found: Vec<Finger> = USUAL
        .iter()
        .filter_map(|usual| finger(photo, hand, frame, usual))
        .collect();
    found.try_into().ok()
}

fn finger(photo: &RgbImage, hand: &RawHand, frame: &Frame, usual: &Usual) -> Option<Finger> {
    let (knuckle, joint) = ring_phalanx(usual.name);
    let (from, to) = (*hand.landmarks.get(knuckle)?, *hand.landmarks.get(joint)?);
    let directions = frame.finger(hand, usual.name)?;
    let along = (to - from).truncate();
    let px_per_mm = frame.px_per_mm_at((from.z + to.z) / 2.0);
    let axis = along.try_normalize().unwrap_or(DVec2::NEG_Y);
    let guess = Zone {
        center: from.truncate() + along * usual.zone,
        axis,
        width_px: usual.width_mm * px_per_mm,
    };
    let zone = measure(
        photo,
        &guess,
        usual.length_mm * px_per_mm,
        along.length() * (0.95 - usual.zone),
    );
    let axis = turned(
        zone.axis,
        frame.ulnar(&directions).truncate(),
        usual.turn.to_radians(),
    );
    let Directions { axis: axis3d, dorsal } = with_picture_axis(directions, axis);
    Some(Finger {
        name: usual.name,
        center: zone.center,
        axis,
        axis3d,
        dorsal,
        width_px: zone.width_px,
        px_per_mm,
        visibility: visibility(photo, hand, usual.name, &zone, axis3d),
    })
}

/// `axis` turned by `angle` towards `side`.
fn turned(axis: DVec2, side: DVec2, angle: f64) -> DVec2 {
    let across = axis.perp() * axis.perp().dot(side).signum();
    (axis + across * angle.tan()).normalize_or(axis)
}

/// A ring zone in the picture.
#[derive(Debug, Clone, Copy)]
struct Zone {
    center: DVec2,
    axis: DVec2,
    width_px: f64,
}

/// Corrects the guess by the silhouette: first the axis over the stretch from the zone towards the joint, then
/// centre and width in the zone itself.
fn measure(photo: &RgbImage, guess: &Zone, length_px: f64, to_joint: f64) -> Zone {
    let half_zone = ZONE_SPAN / 2.0 * length_px;
    let mut zone = *guess;
    if to_joint > guess.width_px * 0.5 {
        let long = strip(&zone, (-half_zone, to_joint), 28);
        zone = straightened(&zone, &sections(photo, &long));
    }
    let found = sections(photo, &strip(&zone, (-half_zone, half_zone), SECTIONS));
    let clear: Vec<&Section> = found.iter().filter(|s| s.clarity > LEAST_CLARITY).collect();
    if clear.len() * 3 < SECTIONS {
        return zone;
    }
    zone.width_px = median(clear.iter().map(|s| s.width()));
    zone.center += zone.axis.perp() * median(clear.iter().map(|s| s.middle()));
    zone
}

fn strip(zone: &Zone, along: (f64, f64), sections: usize) -> Strip {
    Strip {
        origin: zone.center,
        axis: zone.axis,
        along,
        sections,
        half_width: zone.width_px / 2.0,
        spread: WIDTH_SPREAD,
    }
}

/// Moves and turns the zone so that the middle of the sections lies on its axis.
fn straightened(zone: &Zone, found: &[Section]) -> Zone {
    let clear: Vec<&Section> = found.iter().filter(|s| s.clarity > LEAST_CLARITY).collect();
    if clear.len() * 2 < found.len() || clear.len() < 4 {
        return *zone;
    }
    // Theil–Sen: the median of all pairwise slopes does not mind a web or a crease at one end.
    let mut slopes = Vec::with_capacity(clear.len() * clear.len() / 2);
    for (k, a) in clear.iter().enumerate() {
        for b in clear.get(k + 1..).unwrap_or_default() {
            slopes.push((b.middle() - a.middle()) / (b.along - a.along));
        }
    }
    let slope = median(slopes.into_iter()).clamp(-LARGEST_TURN, LARGEST_TURN);
    let offset = median(clear.iter().map(|s| s.middle() - slope * s.along));
    Zone {
        center: zone.center + zone.axis.perp() * offset,
        axis: (zone.axis + zone.axis.perp() * slope).normalize_or(zone.axis),
        width_px: median(clear.iter().map(|s| s.width())),
    }
}

/// Median; 0 of nothing.
pub fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut v: Vec<f64> = values.filter(|x| x.is_finite()).collect();
    v.sort_by(f64::total_cmp);
    match v.len() {
        0 => 0.0,
        n if n % 2 == 1 => v[n / 2],
        n => (v[n / 2 - 1] + v[n / 2]) / 2.0,
    }
}

/// 1 in full view; falls when the finger points at the camera, leaves the frame, or something of the hand lies in
/// front of the ring zone.
fn visibility(photo: &RgbImage, hand: &RawHand, name: FingerName, zone: &Zone, axis3d: DVec3) -> f64 {
    let foreshortened = ramp(axis3d.z.abs(), 0.90, 0.70);
    let reach = zone.width_px * 0.5;
    let (w, h) = (f64::from(photo.width()), f64::from(photo.height()));
    let c = zone.center;
    let inside = c.x.min(c.y).min(w - c.x).min(h - c.y);
    let framed = ramp(inside, 0.0, reach);
    framed * foreshortened * (1.0 - hidden(hand, name, zone))
}

/// How surely another part of the hand lies in front of the zone.
fn hidden(hand: &RawHand, name: FingerName, zone: &Zone) -> f64 {
    let (knuckle, joint) = ring_phalanx(name);
    let point = |k: usize| hand.landmarks.get(k).copied().unwrap_or_default();
    let own_depth = {
        let (a, b) = (point(knuckle), point(joint));
        let d = b.truncate() - a.truncate();
        let t = ((zone.center - a.truncate()).dot(d) / d.length_squared().max(1e-9)).clamp(0.0, 1.0);
        a.z + (b.z - a.z) * t
    };
    let mut worst: f64 = 0.0;
    for other in USUAL.iter().map(|u| u.name) {
        let first = first_point(other);
        for k in first..first + 3 {
            // Not the phalanx that carries the ring, nor what comes before it.
            if other == name && k <= knuckle {
                continue;
            }
            let (a, b) = (point(k), point(k + 1));
            let d = b.truncate() - a.truncate();
            let t = ((zone.center - a.truncate()).dot(d) / d.length_squared().max(1e-9)).clamp(0.0, 1.0);
            let near = a.lerp(b, t);
            let aside = near.truncate().distance(zone.center) / zone.width_px;
            let in_front = (own_depth - near.z) / zone.width_px;
            worst = worst.max(ramp(aside, 0.75, 0.45) * ramp(in_front, 0.1, 0.5));
        }
    }
    worst
}

/// 0 at `from`, 1 at `to`, linear between.
pub fn ramp(x: f64, from: f64, to: f64) -> f64 {
    ((x - from) / (to - from)).clamp(0.0, 1.0)
}
