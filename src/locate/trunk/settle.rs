//! Moves neck and shoulders so that the stand-in's outline is the picture's: damped least squares on the distance by
//! which the line of sight to each outline point misses the stand-in, held by how sure the first guess is.

use glam::{DMat3, DVec3};
use nalgebra::{SMatrix, SVector};

use super::outline::OutlinePoint;
use crate::locate::body::Body;
use crate::locate::camera::Camera;
use crate::locate::{HeadPose, Neck, Shoulders};

/// What may change: shoulders to the left and down (mm), their width (logarithm), turn and slope (radians), the neck to
/// the left (mm), its thickness (logarithm).
const PARAMETERS: usize = 7;
type Change = SVector<f64, PARAMETERS>;
/// How far each is off as a rule; the neck under a head that faces the camera.
const SPREAD: [f64; PARAMETERS] = [15.0, 15.0, 0.08, 0.25, 0.1, 10.0, 0.06];
/// Turned farther than this the head's own turn is unsure, and with it where the neck is; degrees, and mm per degree.
const SURE_YAW_DEG: f64 = 40.0;
const PER_DEGREE_MM: f64 = 1.2;
/// Steps for the slopes.
const STEP: [f64; PARAMETERS] = [1.0, 1.0, 0.01, 0.02, 0.01, 1.0, 0.01];
/// How far an outline point lies off as a rule: skin, and cloth, which also keeps off the skin; mm.
const SKIN_MM: f64 = 3.0;
const CLOTH_MM: f64 = 9.0;
const CLOTH_THICK_MM: f64 = 3.0;
/// A point this far off says half; far beyond it belongs to something else. First rounds, later ones; mm.
const LIKELY_MM: [f64; 2] = [25.0, 10.0];
/// Points of the stand-in's own part: from this far above the shoulder joints to this far above the neck's centre, mm.
const FROM_MM: f64 = 30.0;
const ABOVE_NECK_MM: f64 = 5.0;
/// So many points weigh as one measurement: neighbours err alike.
const ALIKE: f64 = 4.0;
/// Fewer points tell nothing.
const LEAST_POINTS: usize = 12;
const ROUNDS: usize = 10;

/// Neck and shoulders as the stand-in needs them, camera mm.
#[derive(Debug, Clone, Copy)]
pub struct Trunk {
    left: DVec3,
    right: DVec3,
    neck: DVec3,
    radius: f64,
}

impl Trunk {
    pub fn new(neck: &Neck, shoulders: &Shoulders) -> Self {
        Self {
            left: shoulders.left_mm,
            right: shoulders.right_mm,
            neck: neck.centre_mm,
            radius: neck.radius_mm,
        }
    }

    fn middle(&self) -> DVec3 {
        (self.left + self.right) / 2.0
    }

    fn changed(&self, by: &Change) -> Self {
        let middle = self.middle() + DVec3::new(by[0], by[1], 0.0);
        let turn = DMat3::from_rotation_z(by[4]) * DMat3::from_rotation_y(by[3]);
        let half = turn * (self.left - self.right) / 2.0 * by[2].exp();
        Self {
            left: middle + half,
            right: middle - half,
            neck: self.neck + DVec3::X * by[5],
            radius: self.radius * by[6].exp(),
        }
    }

    fn body(&self) -> Option<Body> {
        Body::of((self.left, self.right), self.neck, self.radius)
    }

    /// The trunk whose outline is the picture's, as far as that shows it.
    pub fn settle(&self, camera: &Camera, head: &HeadPose, outline: &[OutlinePoint]) -> Self {
        let Some(body) = self.body() else {
            return *self;
        };
        let points: Vec<OutlinePoint> = outline
            .iter()
            .filter(|p| {
                let height = body.from_camera(camera.unproject(p.at, self.neck.z)).z;
                (FROM_MM..body.neck_height() + ABOVE_NECK_MM).contains(&height)
            })
            .copied()
            .collect();
        if points.len() < LEAST_POINTS {
            return *self;
        }
        let mut spread = SPREAD;
        spread[5] += PER_DEGREE_MM * (head.yaw_deg.abs() - SURE_YAW_DEG).max(0.0);
        let mut change = Change::zeros();
        for round in 0..ROUNDS {
            let likely = LIKELY_MM[usize::from(round >= ROUNDS / 2)];
            let Some(step) = self.step(&change, camera, &points, likely, &spread) else {
                return *self;
            };
            change += step;
            if (0..PARAMETERS).all(|k| step[k].abs() < 0.2 * STEP[k]) && round > ROUNDS / 2 {
                break;
            }
        }
        self.changed(&change)
    }

