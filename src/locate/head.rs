//! Head pose and true size from the mesh.
//!
//! The mean face is posed under the photograph's perspective camera so that its points project onto the mesh
//! (perspective-n-point by Levenberg–Marquardt on pixels). Its size then comes from two witnesses, weighted by
//! their variances: people's faces are alike, and people's irises are alike (11.7 mm).

use glam::{DMat3, DVec2, DVec3};
use nalgebra::{SMatrix, SVector};

use super::camera::Camera;
use super::face_shape::FACE_SHAPE;
use super::mesh::{BASE_POINTS, LEFT_EYE_OUTER, LEFT_IRIS, RIGHT_EYE_OUTER, RIGHT_IRIS};
use super::{HeadPose, anatomy::BBox};

/// Visible iris diameter of adults (± 0.5 mm).
const IRIS_MM: f64 = 11.7;
/// The iris takes part in the scale from this many pixels on.
const LEAST_IRIS_PX: f64 = 12.0;
/// Relative standard deviations: of the iris among people, of the face's size among people, of the measured iris
/// (pixels), and how the measured iris degrades as the eye turns away (per sin² of the yaw).
const IRIS_SPREAD: f64 = 0.043;
const FACE_SPREAD: f64 = 0.05;
const IRIS_NOISE_PX: f64 = 0.7;
const IRIS_TURN: f64 = 0.5;

const FOREHEAD: usize = 10;
const CHIN: usize = 152;
/// Below this height in the head frame (mm) the face moves with mouth and jaw and counts less.
const JAW_MM: f64 = 38.0;
const JAW_WEIGHT: f64 = 0.3;

/// Head frame to camera, for a head of mean size.
#[derive(Debug, Clone, Copy)]
struct Rigid {
    rotation: DMat3,
    translation: DVec3,
}

/// Pose of the head in true millimetres.
pub fn head_pose(points: &[DVec3], camera: &Camera) -> HeadPose {
    let rigid = fit(points, camera);
    let yaw = yaw_of(&rigid.rotation);
    let size = size_factor(points, camera, &rigid, yaw);
    let m = rigid.rotation;
    HeadPose {
        rotation: m,
        translation_mm: rigid.translation * size,
        yaw_deg: yaw.to_degrees(),
        pitch_deg: -m.y_axis.z.atan2(m.z_axis.z).to_degrees(),
        roll_deg: m.x_axis.y.atan2(m.x_axis.x).to_degrees(),
        size,
    }
}

/// Box around the base mesh.
pub fn bounds(points: &[DVec3]) -> BBox {
    let (mut min, mut max) = (DVec2::INFINITY, DVec2::NEG_INFINITY);
    for p in points.iter().take(BASE_POINTS) {
        min = min.min(p.truncate());
        max = max.max(p.truncate());
    }
    BBox {
        x: min.x,
        y: min.y,
        width: max.x - min.x,
        height: max.y - min.y,
    }
}

fn yaw_of(m: &DMat3) -> f64 {
    m.x_axis.z.atan2(m.x_axis.x.hypot(m.x_axis.y))
}

/// Mean-shape points with their weights: the jaw moves, the irises roll.
fn shape() -> impl Iterator<Item = (DVec3, f64)> {
    FACE_SHAPE.iter().take(BASE_POINTS).map(|p| {
        let p = DVec3::from(p.map(f64::from));
        (p, if p.y > JAW_MM { JAW_WEIGHT } else { 1.0 })
    })
}

/// Pose that minimises the weighted reprojection error.
fn fit(points: &[DVec3], camera: &Camera) -> Rigid {
    let mut pose = initial(points, camera);
    let mut damping = 1e-3;
    let mut at = normal_equations(&pose, points, camera);
    for _ in 0..30 {
        let (mut a, b, cost) = at;
        for i in 0..6 {
            a[(i, i)] *= 1.0 + damping;
        }
        let Some(step) = a.cholesky().map(|c| c.solve(&b)) else {
            break;
        };
        let next = advance(&pose, &step);
        let there = normal_equations(&next, points, camera);
        if there.2 < cost {
            let done = cost - there.2 < 1e-9 * cost;
            (pose, at, damping) = (next, there, damping * 0.3);
            if done {
                break;
            }
        } else {
            damping *= 10.0;
            if damping > 1e9 {
                break;
            }
        }
    }
    pose
}

