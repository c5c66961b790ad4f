//! One half of the strap: from under the case straight down to the wrist, then around it.

use std::f64::consts::PI;

use glam::{DVec2, DVec3};

use super::{Pose, STRAP_MM};
use crate::fit::limb::tube::weave;
use crate::fit::limb::wrist::Seat;
use crate::fit::{WarpMesh, WarpVertex};
use crate::product::{Piece, WatchStructure};

const STEPS: usize = 60;
/// Straps longer than this many case diameters in the picture are laid out flat; shorter ones stand as a loop.
const FLAT_LENGTH: f64 = 3.0;

/// Adds the half towards 12 o'clock (`sign` 1) or 6 o'clock (−1).
pub fn add(
    mesh: &mut WarpMesh,
    seat: &Seat,
    pose: &Pose,
    structure: &WatchStructure,
    piece: &Piece,
    sign: f64,
) {
    let outwards = seat.ulnar() * sign;
    // It comes out from under the case.
    let start = 0.8 * structure.dial_radius * pose.mm_per_px;
    let line = line(seat, outwards, start);
    let half = structure.strap_width / 2.0;
    let half_mm = half * pose.mm_per_px;
    let reach = Reach::of(structure, piece, sign);
    let right = structure.strap.perp();
    let crown = if structure.strap.angle_to(pose.twelve).is_finite() {
        pose.twelve.perp()
    } else {
        DVec2::X
    };
    // Which way along the arm the picture's right side goes.
    let along = seat.limb.axis
        * if crown.dot(seat.wrist.axis) >= 0.0 {
            1.0
        } else {
            -1.0
        };
    let rows: Vec<Vec<WarpVertex>> = line
        .iter()
        .map(|p| {
            // Under the case the picture shows no strap: its first row goes on.
            let travelled = ((start + p.travelled) / pose.mm_per_px).max(1.02 * structure.dial_radius);
            let from = structure.dial_center + structure.strap * (sign * reach.seen(travelled));
            [-1.0, -0.5, 0.0, 0.5, 1.0]
                .iter()
                .map(|u| WarpVertex {
                    source: from + right * (half * u),
                    target: seat.view.project(p.at + along * (half_mm * u)),
                    height_mm: 0.3,
                    cover: 1.0,
                    normal: p.normal,
                })
                .collect()
        })
        .collect();
    let seen: Vec<bool> = line
        .iter()
        .map(|p| p.normal.dot(seat.view.towards_camera(p.at)) > 0.0)
        .collect();
    weave(mesh, &rows, |i, _| seen[i] && seen[i - 1]);
}

struct Point {
    at: DVec3,
    normal: DVec3,
    /// From the case's edge, mm.
    travelled: f64,
}

/// The strap's middle line: from the case, straight until it touches the wrist, around it to the other side.
fn line(seat: &Seat, outwards: DVec3, start: f64) -> Vec<Point> {
    let limb = &seat.limb;
    // Under the case it lies on the wrist; a case wider than the wrist lets it hang from its edge.
    let side = limb.half_side + STRAP_MM;
    let over = (1.0 - (start / side).powi(2)).max(0.1).sqrt() * (limb.half_dorsal + STRAP_MM);
    let edge = limb.dorsal * over + outwards * start;
    let direction = |t: f64| limb.dorsal * t.cos() + outwards * t.sin();
    let skin = |t: f64| limb.skin(direction(t), STRAP_MM);
    // The strap touches first where the line from the case leaves all of the wrist on its inner side.
    let steps = 4 * STEPS;
    let angle = |k: usize| PI * k as f64 / steps as f64;
    let turned = |k: usize| {
        let d = skin(angle(k)) - edge;
        d.dot(outwards).atan2(-d.dot(limb.dorsal))
    };
    let touch = (0..=steps)
        .filter(|k| skin(angle(*k)).distance(edge) > 1e-6)
        .max_by(|a, b| turned(*a).total_cmp(&turned(*b)))
        .unwrap_or(0);
    let free: Vec<(DVec3, DVec3)> = {
        let end = skin(angle(touch));
        let d = (end - edge).normalize_or(-limb.dorsal);
        // Perpendicular to the line within the section, outwards.
        let normal = (limb.dorsal * d.dot(outwards) - outwards * d.dot(limb.dorsal)).normalize_or(outwards);
        (0..STEPS / 3)
            .map(|k| (edge.lerp(end, k as f64 / (STEPS / 3) as f64), normal))
            .collect()
    };
    let around = (0..=STEPS).map(|k| {
        let t = angle(touch) + (PI - angle(touch)) * k as f64 / STEPS as f64;
        (skin(t), direction(t))
    });
    let mut travelled = 0.0;
    let mut last: Option<DVec3> = None;
    free.into_iter()
        .chain(around)
        .map(|(at, normal)| {
            travelled += last.map_or(0.0, |l| l.distance(at));
            last = Some(at);
            Point {
                at,
                normal,
                travelled,
            }
        })
        .collect()
}

/// How far from the dial's middle a place along the strap is seen in the product picture.
struct Reach {
    /// Half the loop's extent when the strap stands as a loop, product pixels.
    loop_radius: Option<f64>,
    end: f64,
}

impl Reach {
    fn of(structure: &WatchStructure, piece: &Piece, sign: f64) -> Self {
        let size = DVec2::new(piece.pixels.width() as f64, piece.pixels.height() as f64);
        let corners = [
            DVec2::ZERO,
            size,
            DVec2::new(size.x, 0.0),
            DVec2::new(0.0, size.y),
        ];
        let along = corners.map(|c| (c - structure.dial_center).dot(structure.strap) * sign);
        let end = along.iter().copied().fold(0.0, f64::max);
        let length = size.dot(structure.strap.abs());
        let flat = length > FLAT_LENGTH * 2.0 * structure.dial_radius;
        Self {
            loop_radius: (!flat).then_some(end.max(1.0)),
            end,
        }
    }

    /// A loop shows the sine of the way around it.
    fn seen(&self, travelled: f64) -> f64 {
        match self.loop_radius {
            Some(r) => r * (travelled / r).min(PI / 2.0).sin(),
            None => travelled.min(self.end),
        }
    }
}
