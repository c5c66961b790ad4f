//! Light on the subject, read from how skin shades over known normals.

mod fit;
mod hand;
mod shading;
mod skin;

use glam::DVec3;

use super::{Anatomy, Hand, HandSide, Light};
use crate::imaging::Photo;
use skin::Sample;

/// Fewest skin samples that a light is fitted to: points of a mesh or a cylinder; stations of a hand, most of them
/// means of three.
const MIN_SAMPLES: usize = 40;
const MIN_STATIONS: usize = 16;

/// One cheek says little of left and right: on heads turned farther the neck tells with it, degrees. On fifteen rendered
/// heads turned by 45 to 80 degrees the direction is 9.3 degrees off in the median so, and 17.5 by the cheek as the mesh
/// has it; left is never taken for right (4 times before).
const ASIDE_DEG: f64 = 43.0;

/// Rooms and skies are brightest above, and a hand's shading follows key and even light together: this much of straight
/// up is taken out of a direction read from it. Fitted to twelve rendered hands, median 8.1 to 6.7 degrees.
const FROM_ABOVE: f64 = 0.1;

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
        let samples = clear(samples, MIN_SAMPLES)?;
        fit::fit(&samples, prior)
    };
    let neck_samples = || anatomy.neck.as_ref().map(|neck| skin::neck(&photo.pixels, neck));
    let face = anatomy.faces.first().and_then(|face| {
        let mut samples = skin::face(&photo.pixels, face);
        if face.pose.yaw_deg.abs() > ASIDE_DEG {
            samples.extend(neck_samples().unwrap_or_default());
        }
        from(samples, &fit::UPRIGHT)
    });
    let hand = || anatomy.hands.first().and_then(|hand| by_hand(photo, hand));
    let neck = || neck_samples().and_then(|samples| from(samples, &fit::UPRIGHT));
    face.or_else(hand).or_else(neck)
}

/// Light by a hand: its back tells the direction by what is known of hands, the cylinders of its fingers how much of the
/// light is the key's. A palm, or a hand unlike those known, tells both by the cylinders.
fn by_hand(photo: &Photo, hand: &Hand) -> Option<Light> {
    let stations = hand::stations(&photo.pixels, hand);
    let samples = stations.iter().flatten().map(|s| s.sample);
    let facing = samples.filter(|s| s.normal.z > skin::GRAZING).collect();
    let samples = clear(facing, MIN_STATIONS)?;
    let plain = fit::fit(&samples, &fit::ANYHOW);
    let known = (hand.side == HandSide::Back)
        .then(|| shading::direction(&stations, &fit::directions()))
        .flatten();
    let sure = plain.as_ref().map_or(0.0, |light| light.confidence);
    let Some(known) = known.filter(|seen| seen.confidence > sure) else {
        return plain;
    };
    let direction = (known.direction - DVec3::Y * FROM_ABOVE).try_normalize()?;
    Some(Light {
        confidence: known.confidence,
        ..fit::toward(&samples, direction)?
    })
}

/// The samples of the commonest colour, if they are enough.
fn clear(samples: Vec<Sample>, fewest: usize) -> Option<Vec<Sample>> {
    let samples = skin::of_one_colour(samples);
    (samples.len() >= fewest).then_some(samples)
}
