//! A smooth stand-in for the neck, the shoulders and the chest of the person in the picture.
//!
//! The surface is star-shaped around the body's vertical axis: `radius(angle, height)`, the mean human shape
//! ([`shape`]) adapted to the shoulders' width and to the neck's measured place and thickness. It answers the two
//! questions that jewelry asks: how far is a point from the skin, and does the body hide it from the camera.

mod shape;

use std::f64::consts::PI;

use glam::{DMat3, DVec2, DVec3};

use crate::locate::Anatomy;

/// Body frame: origin midway between the shoulder joints, x to the subject's left, y to the back, z up; mm.
#[derive(Debug, Clone)]
pub struct Body {
    /// Body frame to camera frame.
    to_camera: DMat3,
    origin: DVec3,
    grid: Grid,
    /// How far the sections' centres move per mm of height above the shoulders: the line to the neck's centre.
    lean: DVec2,
    neck_height: f64,
}

/// Radii on a fine regular grid, so that a look-up is four reads.
#[derive(Debug, Clone)]
struct Grid {
    /// `ROWS * COLUMNS`, from the lowest row up, from the front to the back.
    radius: Vec<f64>,
}

const ROW_MM: f64 = 5.0;
const BOTTOM_MM: f64 = -360.0;
const ROWS: usize = 105;
const COLUMNS: usize = 37;

/// The measures that the mean shape belongs to, mm.
const MEAN_SHOULDER_MM: f64 = 170.0;
const MEAN_NECK_MM: f64 = 49.0;
const MEAN_HEIGHT_MM: f64 = 125.0;

impl Body {
    /// Stand-in for the first person; `None` without a neck.
    pub fn new(anatomy: &Anatomy) -> Option<Self> {
        let neck = anatomy.neck.as_ref()?;
        let shoulders = match &anatomy.shoulders {
            Some(s) => (s.left_mm, s.right_mm),
            None => {
                let middle = neck.centre_mm + DVec3::new(0.0, MEAN_HEIGHT_MM, 10.0);
                let half = DVec3::X * (neck.radius_mm * MEAN_SHOULDER_MM / MEAN_NECK_MM);
                (middle + half, middle - half)
            }
        };
        Self::of(shoulders, neck.centre_mm, neck.radius_mm)
    }

    /// Stand-in for a person with the left and right shoulder joints, the neck's centre (camera mm) and its radius (mm)
    /// there; `None` when the shoulders are in one place.
    pub fn of((left, right): (DVec3, DVec3), neck: DVec3, neck_mm: f64) -> Option<Self> {
        let x = (left - right).try_normalize()?;
        // The torso is taken to be upright: its axis is the photo's vertical, squared with the shoulders.
        let up = DVec3::NEG_Y.reject_from_normalized(x).try_normalize()?;
        let to_camera = DMat3::from_cols(x, up.cross(x), up);
        let origin = (left + right) / 2.0;
        let centre = to_camera.transpose() * (neck - origin);
        let neck_height = centre.z.clamp(70.0, 190.0);
        Some(Self {
            to_camera,
            origin,
            grid: Grid::new((left - right).length() / 2.0, neck_mm, neck_height),
            lean: centre.truncate() / neck_height,
            neck_height,
        })
    }

    pub fn to_camera(&self, p: DVec3) -> DVec3 {
        self.origin + self.to_camera * p
    }

    pub fn direction_to_camera(&self, d: DVec3) -> DVec3 {
        self.to_camera * d
    }

    pub fn from_camera(&self, p: DVec3) -> DVec3 {
        self.to_camera.transpose() * (p - self.origin)
    }

    /// Height of the neck's centre above the shoulder joints, mm.
    pub fn neck_height(&self) -> f64 {
        self.neck_height
    }

    /// Point of the body frame `above` mm off the skin (measured level), at an angle from the front (0) to the
    /// subject's right (positive) and at a height.
    pub fn skin(&self, angle: f64, height: f64, above: f64) -> DVec3 {
        let turn = angle.sin().atan2(angle.cos());
        let r = self.grid.sample(turn.abs(), height).0 + above;
        let q = self.centre(height) + DVec2::new(-turn.sin(), -turn.cos()) * r;
        q.extend(height)
    }