    /// One Gauss–Newton step from `change`.
    fn step(
        &self,
        change: &Change,
        camera: &Camera,
        points: &[OutlinePoint],
        likely: f64,
        spread: &[f64; PARAMETERS],
    ) -> Option<Change> {
        let here = misses(&self.changed(change).body()?, camera, points);
        let mut there = Vec::with_capacity(PARAMETERS);
        for k in 0..PARAMETERS {
            let mut moved = *change;
            moved[k] += STEP[k];
            there.push(misses(&self.changed(&moved).body()?, camera, points));
        }
        let mut a = SMatrix::<f64, PARAMETERS, PARAMETERS>::zeros();
        let mut b = Change::zeros();
        for (i, (point, miss)) in points.iter().zip(&here).enumerate() {
            let sure = if point.cloth { CLOTH_MM } else { SKIN_MM };
            let doubt = 1.0 + (miss / likely).powi(2);
            let weight = 1.0 / (doubt * doubt * sure * sure * ALIKE);
            let slope = Change::from_fn(|k, _| (there[k][i] - miss) / STEP[k]);
            a += slope * slope.transpose() * weight;
            b -= slope * (miss * weight);
        }
        for k in 0..PARAMETERS {
            let weight = 1.0 / (spread[k] * spread[k]);
            a[(k, k)] += weight;
            b[k] -= change[k] * weight;
        }
        let mut step = a.cholesky()?.solve(&b);
        for k in 0..PARAMETERS {
            step[k] = step[k].clamp(-spread[k], spread[k]);
        }
        Some(step)
    }

    /// Takes what changed from `before` into what is reported.
    pub fn write(&self, camera: &Camera, before: &Self, neck: &mut Neck, shoulders: &mut Shoulders) {
        let wider = self.radius / before.radius.max(1e-9);
        let across = (neck.left - neck.right) / 2.0 * wider;
        let middle = (neck.left + neck.right) / 2.0 + camera.project(self.neck) - camera.project(before.neck);
        (neck.left, neck.right) = (middle + across, middle - across);
        (neck.centre_mm, neck.radius_mm) = (self.neck, self.radius);
        // The pit keeps its place between the shoulders.
        if let (Some(old), Some(new)) = (before.body(), self.body()) {
            neck.pit_mm = new.to_camera(old.from_camera(neck.pit_mm));
            neck.pit = camera.project(neck.pit_mm);
        }
        (shoulders.left_mm, shoulders.right_mm) = (self.left, self.right);
        (shoulders.left, shoulders.right) = (camera.project(self.left), camera.project(self.right));
    }
}

