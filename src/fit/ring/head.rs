//! The head: stone and setting, moved by a similarity so that nothing of it is squashed.

use std::f64::consts::TAU;

use glam::DVec2;

use super::Seat;
use crate::fit::limb::tube::weave;
use crate::fit::{WarpMesh, WarpVertex};
use crate::product::band::{BandView, Head};

const COLUMNS: usize = 48;
const ROWS: usize = 8;
/// Where the head hangs over, it begins this far above the band's outline (of the band's breadth), so that it does not
/// carry the band's own edge along.
const OVERHANG: f64 = 0.3;
/// That begins within this angle beside its foot, radians.
const BESIDE_FOOT: f64 = 0.05;

/// Mesh of what rises above the band's outline.
///
/// The head's middle goes where it is in space: on the back of the finger, at its height above the band. Its
/// upright direction follows the finger's back as far as that shows in the picture; looked at from straight above,
/// where a picture taken from the front shows no upright, it turns towards the finger tip.
pub fn mesh(seat: &Seat, band: &BandView, head: &Head, mm_per_px: f64) -> WarpMesh {
    let middle = (head.min + head.max) / 2.0;
    let above_base = (middle - head.base).dot(head.up);
    let over_axis = (band.inner_radius + band.thickness + above_base) * mm_per_px;
    let position = seat.limb.dorsal * over_axis;
    let to = seat.view.project(position);
    let up = upright(seat);
    let scale = mm_per_px * seat.view.px_per_mm / (1.0 + position.z / seat.view.depth_mm).max(0.1);
    // From the head's middle, product pixels, turned as the picture shows it.
    let turned = |source: DVec2| {
        let d = source - middle;
        up.perp() * d.dot(head.up.perp()) + up * d.dot(head.up)
    };
    // A picture from the front shows what stands on the finger lying: where each part of the head really is, only its
    // middle and its roundness tell.
    let over_skin = (band.thickness + above_base) * mm_per_px;
    let underside = |source: DVec2| {
        let towards = turned(source).dot(seat.limb.dorsal.truncate()) * mm_per_px;
        (over_skin + towards - Head::HALF_MM).max(0.0)
    };
    let rows: Vec<Vec<WarpVertex>> = grid(band, head)
        .into_iter()
        .map(|row| {
            let vertex = |source: DVec2| WarpVertex {
                source,
                target: to + turned(source) * scale,
                height_mm: underside(source),
                cover: 1.0,
                normal: seat.limb.dorsal,
            };
            row.into_iter().map(vertex).collect()
        })
        .collect();
    let mut mesh = WarpMesh::default();
    weave(&mut mesh, &rows, |_, _| true);
    mesh
}

/// The head's upright direction in the picture.
fn upright(seat: &Seat) -> DVec2 {
    let seen = seat.limb.dorsal.truncate();
    let from_above = (1.0 - seen.length()).max(0.0);
    let tip = seat.limb.axis.truncate().normalize_or(DVec2::NEG_Y);
    (seen + tip * 0.5 * from_above * from_above).normalize_or(tip)
}

/// Source points from the band's outline outwards to beyond the head's farthest corner, across all its angles.
fn grid(band: &BandView, head: &Head) -> Vec<Vec<DVec2>> {
    let (toward, _) = band.polar(head.base);
    let corners = [
        head.min,
        head.max,
        DVec2::new(head.min.x, head.max.y),
        DVec2::new(head.max.x, head.min.y),
    ]
    .map(|c| band.polar(c));
    let offset = |angle: f64| (angle - toward) - TAU * ((angle - toward) / TAU).round();
    let (low, high) = corners.iter().fold((0f64, 0f64), |(l, h), (a, _)| {
        (l.min(offset(*a)), h.max(offset(*a)))
    });
    let farthest = corners.iter().map(|(_, factor)| *factor).fold(1.0, f64::max);
    (0..=ROWS)
        .map(|i| {
            let t = i as f64 / ROWS as f64;
            (0..=COLUMNS)
                .map(|j| {
                    let angle = toward + low + (high - low) * j as f64 / COLUMNS as f64;
                    let outline = band.outer.at(angle);
                    let over = ((offset(angle).abs() - head.foot) / BESIDE_FOOT).clamp(0.0, 1.0);
                    let breadth = (outline - band.inner.at(angle)).max(0.0);
                    let start = outline + OVERHANG * over * breadth;
                    band.at_polar(angle, start + (farthest - start).max(0.0) * t)
                })
                .collect()
        })
        .collect()
}