    /// Centre of the section at `height`.
    fn centre(&self, height: f64) -> DVec2 {
        self.lean * height.clamp(0.0, 1.5 * self.neck_height)
    }

    /// First-order distance from the skin (negative inside) and unit outward normal at a point of the body frame.
    pub fn distance(&self, p: DVec3) -> (f64, DVec3) {
        let slope = if p.z > 0.0 && p.z < 1.5 * self.neck_height {
            self.lean
        } else {
            DVec2::ZERO
        };
        let q = p.truncate() - self.centre(p.z);
        let rho = q.length().max(1.0);
        let radial = q / rho;
        let angle = q.x.abs().atan2(-q.y);
        let (r, by_angle, by_height) = self.grid.sample(angle, p.z);
        // F = |q| - r(angle, z); the angle grows from the front towards both sides.
        let turn = DVec2::new(-radial.y, radial.x) * if q.x < 0.0 { -1.0 } else { 1.0 };
        let flat = radial - turn * (by_angle / rho);
        let gradient = flat.extend(-by_height - flat.dot(slope));
        let length = gradient.length();
        ((rho - r) / length, gradient / length)
    }

    /// How far the line of sight to a point (camera mm) keeps off the skin, mm: negative where the body hides the point,
    /// and then by as much as it lies behind the body's outline.
    pub fn clearance(&self, p: DVec3) -> f64 {
        const STEPS: usize = 40;
        const REACH_MM: f64 = 260.0;
        let to_eye = -p.normalize_or_zero();
        let mut least = f64::INFINITY;
        for i in 0..STEPS {
            // Denser near the point, where the surface is close.
            let t = (i as f64 / STEPS as f64).powi(2) * REACH_MM;
            least = least.min(self.distance(self.from_camera(p + to_eye * t)).0);
        }
        least
    }

    /// How far the whole line of sight through a point (camera mm) keeps off the skin, mm: negative where it cuts into the
    /// body, 0 where it touches the outline.
    pub fn outline_distance(&self, p: DVec3) -> f64 {
        const REACH_MM: f64 = 200.0;
        const STEPS: usize = 25;
        const STEP_MM: f64 = 2.0 * REACH_MM / (STEPS - 1) as f64;
        let away = p.normalize_or_zero();
        let at = |i: usize| {
            let q = p + away * (i as f64 * STEP_MM - REACH_MM);
            self.distance(self.from_camera(q)).0
        };
        let distances: [f64; STEPS] = std::array::from_fn(at);
        let nearest = (1..STEPS - 1)
            .min_by(|a, b| distances[*a].total_cmp(&distances[*b]))
            .unwrap_or(1);
        // The lowest point of the parabola through the nearest sample and its neighbours.
        let [a, b, c] = [distances[nearest - 1], distances[nearest], distances[nearest + 1]];
        let bend = a - 2.0 * b + c;
        if bend > 1e-9 && a >= b && c >= b {
            b - (a - c).powi(2) / (8.0 * bend)
        } else {
            b
        }
    }
}

impl Grid {
    /// Mean shape changed by the person's measures (mm), each kept within what the tables were made from.
    fn new(shoulder: f64, neck: f64, height: f64) -> Self {
        let weights = [
            (&shape::MEAN_MM, 1.0),
            (
                &shape::SHOULDER_MM,
                ((shoulder - MEAN_SHOULDER_MM) / 20.0).clamp(-2.0, 2.5),
            ),
            (&shape::NECK_MM, ((neck - MEAN_NECK_MM) / 5.0).clamp(-2.5, 3.0)),
            (
                &shape::HEIGHT_MM,
                ((height - MEAN_HEIGHT_MM) / 10.0).clamp(-3.0, 3.0),
            ),
        ];
        let columns: Vec<Vec<f64>> = (0..13)
            .map(|k| {
                (0..shape::HEIGHTS_MM.len())
                    .map(|row| weights.iter().map(|(table, w)| table[row][k] * w).sum())
                    .collect()
            })
            .collect();
        let mut radius = Vec::with_capacity(ROWS * COLUMNS);
        for row in 0..ROWS {
            let height = BOTTOM_MM + row as f64 * ROW_MM;
            let profile: Vec<f64> = columns
                .iter()
                .map(|c| cubic(&shape::HEIGHTS_MM, c, height))
                .collect();
            // Mirrored beyond both ends, so that the surface is smooth across the midline.
            let at = |k: isize| {
                profile[if k < 0 {
                    -k
                } else if k > 12 {
                    24 - k
                } else {
                    k
                } as usize]
            };
            for column in 0..COLUMNS {
                let f = column as f64 / 3.0;
                let k = (f.floor() as isize).min(11);
                radius.push(hermite(at(k - 1), at(k), at(k + 1), at(k + 2), f - k as f64).max(20.0));
            }
        }
        Self { radius }
    }

