//! Neck and shoulders: put by the head and the body's pose, then moved to the outline that the picture shows.

pub mod neck;
mod outline;
mod settle;
pub mod torso;

use glam::DVec2;

use super::body_pose::find_body;
use super::{Anatomy, Neck, Shoulders};
use crate::imaging::Photo;
use crate::infer::{Engine, InferError};
use neck::find_neck;
use settle::Trunk;
use torso::torso;

/// Neck and shoulders under the first face; `None` without a face.
///
/// # Errors
/// When a model cannot be run.
pub fn find_trunk(
    photo: &Photo,
    engine: &dyn Engine,
    anatomy: &Anatomy,
) -> Result<Option<(Neck, Shoulders)>, InferError> {
    let Some(face) = anatomy.faces.first() else {
        return Ok(None);
    };
    let b = face.bbox;
    let middle = DVec2::new(b.x + b.width / 2.0, b.y + b.height / 2.0);
    let body = find_body(&photo.pixels, engine, middle, b.width.max(b.height) * 0.75)?;
    let camera = &anatomy.camera;
    let torso = torso(&face.pose, camera, body.as_ref());
    let mut neck = find_neck(&photo.pixels, camera, &face.pose, &torso);
    let mut shoulders = torso.shoulders(camera);
    if let Some(regions) = &face.regions {
        let found = Trunk::new(&neck, &shoulders);
        let settled = found.settle(
            camera,
            &face.pose,
            &outline::of_trunk(face, &anatomy.hands_at_neck, regions),
        );
        settled.write(camera, &found, &mut neck, &mut shoulders);
    }
    Ok(Some((neck, shoulders)))
}
