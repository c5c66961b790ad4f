//! Ear lobes: where they lie in the head, found more closely on the picture, and whether they can be seen.

use glam::{DVec2, DVec3};
use image::RgbImage;

use super::camera::Camera;
use super::lobe::find_lobe;
use super::{Ear, HeadPose, HiddenBy, Side, Sides};
use crate::infer::{Engine, InferError};

/// Where the mean head's left lobe is pierced and which way its front faces, head frame, mm. Medians over 59 ears of
/// rendered heads whose ears are known, under the head poses found on their pictures.
const LOBE_MM: DVec3 = DVec3::new(76.5, 44.1, 72.5);
const LOBE_NORMAL: DVec3 = DVec3::new(0.968, 0.143, -0.205);
/// The rendered lobes that the locator learned from are pierced close to their lower rim, people's in the middle: the
/// hole is taken to lie this far up and towards the face, mm. Halfway, so that it is right on neither and good on both.
const HIGHER_MM: DVec2 = DVec2::new(-0.4, -1.2);
/// Turned away by more than this an ear is behind the face on any head, degrees.
const TURNED_AWAY_DEG: f64 = 30.0;
/// An ear that is not seen is behind the head rather than under hair from this yaw on, degrees.
const BEHIND_DEG: f64 = 12.0;
/// Below this scale an ear is a few pixels, and there is nothing to find on the picture.
const LEAST_PX_PER_MM: f64 = 0.25;

/// Both ears of a head.
///
/// # Errors
/// When the model cannot be run.
pub fn find_ears(
    photo: &RgbImage,
    engine: &dyn Engine,
    camera: &Camera,
    pose: &HeadPose,
) -> Result<Sides<Ear>, InferError> {
    let [left, right] =
        [Side::Left, Side::Right].map(|side| move || find_ear(photo, engine, camera, pose, side));
    let (left, right) = rayon::join(left, right);
    Ok(Sides {
        left: left?,
        right: right?,
    })
}

fn find_ear(
    photo: &RgbImage,
    engine: &dyn Engine,
    camera: &Camera,
    pose: &HeadPose,
    side: Side,
) -> Result<Ear, InferError> {
    let mut ear = in_head(camera, pose, side);
    let away = match side {
        Side::Left => pose.yaw_deg,
        Side::Right => -pose.yaw_deg,
    };
    if away > TURNED_AWAY_DEG {
        return Ok(hidden(ear, HiddenBy::Head));
    }
    if !inside(photo, ear.lobe) {
        return Ok(hidden(ear, HiddenBy::Frame));
    }
    if ear.px_per_mm < LEAST_PX_PER_MM {
        return Ok(ear);
    }
    let found = find_lobe(
        photo,
        engine,
        ear.lobe,
        ear.px_per_mm,
        pose.roll_deg.to_radians(),
        side,
    )?;
    ear.visibility = found.seen;
    if found.seen < 0.5 {
        ear.hidden_by = Some(if away > BEHIND_DEG {
            HiddenBy::Head
        } else {
            HiddenBy::Hair
        });
    } else if inside(photo, found.at) {
        let higher = match side {
            Side::Left => HIGHER_MM,
            Side::Right => DVec2::new(-HIGHER_MM.x, HIGHER_MM.y),
        };
        let roll = DVec2::from_angle(pose.roll_deg.to_radians());
        ear.lobe = found.at + roll.rotate(higher) * ear.px_per_mm;
        ear.position_mm = camera.unproject(ear.lobe, ear.position_mm.z);
    } else {
        return Ok(hidden(ear, HiddenBy::Frame));
    }
    Ok(ear)
}

/// The ear of a mean head in this pose, in full view.
fn in_head(camera: &Camera, pose: &HeadPose, side: Side) -> Ear {
    let mirror = match side {
        Side::Left => DVec3::ONE,
        Side::Right => DVec3::new(-1.0, 1.0, 1.0),
    };
    let position_mm = pose.to_camera(LOBE_MM * mirror * pose.size);
    Ear {
        lobe: camera.project(position_mm),
        position_mm,
        normal: (pose.rotation * (LOBE_NORMAL * mirror)).normalize_or(DVec3::NEG_Z),
        px_per_mm: camera.px_per_mm(position_mm.z),
        visibility: 1.0,
        hidden_by: None,
    }
}

fn hidden(ear: Ear, by: HiddenBy) -> Ear {
    Ear {
        visibility: 0.0,
        hidden_by: Some(by),
        ..ear
    }
}

fn inside(photo: &RgbImage, p: DVec2) -> bool {
    let size = DVec2::new(f64::from(photo.width()), f64::from(photo.height()));
    p.cmpge(DVec2::ZERO).all() && p.cmplt(size).all()
}
