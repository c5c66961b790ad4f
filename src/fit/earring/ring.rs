//! Plain hoops: a round wire through the lobe, in space.

use std::f64::consts::TAU;

use glam::{DVec2, DVec3};

use super::card::facing_of_hoop;
use super::seat::{DOWN, Point, Seat, Touch};
use crate::fit::{WarpMesh, WarpVertex};
use crate::product::EarringPart;

/// Stretches along the wire.
const STEPS: usize = 160;
/// The wire is read and drawn this much beyond its edge, so that the edge is the product's own.
const BEYOND: f64 = 1.12;
/// A hoop pictured this little narrower than high was pictured a little from the side.
const ROUND: f64 = 0.88;
/// The lobe as an ellipsoid around a point above the hole: half axes outwards, down and across, mm.
const LOBE_UP_MM: f64 = 2.0;
const LOBE_MM: DVec3 = DVec3::new(2.8, 6.5, 6.5);
/// Over this share of the lobe's size the wire vanishes into it.
const SOFT: f64 = 0.12;

/// Mesh of a hoop whose wire is `wire` product pixels thick.
///
/// The centre line is a circle (or the pictured oval) in the plane of the hole and of gravity; the wire keeps its
/// thickness however the circle is turned.
pub fn mesh(seat: &Seat, part: &EarringPart, wire: f64) -> WarpMesh {
    let size = part.max - part.min;
    let pictured = (size - wire) / 2.0;
    let centre = (part.min + part.max) / 2.0;
    let mut radii = pictured * seat.mm_per_px;
    if radii.x < radii.y && radii.x > ROUND * radii.y {
        radii.x = radii.y;
    }
    let facing = facing_of_hoop(seat);
    let right = Seat::right_of(facing) * if seat.mirrored { -1.0 } else { 1.0 };
    let middle = seat.middle() + DOWN * radii.y;
    let lobe = Lobe::new(seat);
    let on_wire = |turn: f64| {
        let (s, c) = turn.sin_cos();
        middle + right * (radii.x * s) - DOWN * (radii.y * c)
    };
    let half = wire / 2.0 * BEYOND;
    let mut rows: Vec<(f64, [WarpVertex; 2])> = Vec::with_capacity(STEPS + 1);
    for k in 0..=STEPS {
        let turn = TAU * k as f64 / STEPS as f64;
        let (s, c) = turn.sin_cos();
        let at = on_wire(turn);
        // Outwards across the wire in the picture.
        let ahead = (on_wire(turn + 1e-3) - on_wire(turn - 1e-3)).truncate();
        let flipped = if right.x < 0.0 { -1.0 } else { 1.0 };
        let across = -ahead.normalize_or(DVec2::X).perp() * flipped;
        let normal = DVec2::new(s * pictured.y, -c * pictured.x).normalize_or(DVec2::NEG_Y);
        let line = centre + DVec2::new(pictured.x * s, -pictured.y * c);
        let hidden = lobe.hides(at);
        let vertex = |outwards: f64| {
            let point = Point {
                source: line + normal * (half * outwards),
                at,
                beside_mm: across * (half * outwards * seat.mm_per_px),
            };
            let mut v = seat.vertex(&point, Touch::Hangs, facing);
            v.cover *= 1.0 - hidden;
            v
        };
        rows.push((at.z, [vertex(-1.0), vertex(1.0)]));
    }
    let mut mesh = WarpMesh::default();
    mesh.vertices.extend(rows.iter().flat_map(|r| r.1));
    // The farther side of the wire first.
    let mut order: Vec<usize> = (0..STEPS).collect();
    let depth = |k: usize| rows.get(k).map_or(0.0, |r| r.0);
    order.sort_by(|a, b| depth(*b).total_cmp(&depth(*a)));
    for k in order {
        let k = 2 * k as u32;
        mesh.triangles.push([k, k + 1, k + 3]);
        mesh.triangles.push([k, k + 3, k + 2]);
    }
    mesh
}

/// The lobe that the wire goes through.
struct Lobe {
    centre: DVec3,
    out: DVec3,
    across: DVec3,
}

impl Lobe {
    fn new(seat: &Seat) -> Self {
        Self {
            centre: seat.middle() - DOWN * LOBE_UP_MM,
            out: seat.out,
            across: Seat::right_of(seat.out),
        }
    }

    /// How much of a point (camera mm) is inside the lobe or behind it, 0..=1.
    fn hides(&self, p: DVec3) -> f64 {
        let into = |d: DVec3| DVec3::new(d.dot(self.out), d.dot(DOWN), d.dot(self.across)) / LOBE_MM;
        let (from, to_eye) = (into(p - self.centre), into(-p.normalize_or(DVec3::Z)));
        // Closest approach of the line of sight, on the camera's side of the point.
        let t = (-from.dot(to_eye) / to_eye.length_squared().max(1e-12)).max(0.0);
        let distance = (from + to_eye * t).length();
        ((1.0 - distance) / SOFT).clamp(0.0, 1.0)
    }
}
