//! Body pose: 33 points of the person whose face was found.
//!
//! Model: MediaPipe's BlazePose (Bazarevsky et al., 2020), detector and full landmark model, each landmark refined on
//! its heat map.

use glam::{DVec2, DVec3};
use image::RgbImage;

use super::crop::{Border, Roi, Shrink, ValueRange, crop};
use super::outputs::Outputs;
use super::project::{rotation, sigmoid, to_photo};
use super::ssd::{Detection, POSE, detect};
use crate::infer::{Engine, InferError, ModelId};

/// Points of the body.
pub const POINTS: usize = 33;
pub const NOSE: usize = 0;
pub const LEFT_EAR: usize = 7;
pub const RIGHT_EAR: usize = 8;
pub const LEFT_SHOULDER: usize = 11;
pub const RIGHT_SHOULDER: usize = 12;

/// Input side in pixels.
const SIZE: usize = 256;
/// Numbers per landmark: x, y, z, visibility, presence.
const STRIDE: usize = 5;
/// Landmarks with those that only steer MediaPipe's tracking.
const ALL_POINTS: usize = 39;
/// The detector's circle around the hips is grown by this.
const GROWTH: f64 = 1.25;
/// Heat maps: side, half the window that is read around a landmark, least peak that moves it.
const MAP: usize = 64;
const REACH: usize = 4;
const LEAST_PEAK: f64 = 0.5;
/// Least score of the landmark model that is a person.
const PRESENCE: f64 = 0.5;
/// How many detections are tried for the wanted person.
const TRIES: usize = 3;

/// Points of one body.
#[derive(Debug, Clone)]
pub struct BodyPose {
    /// 33 points in photograph pixels; z in pixels relative to the hips.
    pub points: Vec<DVec3>,
    /// Probability that each point is in the picture and not covered.
    pub visibility: Vec<f64>,
    /// 33 points in metres around the hips' middle, x right, y down, z away.
    pub world: Vec<DVec3>,
    /// Probability that there is a person.
    pub score: f64,
}

/// The body of the person whose head is at `head` with extent `reach` (pixels); `None` when no detected body's nose
/// lies there: with the hips out of the frame the landmarks wander now and then.
///
/// # Errors
/// When a model cannot be run.
pub fn find_body(
    photo: &RgbImage,
    engine: &dyn Engine,
    head: DVec2,
    reach: f64,
) -> Result<Option<BodyPose>, InferError> {
    let whole = Roi::letterbox(photo.width(), photo.height());
    let mut people = detect(photo, engine, &POSE, &whole, Shrink::Plain)?;
    // Likeliest first: a head lies about three tenths of the crop's side from the hips.
    let miss = |d: &Detection| {
        let roi = roi_of(d);
        ((head - roi.centre).length() / roi.size.x.max(1.0) - 0.3).abs()
    };
    people.sort_by(|a, b| miss(a).total_cmp(&miss(b)));
    for person in people.iter().take(TRIES) {
        let body = landmarks(photo, engine, &roi_of(person))?;
        let nose = body.points.get(NOSE).map(|p| p.truncate());
        if body.score >= PRESENCE && nose.is_some_and(|n| n.distance(head) < reach) {
            return Ok(Some(body));
        }
    }
    Ok(None)
}

/// Crop of a detection: the circle around the hips through the second keypoint, turned upright.
fn roi_of(person: &Detection) -> Roi {
    let (hips, rim) = match person.keypoints.as_slice() {
        [hips, rim, ..] => (*hips, *rim),
        _ => (person.centre(), person.max),
    };
    Roi::square(
        hips,
        2.0 * GROWTH * hips.distance(rim),
        rotation(hips, rim, std::f64::consts::FRAC_PI_2),
    )
}