/// Start: the mesh's own axes under weak perspective.
fn initial(points: &[DVec3], camera: &Camera) -> Rigid {
    let at = |i: usize| points.get(i).copied().unwrap_or_default();
    let mean = |i: usize| DVec3::from(FACE_SHAPE.get(i).copied().unwrap_or_default().map(f64::from));
    let frame = |of: &dyn Fn(usize) -> DVec3| {
        let x = (of(LEFT_EYE_OUTER) - of(RIGHT_EYE_OUTER)).normalize_or(DVec3::X);
        let down = of(CHIN) - of(FOREHEAD);
        let y = (down - x * down.dot(x)).normalize_or(DVec3::Y);
        DMat3::from_cols(x, y, x.cross(y))
    };
    let rotation = frame(&at) * frame(&mean).transpose();
    let span = |of: &dyn Fn(usize) -> DVec3| {
        (of(CHIN) - of(FOREHEAD)).length() + (of(LEFT_EYE_OUTER) - of(RIGHT_EYE_OUTER)).length()
    };
    let scale = (span(&at) / span(&mean)).max(1e-6);
    let z = camera.focal_px / scale;
    let eyes = (at(LEFT_EYE_OUTER) + at(RIGHT_EYE_OUTER)) / 2.0;
    Rigid {
        rotation,
        translation: camera.unproject(eyes.truncate(), z),
    }
}

type Normal = (SMatrix<f64, 6, 6>, SVector<f64, 6>, f64);

/// JᵀWJ, −JᵀWr and the cost for small steps (rotation vector in the camera frame, translation).
fn normal_equations(pose: &Rigid, points: &[DVec3], camera: &Camera) -> Normal {
    let (mut a, mut b, mut cost) = (SMatrix::zeros(), SVector::zeros(), 0.0);
    for ((p, weight), seen) in shape().zip(points) {
        let turned = pose.rotation * p;
        let q = turned + pose.translation;
        let z = q.z.max(1.0);
        let r = camera.project(q.truncate().extend(z)) - seen.truncate();
        let k = camera.focal_px / z;
        // d(projection)/dq, then dq/d(rotation) = −[turned]×, dq/d(translation) = 1.
        let rows = [DVec3::new(k, 0.0, -k * q.x / z), DVec3::new(0.0, k, -k * q.y / z)];
        for (row, r) in rows.into_iter().zip([r.x, r.y]) {
            let w = turned.cross(row);
            let j = SVector::<f64, 6>::from([w.x, w.y, w.z, row.x, row.y, row.z]);
            a += j * j.transpose() * weight;
            b -= j * (weight * r);
            cost += weight * r * r;
        }
    }
    (a, b, cost)
}

fn advance(pose: &Rigid, step: &SVector<f64, 6>) -> Rigid {
    let spin = DVec3::new(step[0], step[1], step[2]);
    let turn = DMat3::from_quat(glam::DQuat::from_scaled_axis(spin));
    Rigid {
        rotation: turn * pose.rotation,
        translation: pose.translation + DVec3::new(step[3], step[4], step[5]),
    }
}