/// How far the line of sight to each outline point keeps off the stand-in (negative: cuts into it), mm; 0 for a point
/// on its outline.
fn misses(body: &Body, camera: &Camera, points: &[OutlinePoint]) -> Vec<f64> {
    let depth = body.to_camera(DVec3::ZERO).z;
    points
        .iter()
        .map(|p| {
            let miss = body.outline_distance(camera.unproject(p.at, depth));
            miss - if p.cloth { CLOTH_THICK_MM } else { 0.0 }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use glam::DVec2;

    fn camera() -> Camera {
        Camera::new(1500.0, 900, 1100)
    }

    fn head(yaw_deg: f64) -> HeadPose {
        HeadPose {
            rotation: DMat3::IDENTITY,
            translation_mm: DVec3::new(0.0, -120.0, 900.0),
            yaw_deg,
            pitch_deg: 0.0,
            roll_deg: 0.0,
            size: 1.0,
        }
    }

    fn mean() -> Trunk {
        Trunk {
            left: DVec3::new(165.0, 120.0, 950.0),
            right: DVec3::new(-165.0, 120.0, 950.0),
            neck: DVec3::new(0.0, -5.0, 950.0),
            radius: 47.0,
        }
    }

    /// Places where the outline of a trunk crosses the rows of a picture.
    fn outline_of(trunk: &Trunk) -> Vec<OutlinePoint> {
        let (body, camera) = (trunk.body().unwrap(), camera());
        let miss = |x: f64, y: f64| {
            let depth = body.to_camera(DVec3::ZERO).z;
            body.outline_distance(camera.unproject(DVec2::new(x, y), depth))
        };
        let mut out = Vec::new();
        for y in (450..700).step_by(4) {
            for x in (10..890).step_by(2) {
                let (x, y) = (f64::from(x), f64::from(y));
                let (a, b) = (miss(x, y), miss(x + 2.0, y));
                if (a < 0.0) != (b < 0.0) {
                    let at = DVec2::new(x + 2.0 * a / (a - b), y);
                    out.push(OutlinePoint { at, cloth: false });
                }
            }
        }
        out
    }

    #[test]
    fn the_neck_is_found_where_the_outline_is() {
        let change = Change::from([8.0, -6.0, 0.04, 0.15, 0.03, 20.0, -0.05]);
        let truth = mean().changed(&change);
        let mut outline = outline_of(&truth);
        assert!(outline.len() > 60, "{}", outline.len());
        // A chin at the neck's height, and something in the background.
        outline.extend((0..12).map(|i| OutlinePoint {
            at: DVec2::new(620.0, 430.0 + 3.0 * f64::from(i)),
            cloth: false,
        }));
        let found = mean().settle(&camera(), &head(60.0), &outline);
        assert!((found.neck - truth.neck).length() < 4.0, "{found:?} {truth:?}");
        assert!((found.radius - truth.radius).abs() < 2.0, "{found:?}");
        assert!((found.middle() - truth.middle()).length() < 6.0, "{found:?}");
    }

    #[test]
    fn where_the_outline_fits_or_is_not_seen_nothing_moves() {
        let still = mean().settle(&camera(), &head(0.0), &outline_of(&mean()));
        assert!((still.neck - mean().neck).length() < 0.5 && (still.radius - 47.0).abs() < 0.5);
        let unseen = mean().settle(&camera(), &head(60.0), &outline_of(&mean())[..5]);
        assert_eq!(
            (unseen.left, unseen.neck, unseen.radius),
            (mean().left, mean().neck, 47.0)
        );
    }

    #[test]
    fn what_is_reported_follows() {
        let camera = camera();
        let before = mean();
        let mut neck = Neck {
            left: camera.project(before.neck + DVec3::X * 48.0),
            right: camera.project(before.neck - DVec3::X * 48.0),
            pit: camera.project(DVec3::new(0.0, 90.0, 900.0)),
            px_per_mm: camera.px_per_mm(950.0),
            centre_mm: before.neck,
            axis: DVec3::NEG_Y,
            radius_mm: before.radius,
            pit_mm: DVec3::new(0.0, 90.0, 900.0),
        };
        let mut shoulders = Shoulders {
            left: camera.project(before.left),
            right: camera.project(before.right),
            left_mm: before.left,
            right_mm: before.right,
            visibility: 1.0,
        };
        let after = before.changed(&Change::from([10.0, 5.0, 0.0, 0.0, 0.0, 12.0, 0.1]));
        after.write(&camera, &before, &mut neck, &mut shoulders);
        let middle = (neck.left + neck.right) / 2.0;
        assert!((middle - camera.project(after.neck)).length() < 1e-9);
        let wide = neck.left.x - neck.right.x;
        assert!((wide / neck.px_per_mm - 96.0 * 0.1f64.exp()).abs() < 1e-6);
        assert!((neck.pit_mm - DVec3::new(10.0, 95.0, 900.0)).length() < 1e-6);
        assert!((shoulders.left_mm - (before.left + DVec3::new(10.0, 5.0, 0.0))).length() < 1e-9);
    }
}
