//! Samples of skin with the normal of the surface there: over the face's mesh or the neck.
//!
//! Normals are x right, y up, z towards the camera, as [`super::Light::direction`].

use glam::{DQuat, DVec2, DVec3};
use image::RgbImage;

use crate::imaging::pixel::decode_srgb8;
use crate::locate::mesh::BASE_POINTS;
use crate::locate::mesh_maps::{LEFT_EYE, LIPS, RIGHT_EYE};
use crate::locate::{Face, HeadPose, Neck};

/// Linear skin colour where the surface faces `normal`.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    pub normal: DVec3,
    pub color: [f32; 3],
}

impl Sample {
    /// Rec. 709 luminance.
    pub fn luminance(&self) -> f64 {
        let [r, g, b] = self.color.map(f64::from);
        0.2126 * r + 0.7152 * g + 0.0722 * b
    }
}

/// Surfaces turned farther from the camera than this (cosine) are too foreshortened to sample.
pub const GRAZING: f64 = 0.25;
/// Radius of the patch that a sample is the median of, in face widths.
const PATCH: f64 = 0.012;
/// Mesh neighbours that a local plane is fitted to.
const NEIGHBOURS: usize = 12;
/// Mesh points at the face's sides, in front of the ears.
const SIDES: (usize, usize) = (234, 454);

/// Samples at the mesh points, lips and eyes with lids, brows and make-up left out.
pub fn face(photo: &RgbImage, face: &Face) -> Vec<Sample> {
    let Some(points) = face.landmarks.get(..BASE_POINTS) else {
        return Vec::new();
    };
    let width = points[SIDES.0].distance(points[SIDES.1]);
    let middle = points.iter().sum::<DVec3>() / points.len() as f64 + DVec3::Z * 0.6 * width;
    let further = turned_further(&face.pose);
    let painted: Vec<usize> = [LIPS.as_slice(), &LEFT_EYE, &RIGHT_EYE].concat();
    (0..points.len())
        .filter(|i| !painted.contains(i))
        .filter_map(|i| {
            let outward = normal(points, i, middle)?;
            let normal = further * flipped(outward);
            let color = patch(photo, points[i].truncate(), PATCH * width)?;
            (normal.z > GRAZING).then_some(Sample { normal, color })
        })
        .collect()
}

/// Between these the mesh ceases to follow a turning head: 48 to 59 degrees of it are 52 to 80 of the head's on fifteen
/// rendered heads, and the light that they are under is found best with the normals turned on by so much.
const SATURATES_DEG: (f64, f64) = (48.0, 52.0);
const FURTHER_DEG: f64 = 14.0;

/// From the mesh's normals to the head's, on heads that are turned farther than the mesh follows.
fn turned_further(pose: &HeadPose) -> DQuat {
    let (from, to) = SATURATES_DEG;
    let share = ((pose.yaw_deg.abs() - from) / (to - from)).clamp(0.0, 1.0);
    let up = flipped(-pose.rotation.y_axis).normalize_or(DVec3::Y);
    DQuat::from_axis_angle(up, (share * FURTHER_DEG).to_radians() * pose.yaw_deg.signum())
}

/// Normal of the plane through a point's neighbourhood, away from the head's middle.
fn normal(points: &[DVec3], i: usize, middle: DVec3) -> Option<DVec3> {
    let mut near: Vec<(f64, usize)> = points
        .iter()
        .enumerate()
        .map(|(k, p)| (p.distance_squared(points[i]), k))
        .collect();
    let count = NEIGHBOURS.min(near.len() - 1);
    near.select_nth_unstable_by(count, |a, b| {
        a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal)
    });
    let near = &near[..=count];
    let mean = near.iter().map(|(_, k)| points[*k]).sum::<DVec3>() / near.len() as f64;
    let mut spread = nalgebra::Matrix3::<f64>::zeros();
    for (_, k) in near {
        let d = points[*k] - mean;
        let d = nalgebra::Vector3::new(d.x, d.y, d.z);
        spread += d * d.transpose();
    }
    if !spread.iter().all(|v| v.is_finite()) {
        return None;
    }
    let eigen = spread.symmetric_eigen();
    let least = eigen.eigenvalues.imin();
    let n = eigen.eigenvectors.column(least);
    let n = DVec3::new(n[0], n[1], n[2]).try_normalize()?;
    Some(if n.dot(points[i] - middle) < 0.0 { -n } else { n })
}

/// Stations across a cylinder, in half widths.
pub const ACROSS: [f64; 7] = [-0.75, -0.5, -0.25, 0.0, 0.25, 0.5, 0.75];

/// Samples across the neck at seven heights between its silhouettes and the pit, taken as a cylinder.
pub fn neck(photo: &RgbImage, neck: &Neck) -> Vec<Sample> {
    let mut samples = Vec::new();
    let middle = (neck.left + neck.right) / 2.0;
    let half = 0.5 * neck.left.distance(neck.right);
    let Some(section) = cylinder(neck.axis) else {
        return samples;
    };
    for along in [-0.2, -0.1, 0.0, 0.1, 0.2, 0.3, 0.4] {
        let at = middle.lerp(neck.pit, along);
        for t in ACROSS {
            let normal = section.normal(t);
            if normal.z > GRAZING
                && let Some(color) = patch(photo, at + section.step * (t * half), 0.1 * half)
            {
                samples.push(Sample { normal, color });
            }
        }
    }
    samples
}