/// Runs the landmark model on a region.
///
/// # Errors
/// When the model cannot be run.
pub fn landmarks(photo: &RgbImage, engine: &dyn Engine, roi: &Roi) -> Result<BodyPose, InferError> {
    // One tap per pixel, however large the region: with the hips out of the frame it is much larger than the picture,
    // and the landmarks answer to averaging there with shifts of a few pixels.
    let input = crop(
        photo,
        roi,
        SIZE,
        Border::Replicate,
        ValueRange::Unit,
        Shrink::Plain,
    );
    let outputs = Outputs::new(ModelId::PoseLandmark, engine.run(ModelId::PoseLandmark, input)?);
    let raw = outputs.get("Identity", ALL_POINTS * STRIDE)?;
    let heat = outputs.get("Identity_3", MAP * MAP * ALL_POINTS)?;
    let world = outputs.get("Identity_4", ALL_POINTS * 3)?;
    let score = f64::from(outputs.scalar("Identity_1")?);
    let (points, visibility) = raw
        .chunks_exact(STRIDE)
        .take(POINTS)
        .enumerate()
        .map(|(k, p)| {
            let unit = DVec3::new(f64::from(p[0]), f64::from(p[1]), f64::from(p[2])) / SIZE as f64;
            let at = refine(heat, k, unit.truncate()).unwrap_or(unit.truncate());
            (to_photo(roi, at.extend(unit.z)), sigmoid(p[3]))
        })
        .unzip();
    Ok(BodyPose {
        points,
        visibility,
        world: world
            .chunks_exact(3)
            .take(POINTS)
            .map(|p| DVec3::new(f64::from(p[0]), f64::from(p[1]), f64::from(p[2])))
            .collect(),
        score,
    })
}

/// Centre of mass of landmark `k`'s heat map around `at` (0..=1 over the crop); `None` when the map is cold there.
fn refine(heat: &[f32], k: usize, at: DVec2) -> Option<DVec2> {
    let cell = (at * MAP as f64).trunc();
    let inside = cell.cmpge(DVec2::ZERO).all() && cell.cmplt(DVec2::splat(MAP as f64)).all();
    if !inside {
        return None;
    }
    let (x, y) = (cell.x as usize, cell.y as usize);
    let (mut sum, mut weighted, mut peak) = (0.0, DVec2::ZERO, 0f64);
    for row in y.saturating_sub(REACH)..(y + REACH + 1).min(MAP) {
        for column in x.saturating_sub(REACH)..(x + REACH + 1).min(MAP) {
            let p = sigmoid(heat.get((row * MAP + column) * ALL_POINTS + k).copied()?);
            sum += p;
            weighted += DVec2::new(column as f64, row as f64) * p;
            peak = peak.max(p);
        }
    }
    (peak >= LEAST_PEAK).then(|| weighted / sum / MAP as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A map of landmark 2 that is hot at two cells.
    fn map(cells: &[(usize, usize, f32)]) -> Vec<f32> {
        let mut heat = vec![-100.0; MAP * MAP * ALL_POINTS];
        for &(x, y, logit) in cells {
            heat[(y * MAP + x) * ALL_POINTS + 2] = logit;
        }
        heat
    }

    #[test]
    fn heat_moves_a_landmark_to_its_centre_of_mass() {
        // sigmoid(0) = ½ and sigmoid(ln 3) = ¾: the mean of 20 and 22 weighted 2 : 3.
        let heat = map(&[(20, 30, 0.0), (22, 30, 3f32.ln())]);
        let at = refine(&heat, 2, DVec2::new(20.9, 30.2) / 64.0).unwrap();
        assert!((at * 64.0 - DVec2::new(21.2, 30.0)).length() < 1e-6, "{at}");
    }

    #[test]
    fn cold_or_distant_heat_moves_nothing() {
        assert!(refine(&map(&[(20, 30, -0.1)]), 2, DVec2::new(20.0, 30.0) / 64.0).is_none());
        assert!(refine(&map(&[(25, 30, 9.0)]), 2, DVec2::new(20.0, 30.0) / 64.0).is_none());
        assert!(refine(&map(&[]), 2, DVec2::new(1.2, 0.5)).is_none());
    }
}
