//! Earrings that are flat enough to be worn as a card: studs, drops, and hoops that are no plain wire.

use glam::{DMat2, DVec2, DVec3};

use super::seat::{DOWN, Point, Seat, Touch};
use crate::fit::{WarpMesh, WarpVertex};
use crate::product::EarringPart;

/// Cells along the longer side: fine enough for perspective and for the cheek's edge.
const CELLS: f64 = 32.0;
/// The cut-out is read this far beyond its box, product pixels, so that its soft edge is its own.
const MARGIN: f64 = 1.0;
/// A drop looks this much more forward than its hole is pierced: weight of the hole's direction against the face's.
const DROP_OUT: f64 = 0.75;
/// A hook's front leg swings this far out in front of the middle of the lobe, mm, over this way down.
const HOOK_MM: f64 = 4.8;
const HOOK_DOWN_MM: f64 = 3.0;
/// A ball's middle lies this share of its radius in front of the lobe: it is sunk in a little.
const SUNK: f64 = 0.92;

/// A stud: on the lobe's front, turned as that is. Its outline is that of an ellipsoid as deep as the part says, so that
/// a ball stays round and a flat stone is foreshortened.
pub fn stud(seat: &Seat, part: &EarringPart) -> WarpMesh {
    let n = seat.normal;
    let size = (part.max - part.min) * seat.mm_per_px;
    let middle = seat.pierce + n * (SUNK * part.depth * size.x / 2.0);
    let seen = outline_of(n, part.depth);
    let centre = (part.min + part.max) / 2.0;
    grid(part, |source| {
        let at = seen * seat.offset(source, centre);
        let point = Point {
            source,
            at: middle + at.extend(0.0),
            beside_mm: DVec2::ZERO,
        };
        seat.vertex(&point, Touch::Lies, n)
    })
}

/// Maps a picture taken from the front (unit disc) to how an ellipsoid of that `depth` looks whose front faces `n`.
fn outline_of(n: DVec3, depth: f64) -> DMat2 {
    let up = DOWN.reject_from_normalized(n).normalize_or(DOWN);
    let right = up.cross(-n);
    let flat = DMat2::from_cols(right.truncate(), up.truncate());
    // Closest rotation of a 2 × 2 matrix.
    let turn = DMat2::from_angle((flat.x_axis.y - flat.y_axis.x).atan2(flat.x_axis.x + flat.y_axis.y));
    let away = n.truncate();
    match away.try_normalize() {
        Some(direction) => {
            let squeeze = (n.z * n.z + depth * depth * away.length_squared()).sqrt();
            let along = DMat2::from_cols(direction * direction.x, direction * direction.y);
            (DMat2::IDENTITY - along * (1.0 - squeeze)) * turn
        }
        None => turn,
    }
}

/// A drop: hangs from the hole and looks between outwards and forward.
pub fn drop(seat: &Seat, part: &EarringPart) -> WarpMesh {
    // A hook seen from the side lies in the plane of the hole.
    let facing = if part.back_leg.is_some() {
        facing_of_hoop(seat)
    } else {
        (seat.out * DROP_OUT + seat.forward).normalize_or(seat.forward)
    };
    let hooked = part.back_leg.is_none() && is_hooked(part);
    hanging(seat, part, facing, hooked)
}

/// A hoop that is more than a wire: through the hole, so that it is seen whole from the front and edge-on from the side.
pub fn hoop(seat: &Seat, part: &EarringPart) -> WarpMesh {
    hanging(seat, part, facing_of_hoop(seat), false)
}

/// Direction that the broad side of a hoop looks in: across the hole, to the front.
pub fn facing_of_hoop(seat: &Seat) -> DVec3 {
    let across = Seat::right_of(seat.out);
    if across.dot(seat.forward) < 0.0 {
        -across
    } else {
        across
    }
}

/// The part hangs from a wire rather than from a stud: its hole lies at its very top.
fn is_hooked(part: &EarringPart) -> bool {
    part.pierce.y - part.min.y < 0.05 * (part.max.y - part.min.y)
}