/// A cylinder as the camera sees it: axes of its section in the camera frame.
pub struct Section {
    /// Out of its middle towards the camera, and to the side.
    pub front: DVec3,
    pub side: DVec3,
    /// Unit step to that side in the picture.
    pub step: DVec2,
}

impl Section {
    /// Normal at `t` half widths to the side, towards the camera.
    pub fn normal(&self, t: f64) -> DVec3 {
        flipped(self.side * t + self.front * (1.0 - t * t).sqrt())
    }
}

/// The section of a cylinder with this axis (camera frame); `None` when the camera looks along it.
pub fn cylinder(axis: DVec3) -> Option<Section> {
    let front = (DVec3::NEG_Z - axis * DVec3::NEG_Z.dot(axis)).try_normalize()?;
    let side = axis.cross(front);
    let step = side.truncate().try_normalize()?;
    Some(Section { front, side, step })
}

/// From the camera frame (y down, z away) to that of normals and lights, and back.
pub fn flipped(d: DVec3) -> DVec3 {
    DVec3::new(d.x, -d.y, -d.z)
}

/// Median colour of the square patch around `at`; `None` where it leaves the picture.
pub fn patch(photo: &RgbImage, at: DVec2, radius: f64) -> Option<[f32; 3]> {
    if !at.is_finite() || !radius.is_finite() {
        return None;
    }
    let radius = radius.clamp(1.0, 24.0);
    let (lo, hi) = ((at - radius).floor(), (at + radius).ceil());
    if lo.min_element() < 0.0 || hi.x > f64::from(photo.width()) || hi.y > f64::from(photo.height()) {
        return None;
    }
    // The median of code values: the transfer is monotonic.
    let mut channels: [Vec<u8>; 3] = Default::default();
    for y in lo.y as u32..hi.y as u32 {
        for x in lo.x as u32..hi.x as u32 {
            for (channel, v) in channels.iter_mut().zip(photo.get_pixel(x, y).0) {
                channel.push(v);
            }
        }
    }
    Some(channels.map(|mut values| {
        let middle = values.len() / 2;
        decode_srgb8(*values.select_nth_unstable(middle).1)
    }))
}

/// Keeps the samples of the commonest colour: hair over the face, a beard, a painted or hidden patch differ in hue.
pub fn of_one_colour(samples: Vec<Sample>) -> Vec<Sample> {
    /// Deviations from the median that still count as the same skin.
    const SAME: f64 = 2.0;
    /// Spread of hue that any skin has, log units.
    const NATURAL: f64 = 0.03;
    if samples.is_empty() {
        return samples;
    }
    let hue = |s: &Sample| {
        let [r, g, b] = s.color.map(|v| f64::from(v) + 1e-4);
        [(r / g).ln(), (b / g).ln()]
    };
    let hues: Vec<[f64; 2]> = samples.iter().map(hue).collect();
    let centre: [f64; 2] = std::array::from_fn(|k| median(hues.iter().map(|h| h[k])));
    let spread: [f64; 2] =
        std::array::from_fn(|k| 1.4826 * median(hues.iter().map(|h| (h[k] - centre[k]).abs())) + NATURAL);
    let far = |h: &[f64; 2]| ((h[0] - centre[0]) / spread[0]).hypot((h[1] - centre[1]) / spread[1]);
    samples
        .into_iter()
        .zip(&hues)
        .filter(|(_, h)| far(h) < SAME)
        .map(|(s, _)| s)
        .collect()
}

/// Upper median; 0 for no values.
pub fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    if values.is_empty() {
        return 0.0;
    }
    let middle = values.len() / 2;
    *values.select_nth_unstable_by(middle, f64::total_cmp).1
}

#[cfg(test)]
mod tests {
    use glam::DMat3;

    use super::*;

    #[test]
    fn only_profiles_are_turned_on_and_the_way_they_turn() {
        let further = |yaw_deg: f64| {
            turned_further(&HeadPose {
                rotation: DMat3::from_rotation_y(-yaw_deg.to_radians()),
                translation_mm: DVec3::ZERO,
                yaw_deg,
                pitch_deg: 0.0,
                roll_deg: 0.0,
                size: 1.0,
            }) * DVec3::Z
        };
        assert_eq!(further(0.0), DVec3::Z);
        assert_eq!(further(-45.0), DVec3::Z);
        // A nose to the right takes what faces the camera to the right with it.
        let degrees = |v: DVec3| v.x.atan2(v.z).to_degrees();
        assert!((degrees(further(60.0)) - FURTHER_DEG).abs() < 1e-9);
        assert!((degrees(further(-60.0)) + FURTHER_DEG).abs() < 1e-9);
    }
}
