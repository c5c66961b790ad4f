//! Ear lobes: where they lie in the head, and whether they can be seen.

use glam::{DVec2, DVec3};
use image::RgbImage;

use super::camera::Camera;
use super::{Ear, HeadPose, HiddenBy, Side, Sides};

/// Where the mean head's left lobe is pierced and which way its front faces, head frame, mm.
const LOBE_MM: DVec3 = DVec3::new(74.5, 43.5, 74.0);
const LOBE_NORMAL: DVec3 = DVec3::new(0.985, 0.128, -0.115);
/// The far ear is behind the face from this yaw on, degrees.
const TURNED_AWAY_DEG: f64 = 20.0;

/// Both ears of a head.
pub fn find_ears(photo: &RgbImage, camera: &Camera, pose: &HeadPose, _points: &[DVec3]) -> Sides<Ear> {
    Sides {
        left: find_ear(photo, camera, pose, Side::Left),
        right: find_ear(photo, camera, pose, Side::Right),
    }
}

fn find_ear(photo: &RgbImage, camera: &Camera, pose: &HeadPose, side: Side) -> Ear {
    let mirror = match side {
        Side::Left => DVec3::ONE,
        Side::Right => DVec3::new(-1.0, 1.0, 1.0),
    };
    let position_mm = pose.to_camera(LOBE_MM * mirror * pose.size);
    let normal = pose.rotation * (LOBE_NORMAL * mirror);
    let lobe = camera.project(position_mm);
    let away = match side {
        Side::Left => pose.yaw_deg,
        Side::Right => -pose.yaw_deg,
    };
    let size = DVec2::new(f64::from(photo.width()), f64::from(photo.height()));
    let inside = lobe.cmpge(DVec2::ZERO).all() && lobe.cmplt(size).all();
    let hidden_by = if away > TURNED_AWAY_DEG {
        Some(HiddenBy::Head)
    } else if !inside {
        Some(HiddenBy::Frame)
    } else {
        None
    };
    Ear {
        lobe,
        position_mm,
        normal,
        px_per_mm: camera.px_per_mm(position_mm.z),
        visibility: if hidden_by.is_none() { 1.0 } else { 0.0 },
        hidden_by,
    }
}
