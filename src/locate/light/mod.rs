//! Light on the subject, read from how skin shades over known normals.

mod fit;
mod skin;

use glam::DVec3;

use super::{Anatomy, Light};
use crate::imaging::Photo;
use skin::Sample;

/// Fewest skin samples that a light is fitted to.
const MIN_SAMPLES: usize = 40;

/// What is assumed when no skin tells: a soft light from above the camera.
pub fn assumed() -> Light {
    Light {
        direction: DVec3::new(0.0, 0.5, 0.85).normalize(),
        softness: 0.6,
        color: DVec3::ONE,
        skin_level: None,
        confidence: 0.0,
    }
}

/// An estimate drawn towards [`assumed`] as far as it is unsure.
pub fn trusted(found: &Light) -> Light {
    let usual = assumed();
    // Half a confidence is a good fit: faces rarely shade like spheres.
    let trust = (found.confidence / 0.5).clamp(0.0, 1.0);
    Light {
        direction: usual
            .direction
            .lerp(found.direction, trust)
            .try_normalize()
            .unwrap_or(usual.direction),
        softness: usual.softness + (found.softness - usual.softness) * trust,
        color: usual.color.lerp(found.color, trust),
        skin_level: found.skin_level,
        confidence: found.confidence,
    }
}

/// Estimates the light from the first face, else the best-seen hand, else the neck; `None` when the photograph shows
/// none of them clearly enough.
pub fn estimate(photo: &Photo, anatomy: &Anatomy) -> Option<Light> {
    let from = |samples: Vec<Sample>, prior: &fit::Prior| {
        let samples = skin::of_one_colour(samples);
        (samples.len() >= MIN_SAMPLES)
            .then(|| fit::fit(&samples, prior))
            .flatten()
    };
    let face = anatomy
        .faces
        .first()
        .and_then(|face| from(skin::face(&photo.pixels, face), &fit::UPRIGHT));
    let hand = || {
        anatomy
            .hands
            .first()
            .and_then(|hand| from(skin::hand(&photo.pixels, hand), &fit::ANYHOW))
    };
    let neck = || {
        anatomy
            .neck
            .as_ref()
            .and_then(|neck| from(skin::neck(&photo.pixels, neck), &fit::UPRIGHT))
    };
    face.or_else(hand).or_else(neck)
}