/// How much larger than the mean head this one is: the weighted geometric mean of what the face says (1) and what
/// the irises say.
fn size_factor(points: &[DVec3], camera: &Camera, rigid: &Rigid, yaw: f64) -> f64 {
    let precision = |spread: f64| 1.0 / (spread * spread);
    let mut total = precision(FACE_SPREAD);
    let mut sum = 0.0;
    // The nearer eye sees the camera straighter.
    let first = if yaw > 0.0 { RIGHT_IRIS } else { LEFT_IRIS };
    if let Some([_, right, top, left, bottom]) = points.get(first..first + 5) {
        let across = (*right - *left).truncate().length() / yaw.cos().max(0.2);
        let down = (*top - *bottom).truncate().length();
        let diameter = (across + down) / 2.0;
        if diameter >= LEAST_IRIS_PX {
            let centre = DVec3::from(FACE_SHAPE.get(first).copied().unwrap_or_default().map(f64::from));
            let z = (rigid.rotation * centre + rigid.translation).z;
            let seen_mm = diameter / camera.px_per_mm(z);
            let turn = IRIS_TURN * yaw.sin().powi(2);
            let spread = IRIS_SPREAD.hypot(IRIS_NOISE_PX / diameter).hypot(turn);
            total += precision(spread);
            sum += precision(spread) * (IRIS_MM / seen_mm).ln();
        }
    }
    (sum / total).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The mean face, seen by a camera under a known pose.
    fn seen(rotation: DMat3, translation: DVec3, camera: &Camera) -> Vec<DVec3> {
        let project = |p: &[f32; 3]| {
            let q = rotation * DVec3::from(p.map(f64::from)) + translation;
            camera.project(q).extend(q.z * camera.px_per_mm(translation.z))
        };
        FACE_SHAPE.iter().map(project).collect()
    }

    #[test]
    fn known_poses_come_back() {
        let camera = Camera::new(1200.0, 1000, 1200);
        for (yaw, pitch, roll) in [(0.0, 0.0, 0.0), (30.0, -10.0, 5.0), (-55.0, 15.0, -20.0)] {
            let (y, p, r): (f64, f64, f64) = (yaw, pitch, roll);
            let m = DMat3::from_rotation_z(r.to_radians())
                * DMat3::from_rotation_y(-y.to_radians())
                * DMat3::from_rotation_x(-p.to_radians());
            let t = DVec3::new(30.0, -40.0, 650.0);
            let points = seen(m, t, &camera);
            let rigid = fit(&points, &camera);
            assert!((rigid.translation - t).length() < 1e-3, "{rigid:?}");
            let pose = head_pose(&points, &camera);
            for (found, true_value) in [
                (pose.yaw_deg, yaw),
                (pose.pitch_deg, pitch),
                (pose.roll_deg, roll),
            ] {
                assert!((found - true_value).abs() < 1e-3, "{found} for {true_value}");
            }
        }
    }

    #[test]
    fn signs_of_the_angles() {
        let camera = Camera::new(1200.0, 1000, 1000);
        let t = DVec3::new(0.0, 0.0, 600.0);
        // Turning about the camera's y axis by −20° moves the nose (−z of the head) to the right of the picture.
        let left = head_pose(&seen(DMat3::from_rotation_y(-0.35), t, &camera), &camera);
        assert!(left.yaw_deg > 19.0 && left.to_camera(DVec3::new(0.0, 0.0, -100.0)).x > 0.0);
        let up = head_pose(&seen(DMat3::from_rotation_x(-0.2), t, &camera), &camera);
        assert!(up.pitch_deg > 11.0 && up.to_camera(DVec3::new(0.0, 0.0, -100.0)).y < 0.0);
    }

    #[test]
    fn large_irises_make_a_small_head() {
        let camera = Camera::new(2400.0, 2000, 2000);
        let mut points = seen(DMat3::IDENTITY, DVec3::new(0.0, 0.0, 700.0), &camera);
        let scale_irises = |points: &mut Vec<DVec3>, mm: f64| {
            for first in [RIGHT_IRIS, LEFT_IRIS] {
                let c = points[first];
                let r = mm / 2.0 * camera.px_per_mm(696.0);
                for (k, d) in [DVec3::NEG_X, DVec3::NEG_Y, DVec3::X, DVec3::Y]
                    .into_iter()
                    .enumerate()
                {
                    points[first + 1 + k] = c + d * r;
                }
            }
        };
        scale_irises(&mut points, IRIS_MM);
        let mean = head_pose(&points, &camera).size;
        assert!((mean - 1.0).abs() < 0.01, "{mean}");
        scale_irises(&mut points, IRIS_MM * 1.1);
        let small = head_pose(&points, &camera).size;
        assert!(small > 1.0 / 1.1 && small < 0.97, "{small}");
    }
}