fn hanging(seat: &Seat, part: &EarringPart, facing: DVec3, hooked: bool) -> WarpMesh {
    let mut right = Seat::right_of(facing);
    // Seen from the side it is still as wide as it is deep.
    right.x = right.x.hypot(part.depth * right.z).copysign(right.x);
    let origin = seat.middle();
    grid(part, |source| {
        let d = seat.offset(source, part.pierce);
        let swing = if hooked {
            HOOK_MM * (1.0 - (-d.y.max(0.0) / HOOK_DOWN_MM).exp())
        } else {
            0.0
        };
        let point = Point {
            source,
            at: origin + right * d.x + DOWN * d.y + facing * swing,
            beside_mm: DVec2::ZERO,
        };
        let mut vertex = seat.vertex(&point, Touch::Hangs, facing);
        if behind_lobe(part, source) {
            vertex.cover = 0.0;
        }
        vertex
    })
}

/// The free leg of a hook that is seen from the side lies behind the lobe.
fn behind_lobe(part: &EarringPart, source: DVec2) -> bool {
    part.back_leg.is_some_and(|(min, max)| {
        let inward = (min.x + max.x) / 2.0 < part.pierce.x;
        let beyond = if inward {
            source.x < max.x
        } else {
            source.x > min.x
        };
        beyond && source.y < max.y
    })
}

fn grid(part: &EarringPart, vertex: impl Fn(DVec2) -> WarpVertex) -> WarpMesh {
    let (min, max) = (part.min - MARGIN, part.max + MARGIN);
    let size = max - min;
    let cell = size.max_element() / CELLS;
    let count = |length: f64| (length / cell).ceil().clamp(1.0, CELLS) as u32;
    let (columns, rows) = (count(size.x), count(size.y));
    let mut mesh = WarpMesh::default();
    for j in 0..=rows {
        for i in 0..=columns {
            let share = DVec2::new(f64::from(i) / f64::from(columns), f64::from(j) / f64::from(rows));
            mesh.vertices.push(vertex(min + size * share));
        }
    }
    for j in 0..rows {
        for i in 0..columns {
            let k = j * (columns + 1) + i;
            let below = k + columns + 1;
            mesh.triangles.push([k, k + 1, below + 1]);
            mesh.triangles.push([k, below + 1, below]);
        }
    }
    mesh
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ball_stays_round_and_a_disc_is_foreshortened() {
        for yaw in [0.0, 0.5, 1.2f64] {
            let n = DVec3::new(yaw.sin(), 0.0, -yaw.cos());
            let ball = outline_of(n, 1.0);
            assert!((ball.determinant() - 1.0).abs() < 1e-9);
            assert!((ball.x_axis.length() - 1.0).abs() < 1e-9 && (ball.y_axis.length() - 1.0).abs() < 1e-9);
            let disc = outline_of(n, 0.0);
            assert!(
                (disc.x_axis - DVec2::new(yaw.cos(), 0.0)).length() < 1e-9,
                "{disc}"
            );
            assert!((disc.y_axis - DVec2::Y).length() < 1e-9, "{disc}");
        }
    }

    #[test]
    fn the_outline_is_that_of_an_ellipsoid() {
        // The silhouette of an ellipsoid with axes r, u and depth·n reaches √(r·e² + u·e² + depth²·n·e²) in direction e.
        let n = DVec3::new(0.6, 0.2, -0.7).normalize();
        let up = DOWN.reject_from_normalized(n).normalize();
        let right = up.cross(-n);
        let depth = 0.4;
        let m = outline_of(n, depth);
        for k in 0..12 {
            let e = DVec2::from_angle(f64::from(k) * 0.5);
            let d = e.extend(0.0);
            let reach = (right.dot(d).powi(2) + up.dot(d).powi(2) + (depth * n.dot(d)).powi(2)).sqrt();
            assert!(((m.transpose() * e).length() - reach).abs() < 1e-9);
        }
    }
}
