//! Where a bracelet sits: just above the wrist's joint, from the forearm's silhouette.

use glam::DVec2;
use image::RgbImage;

use super::detect::RawHand;
use super::finger::{median, ramp};
use super::frame::{Directions, Frame, with_picture_axis};
use super::silhouette::{Section, Skin, Strip, inner_likeness, sections};
use crate::locate::Wrist;

/// From the wrist landmark to the bracelet's place, mm towards the elbow.
const BELOW_LANDMARK_MM: f64 = 36.0;
/// Silhouette width there in an adult hand 180 mm long, mm.
const WIDTH_MM: f64 = 44.0;
/// Relative spread among adults (and of views: a wrist seen from its side is a quarter narrower).
const WIDTH_SPREAD: f64 = 0.2;
/// Stretch of forearm that gives axis and taper, mm on each side of the place.
const STRETCH_MM: f64 = 16.0;
/// The silhouette may turn the forearm's direction by this much more, radians.
const LARGEST_TURN: f64 = 0.4;
/// Directions that a bent wrist may give the forearm against the palm, degrees, and how usual they are.
const BENDS: [f64; 11] = [
    0.0, -15.0, 15.0, -30.0, 30.0, -45.0, 45.0, -60.0, 60.0, -75.0, 75.0,
];
const USUAL_BEND: f64 = 40.0;
const SECTIONS: usize = 24;
const LEAST_CLARITY: f64 = 0.03;

/// The bracelet's place on this hand's wrist.
pub fn wrist(photo: &RgbImage, hand: &RawHand, frame: &Frame) -> Option<Wrist> {
    let joint = *hand.landmarks.first()?;
    let directions = frame.forearm(hand)?;
    let px_per_mm = frame.px_per_mm_at(joint.z);
    let skin = palm_skin(photo, hand, px_per_mm)?;
    let look = Look {
        photo,
        joint: joint.truncate(),
        px_per_mm,
        skin,
    };
    let straight = directions.axis.truncate().try_normalize().unwrap_or(DVec2::NEG_Y);
    let mut place = look.start(straight);
    for _ in 0..2 {
        place = look.measure(&place);
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
        visibility: look.visibility(&place, axis3d.z),
    })
}

/// The hand's own skin, from the middle of the palm or of its back.
fn palm_skin(photo: &RgbImage, hand: &RawHand, px_per_mm: f64) -> Option<Skin> {
    let point = |k: usize| hand.landmarks.get(k).map(|p| p.truncate());
    let (wrist, knuckle) = (point(0)?, point(9)?);
    let axis = (knuckle - wrist).try_normalize().unwrap_or(DVec2::NEG_Y);
    let length = wrist.distance(knuckle);
    Skin::within(
        photo,
        &Strip {
            origin: wrist.lerp(knuckle, 0.55),
            axis,
            along: (-0.25 * length, 0.25 * length),
            sections: 16,
            half_width: WIDTH_MM / 2.0 * px_per_mm,
            spread: WIDTH_SPREAD,
        },
    )
}

#[derive(Debug, Clone, Copy)]
struct Place {
    center: DVec2,
    axis: DVec2,
    width_px: f64,
    taper: f64,
    clarity: f64,
}

struct Look<'a> {
    photo: &'a RgbImage,
    joint: DVec2,
    px_per_mm: f64,
    skin: Skin,
}

impl Look<'_> {
    fn at(&self, axis: DVec2) -> Place {
        Place {
            center: self.joint - axis * BELOW_LANDMARK_MM * self.px_per_mm,
            axis,
            width_px: WIDTH_MM * self.px_per_mm,
            taper: 0.0,
            clarity: 0.0,
        }
    }

    fn strip(&self, place: &Place) -> Strip {
        let stretch = STRETCH_MM * self.px_per_mm;
        Strip {
            origin: place.center,
            axis: place.axis,
            along: (-stretch, stretch),
            sections: SECTIONS,
            half_width: place.width_px / 2.0,
            spread: WIDTH_SPREAD,
        }
    }

    /// The wrist bends: of all directions about the joint, the one along which skin goes on straight between two
    /// edges.
    fn start(&self, straight: DVec2) -> Place {
        BENDS
            .iter()
            .map(|&bend| self.measure(&self.at(DVec2::from_angle(bend.to_radians()).rotate(straight))))
            .map(|place| (self.likely(&place, straight), place))
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .map_or_else(|| self.at(straight), |(_, place)| place)
    }

    fn likely(&self, place: &Place, straight: DVec2) -> f64 {
        let strip = self.strip(place);
        let found = sections(self.photo, &strip);
        let clear = found.iter().map(|s| s.clarity.min(0.3)).sum::<f64>() / strip.sections as f64;
        let all: Vec<&Section> = found.iter().collect();
        let skew = slope(&all, |s| s.middle()) / 0.15;
        let width = (place.width_px / (WIDTH_MM * self.px_per_mm)).ln() / WIDTH_SPREAD;
        let bend = place.axis.angle_to(straight).to_degrees() / USUAL_BEND;
        let skin = inner_likeness(self.photo, &strip, &self.skin);
        (clear + 0.02) * (skin + 0.1) * (-0.5 * (skew * skew + width * width + bend * bend)).exp()
    }

    fn measure(&self, guess: &Place) -> Place {
        let strip = self.strip(guess);
        let found = sections(self.photo, &strip);
        let clear: Vec<&Section> = found.iter().filter(|s| s.clarity > LEAST_CLARITY).collect();
        let clarity = clear.len() as f64 / SECTIONS as f64;
        if clear.len() * 3 < SECTIONS {
            return Place { clarity, ..*guess };
        }
        let turn = slope(&clear, |s| s.middle()).clamp(-LARGEST_TURN, LARGEST_TURN);
        let offset = median(clear.iter().map(|s| s.middle() - turn * s.along));
        let axis = (guess.axis + guess.axis.perp() * turn).normalize_or(guess.axis);
        // On the forearm's middle line, at the same distance from the joint.
        let on_line = guess.center + guess.axis.perp() * offset;
        let down = (self.joint - on_line).dot(axis) - BELOW_LANDMARK_MM * self.px_per_mm;
        Place {
            center: on_line + axis * down.clamp(strip.along.0, strip.along.1),
            axis,
            width_px: median(clear.iter().map(|s| s.width())),
            taper: -slope(&clear, |s| s.width()),
            clarity,
        }
    }

    /// 1 in full view; falls at the frame's edge, under a sleeve, and when no silhouette was found.
    fn visibility(&self, place: &Place, slope: f64) -> f64 {
        let (w, h) = (f64::from(self.photo.width()), f64::from(self.photo.height()));
        let c = place.center;
        let inside = c.x.min(c.y).min(w - c.x).min(h - c.y);
        let bare = inner_likeness(self.photo, &self.strip(place), &self.skin);
        ramp(inside, 0.0, place.width_px * 0.25)
            * ramp(slope.abs(), 0.9, 0.7)
            * ramp(place.clarity, 0.2, 0.6)
            * ramp(bare, 0.1, 0.35)
    }
}

/// Theil–Sen slope of a section's `value` along the axis: the median of all pairwise slopes.
fn slope(sections: &[&Section], value: impl Fn(&Section) -> f64) -> f64 {
    let mut slopes = Vec::with_capacity(sections.len() * sections.len() / 2);
    for (k, a) in sections.iter().enumerate() {
        for b in sections.get(k + 1..).unwrap_or_default() {
            slopes.push((value(b) - value(a)) / (b.along - a.along));
        }
    }
    median(slopes.into_iter())
}