    /// Radius and its change per radian and per mm of height.
    fn sample(&self, angle: f64, height: f64) -> (f64, f64, f64) {
        let per_radian = (COLUMNS - 1) as f64 / PI;
        let u = (angle * per_radian).clamp(0.0, (COLUMNS - 1) as f64 - 1e-9);
        let v = ((height - BOTTOM_MM) / ROW_MM).clamp(0.0, (ROWS - 1) as f64 - 1e-9);
        let (i, j) = (u as usize, v as usize);
        let (fu, fv) = (u - i as f64, v - j as f64);
        let k = j * COLUMNS + i;
        let (a, b) = (self.radius[k], self.radius[k + 1]);
        let (c, d) = (self.radius[k + COLUMNS], self.radius[k + COLUMNS + 1]);
        let low = a + (b - a) * fu;
        let high = c + (d - c) * fu;
        let by_angle = ((b - a) * (1.0 - fv) + (d - c) * fv) * per_radian;
        (low + (high - low) * fv, by_angle, (high - low) / ROW_MM)
    }
}

/// Catmull–Rom segment between `b` and `c`.
fn hermite(a: f64, b: f64, c: f64, d: f64, t: f64) -> f64 {
    let (m0, m1) = ((c - a) / 2.0, (d - b) / 2.0);
    let (t2, t3) = (t * t, t * t * t);
    (2.0 * t3 - 3.0 * t2 + 1.0) * b + (t3 - 2.0 * t2 + t) * m0 + (3.0 * t2 - 2.0 * t3) * c + (t3 - t2) * m1
}

/// Cubic Hermite interpolation on uneven, ascending knots; held beyond the ends.
fn cubic(x: &[f64], y: &[f64], at: f64) -> f64 {
    let n = x.len().min(y.len());
    let k = x[..n].partition_point(|v| *v <= at).clamp(1, n - 1) - 1;
    let slope = |i: usize| {
        let (lo, hi) = (i.saturating_sub(1), (i + 1).min(n - 1));
        (y[hi] - y[lo]) / (x[hi] - x[lo])
    };
    let h = x[k + 1] - x[k];
    let t = ((at - x[k]) / h).clamp(0.0, 1.0);
    let (m0, m1) = (slope(k) * h, slope(k + 1) * h);
    let (t2, t3) = (t * t, t * t * t);
    (2.0 * t3 - 3.0 * t2 + 1.0) * y[k]
        + (t3 - 2.0 * t2 + t) * m0
        + (3.0 * t2 - 2.0 * t3) * y[k + 1]
        + (t3 - t2) * m1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_sight_misses_the_outline_by_what_a_point_behind_the_body_is_hidden_by() {
        let shoulder = DVec3::new(165.0, 120.0, 950.0);
        let right = shoulder * DVec3::new(-1.0, 1.0, 1.0);
        let body = Body::of((shoulder, right), DVec3::new(0.0, -5.0, 950.0), 47.0).unwrap();
        let (mut hidden, mut seen) = (0, 0);
        for (i, j) in (0..24).flat_map(|i| (0..12).map(move |j| (i, j))) {
            let p = DVec3::new(f64::from(i) * 20.0 - 230.0, f64::from(j) * 12.0 - 20.0, 950.0);
            let miss = body.outline_distance(p);
            let behind = body.clearance(p + p.normalize() * 190.0);
            // Far off the body the distance is of first order only, and differs along the line.
            if miss.abs() < 15.0 {
                assert!((miss - behind).abs() < 3.0, "{p:?}: {miss} {behind}");
            }
            (hidden, seen) = (hidden + i32::from(miss < 0.0), seen + i32::from(miss > 0.0));
        }
        assert!(hidden > 30 && seen > 30, "{hidden} {seen}");
    }
}
