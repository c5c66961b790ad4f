//! A ring photographed from above, without a view of its hole: the picture is what lies on the finger.

use glam::{DVec2, DVec3};

use super::Seat;
use crate::fit::limb::tube::weave;
use crate::fit::{WarpMesh, WarpVertex};
use crate::imaging::LinearImage;
use crate::product::band::SideView;

const COLUMNS: usize = 40;
const ROWS: usize = 10;
/// Outside of a ring by its inside.
const OUTSIDE: f64 = 1.1;

/// Bends the picture around the finger: along the band it becomes the arc over the finger, across it stays.
pub fn mesh(seat: &Seat, picture: &SideView, pixels: &LinearImage, scale: f64) -> WarpMesh {
    let outside = seat.half_width * scale * OUTSIDE;
    let mm_per_px = outside / picture.radius;
    let across = -picture.along.perp();
    let size = DVec2::new(pixels.width() as f64, pixels.height() as f64);
    let reach = |direction: DVec2| {
        let corners = [
            DVec2::ZERO,
            size,
            DVec2::new(size.x, 0.0),
            DVec2::new(0.0, size.y),
        ];
        let along = corners.map(|c| (c - picture.center).dot(direction));
        along
            .iter()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), a| {
                (l.min(*a), h.max(*a))
            })
    };
    let (low, high) = reach(across);
    let rows: Vec<Vec<WarpVertex>> = (0..=COLUMNS)
        .map(|j| {
            // Equal steps of angle.
            let angle = std::f64::consts::FRAC_PI_2 * (2.0 * j as f64 / COLUMNS as f64 - 1.0);
            let outward = seat.limb.outward(angle);
            (0..=ROWS)
                .map(|i| {
                    let y = low + (high - low) * i as f64 / ROWS as f64;
                    let position: DVec3 = outward * outside + seat.limb.axis * (y * mm_per_px);
                    WarpVertex {
                        source: picture.center + picture.along * (picture.radius * angle.sin()) + across * y,
                        target: seat.view.project(position),
                        height_mm: 0.0,
                        cover: 1.0,
                        normal: outward,
                    }
                })
                .collect()
        })
        .collect();
    let faces = |i: usize| {
        let n = rows[i][0].normal;
        n.dot(seat.view.towards_camera(n * outside)) > 0.0
    };
    let seen: Vec<bool> = (0..rows.len()).map(faces).collect();
    let mut mesh = WarpMesh::default();
    weave(&mut mesh, &rows, |i, _| seen[i] || seen[i - 1]);
    mesh
}
