//! Meshes of a bracelet's front and back.

use std::f64::consts::{FRAC_PI_2, PI, TAU};

use glam::{DVec2, DVec3};

use super::hang::Hang;
use super::is_open;
use crate::fit::limb::tube::{Rib, SectionPoint, section, weave};
use crate::fit::limb::wrist::Seat;
use crate::fit::{WarpMesh, WarpVertex};
use crate::product::BraceletStructure;
use crate::product::band::{BandShape, BandView, SideView};

/// Ribs over half a turn.
const RIBS: usize = 120;
/// The product is read this much beyond its edges, of its breadth.
const BEYOND: f64 = 0.06;
/// An opening flatter than this shows the bracelet from above; its front arc is then the lower one.
const SEEN_ALONG_AXIS: f64 = 0.75;

/// The product as the meshes read it, millimetres.
pub struct Source<'a> {
    structure: &'a BraceletStructure,
    pub inner_radius_mm: f64,
    pub thickness_mm: f64,
    pub width_mm: f64,
    /// Along the middle of the band.
    pub length_mm: f64,
    mm_per_px: f64,
    /// The arc in front is the one nearer to the camera, seen from outside.
    from_above: bool,
}

impl<'a> Source<'a> {
    pub fn of(structure: &'a BraceletStructure, mm_per_px: f64) -> Self {
        let (inner, thickness, width, length, from_above) = match &structure.shape {
            BandShape::Open(b) => (
                b.inner_radius,
                b.thickness,
                b.width_at(b.angle_towards(structure.front)),
                TAU * (b.inner_radius + b.thickness / 2.0),
                b.opening.axes.y < SEEN_ALONG_AXIS * b.opening.axes.x && structure.front.y > 0.0,
            ),
            // A chain laid out straight, or a bangle seen from its side.
            BandShape::Side(s) if structure.flexible => {
                (2.0 * s.radius / TAU, s.width * 0.3, s.width, 2.0 * s.radius, true)
            }
            BandShape::Side(s) => (0.93 * s.radius, 0.07 * s.radius, s.width, TAU * s.radius, true),
        };
        Self {
            structure,
            inner_radius_mm: inner * mm_per_px,
            thickness_mm: thickness * mm_per_px,
            width_mm: width * mm_per_px,
            length_mm: length * mm_per_px,
            mm_per_px,
            from_above,
        }
    }

    /// Product pixel `travel` mm to the right of the front's middle along the band, at `share` 0..=1 of its breadth
    /// from the elbow to the fingers.
    fn at(&self, travel: f64, share: f64, back: bool) -> DVec2 {
        let wide = share * (1.0 + 2.0 * BEYOND) - BEYOND;
        let radius = self.inner_radius_mm + self.thickness_mm / 2.0;
        match &self.structure.shape {
            BandShape::Open(band) => self.on_band(band, travel / radius, wide, back),
            BandShape::Side(side) => self.on_side(side, travel, travel / radius, wide),
        }
    }

    fn on_band(&self, band: &BandView, angle: f64, wide: f64, back: bool) -> DVec2 {
        let front = band.angle_towards(self.structure.front);
        // From above, the right of the lower arc lies against the sense of the angles, and its outer edge is the
        // lower one; on the upper arc the outer edge is the upper one.
        let offset = if self.from_above { -angle } else { angle };
        let (offset, back) = match self.structure.links {
            Some(links) => (links.fold(offset), false),
            None => (offset, back),
        };
        let wide = if self.from_above && !back {
            1.0 - wide
        } else {
            wide
        };
        band.point(front + offset, wide)
    }

    fn on_side(&self, side: &SideView, travel: f64, angle: f64, wide: f64) -> DVec2 {
        let along = if self.structure.flexible {
            travel / self.mm_per_px
        } else {
            side.radius * angle.clamp(-FRAC_PI_2, FRAC_PI_2).sin()
        };
        let up = -side.along.perp();
        side.center + side.along * along - up * ((wide - 0.5) * side.width)
    }
}

/// The half that faces the camera, seen from outside.
pub fn front(seat: &Seat, hang: &Hang, source: &Source) -> WarpMesh {
    let profile = section(source.thickness_mm, source.width_mm);
    half(hang, source, false, &|out: DVec3| {
        Rib::new(&seat.view, &profile, hang.inside(out), out, hang.axis())
    })
}

/// The other half, seen from inside; empty when the picture shows no more than the front.
pub fn back(seat: &Seat, hang: &Hang, source: &Source) -> WarpMesh {
    if !is_open(&source.structure.shape) {
        return WarpMesh::default();
    }
    let profile: Vec<SectionPoint> = section(source.thickness_mm, source.width_mm);
    half(hang, source, true, &|out: DVec3| {
        let outside = hang.inside(out) + out * source.thickness_mm;
        Rib::new(&seat.view, &profile, outside, -out, hang.axis())
    })
}

fn half(hang: &Hang, source: &Source, back: bool, rib: &dyn Fn(DVec3) -> Rib) -> WarpMesh {
    let middle = hang.facing();
    let start = if back { FRAC_PI_2 } else { -FRAC_PI_2 };
    let angle = |k: usize| middle + start + PI * k as f64 / RIBS as f64;
    // Distance along the band's middle from the front, where the angle is `middle`.
    let place = |a: f64| {
        let out = hang.outward(a);
        hang.inside(out) + out * (source.thickness_mm / 2.0)
    };
    let travel = travelled(middle, start, &place);
    let (ribs, rows): (Vec<Rib>, Vec<Vec<WarpVertex>>) = (0..=RIBS)
        .map(|k| {
            let out = hang.outward(angle(k));
            let rib = rib(out);
            let shares = rib.shares();
            let vertex = |(share, target): (&f64, &DVec2)| WarpVertex {
                source: source.at(travel[k], *share, back),
                target: *target,
                height_mm: hang.height(out),
                cover: 1.0,
                normal: out,
            };
            let row = shares.iter().zip(&rib.targets).map(vertex).collect();
            (rib, row)
        })
        .unzip();
    let mut mesh = WarpMesh::default();
    weave(&mut mesh, &rows, |i, j| {
        ribs[i].is_seen(j) || ribs[i - 1].is_seen(j)
    });
    mesh
}

/// Signed length along the line `place` from the angle `middle` to each rib of a half turn that begins at
/// `middle + start`.
fn travelled(middle: f64, start: f64, place: &dyn Fn(f64) -> DVec3) -> Vec<f64> {
    let step = PI / RIBS as f64;
    let first = (start / step).round() as i64;
    let length = |from: i64, to: i64| -> f64 {
        let at = |k: i64| place(middle + k as f64 * step);
        (from..to).map(|k| at(k).distance(at(k + 1))).sum()
    };
    let mut sum = if first < 0 {
        -length(first, 0)
    } else {
        length(0, first)
    };
    let mut all = vec![sum];
    for k in first..first + RIBS as i64 {
        sum += length(k, k + 1);
        all.push(sum);
    }
    all
}
