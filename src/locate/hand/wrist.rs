//! Where a bracelet sits: just above the wrist's joint, from the forearm's silhouette.

use glam::DVec2;
use image::RgbImage;

use super::detect::RawHand;
use super::finger::{median, ramp};
use super::frame::{Directions, Frame, with_picture_axis};
use super::silhouette::{Section, Strip, sections};
use crate::locate::Wrist;

/// From the wrist landmark to the bracelet's place, mm towards the elbow.
const BELOW_LANDMARK_MM: f64 = 36.0;
/// Silhouette width there in an adult hand 180 mm long, mm.
const WIDTH_MM: f64 = 44.0;
/// Relative spread among adults (and of views: a wrist seen from its side is a quarter narrower).
const WIDTH_SPREAD: f64 = 0.2;
/// Stretch of forearm that gives axis and taper, mm on each side of the place.
const STRETCH_MM: f64 = 16.0;
/// The forearm may turn against the palm by this much, radians.
const LARGEST_TURN: f64 = 0.7;
const SECTIONS: usize = 24;
const LEAST_CLARITY: f64 = 0.03;

/// The bracelet's place on this hand's wrist.
pub fn wrist(photo: &RgbImage, hand: &RawHand, frame: &Frame) -> Option<Wrist> {
    let joint = *hand.landmarks.first()?;
    let directions = frame.forearm(hand)?;
    let px_per_mm = frame.px_per_mm_at(joint.z);
    let towards_fingers = directions.axis.truncate().try_normalize().unwrap_or(DVec2::NEG_Y);
    let mut place = Place {
        center: joint.truncate() - towards_fingers * BELOW_LANDMARK_MM * px_per_mm,
        axis: towards_fingers,
        width_px: WIDTH_MM * px_per_mm,
        taper: 0.0,
        clarity: 0.0,
    };
    // The forearm may bend at the joint: turn about the joint, then look again.
    for _ in 0..2 {
        place = measure(photo, &place, joint.truncate(), px_per_mm);
    }
    let Directions { axis: axis3d, dorsal } = with_picture_axis(directions, place.axis);
    Some(Wrist {
        center: place.center,
        axis: place.axis,
        axis3d,
        dorsal,
        width_px: place.width_px,
        taper: place.taper,
        px_per_mm,
        visibility: visibility(photo, &place, axis3d.z),
    })
}

#[derive(Debug, Clone, Copy)]
struct Place {
    center: DVec2,
    axis: DVec2,
    width_px: f64,
    taper: f64,
    clarity: f64,
}

fn measure(photo: &RgbImage, guess: &Place, joint: DVec2, px_per_mm: f64) -> Place {
    let stretch = STRETCH_MM * px_per_mm;
    let strip = Strip {
        origin: guess.center,
        axis: guess.axis,
        along: (-stretch, stretch),
        sections: SECTIONS,
        half_width: guess.width_px / 2.0,
        spread: WIDTH_SPREAD,
    };
    let found = sections(photo, &strip);
    let clear: Vec<&Section> = found.iter().filter(|s| s.clarity > LEAST_CLARITY).collect();
    let clarity = clear.len() as f64 / SECTIONS as f64;
    if clear.len() * 3 < SECTIONS {
        return Place { clarity, ..*guess };
    }
    let slope_of = |value: &dyn Fn(&Section) -> f64| {
        let mut slopes = Vec::new();
        for (k, a) in clear.iter().enumerate() {
            for b in clear.get(k + 1..).unwrap_or_default() {
                slopes.push((value(b) - value(a)) / (b.along - a.along));
            }
        }
        median(slopes.into_iter())
    };
    let turn = slope_of(&|s| s.middle()).clamp(-LARGEST_TURN, LARGEST_TURN);
    let offset = median(clear.iter().map(|s| s.middle() - turn * s.along));
    let axis = (guess.axis + guess.axis.perp() * turn).normalize_or(guess.axis);
    // On the forearm's middle line, at the same distance from the joint.
    let on_line = guess.center + guess.axis.perp() * offset;
    let down = (joint - on_line).dot(axis) - BELOW_LANDMARK_MM * px_per_mm;
    Place {
        center: on_line + axis * down.clamp(-stretch, stretch),
        axis,
        width_px: median(clear.iter().map(|s| s.width())),
        taper: -slope_of(&|s| s.width()),
        clarity,
    }
}

/// 1 in full view; falls at the frame's edge and when no silhouette was found.
fn visibility(photo: &RgbImage, place: &Place, slope: f64) -> f64 {
    let (w, h) = (f64::from(photo.width()), f64::from(photo.height()));
    let c = place.center;
    let inside = c.x.min(c.y).min(w - c.x).min(h - c.y);
    ramp(inside, 0.0, place.width_px * 0.25) * ramp(slope.abs(), 0.9, 0.7) * ramp(place.clarity, 0.2, 0.6)
}
