//! Hands: 21 landmarks each, the ring zone of every finger, the bracelet's place on the wrist.

mod detect;
mod finger;
mod frame;
mod silhouette;
mod wrist;

pub use detect::{POINTS, RawHand, find};

use glam::DVec2;

use detect::find_in;

use super::Hand;
use super::camera::Camera;
use crate::imaging::Photo;
use crate::infer::{Engine, InferError};

/// All hands of a photograph, best seen first.
///
/// # Errors
/// When a model cannot be run.
pub fn locate_hands(photo: &Photo, engine: &dyn Engine, camera: &Camera) -> Result<Vec<Hand>, InferError> {
    Ok(measured(photo, &find(photo, engine)?, camera))
}

/// Hands in an upright square of a photograph, given by its centre and side in pixels: one look for hands of medium size
/// that are surely there.
///
/// # Errors
/// When a model cannot be run.
pub fn hands_around(
    photo: &Photo,
    engine: &dyn Engine,
    camera: &Camera,
    (centre, side): (DVec2, f64),
) -> Result<Vec<Hand>, InferError> {
    Ok(measured(photo, &find_in(photo, engine, centre, side)?, camera))
}

fn measured(photo: &Photo, raw: &[RawHand], camera: &Camera) -> Vec<Hand> {
    raw.iter()
        .filter_map(|hand| measure(photo, hand, camera))
        .collect()
}

/// Measures one hand in the picture; `None` when its landmarks make no hand.
pub fn measure(photo: &Photo, raw: &RawHand, camera: &Camera) -> Option<Hand> {
    let frame = frame::Frame::of(raw, camera.focal_px)?;
    Some(Hand {
        handedness: frame.handedness,
        score: raw.score,
        side: frame.side,
        landmarks: raw.landmarks.clone(),
        world_mm: raw.world_mm.clone(),
        px_per_mm: frame.px_per_mm,
        fingers: finger::fingers(&photo.pixels, raw, &frame)?,
        wrist: wrist::wrist(&photo.pixels, raw, &frame)?,
    })
}
