//! The 478-point face mesh with refined lips, eyes and irises.
//!
//! Model: MediaPipe's face landmark model with attention (Grishchenko et al., *Attention Mesh*, 2020).

use glam::DVec3;
use image::RgbImage;

use super::crop::{Border, Roi, Shrink, ValueRange, crop};
use super::mesh_maps::{LEFT_EYE, LID_RIM, LIPS, RIGHT_EYE};
use super::outputs::Outputs;
use super::project::{rotation, sigmoid, to_photo};
use super::ssd::Detection;
use crate::infer::{Engine, InferError, ModelId};

/// Points of the mesh without and with the irises.
pub const BASE_POINTS: usize = 468;
pub const POINTS: usize = 478;
/// First of the five points (centre, then right, top, left, bottom) of the subject's right and left iris.
pub const RIGHT_IRIS: usize = 468;
pub const LEFT_IRIS: usize = 473;
/// Outer corners of the subject's right and left eye.
pub const RIGHT_EYE_OUTER: usize = 33;
pub const LEFT_EYE_OUTER: usize = 263;

/// Input side in pixels.
const SIZE: usize = 192;
/// The face's box is grown by this for the crop.
const GROWTH: f64 = 1.5;
/// Below this presence the crop is taken again around what was found: the detector's box is off on turned heads.
const SURE: f64 = 0.9;
/// How far along the crop a turned face is looked for, in parts of the crop's side.
const NUDGE: f64 = 0.1;

/// A mesh in photograph pixels.
#[derive(Debug, Clone)]
pub struct Mesh {
    /// 478 points; z in pixels too, smaller is nearer.
    pub points: Vec<DVec3>,
    /// Probability that this is a face, 0..=1.
    pub presence: f64,
}

/// Finds the mesh of a detected face.
///
/// # Errors
/// When the model cannot be run.
pub fn find_mesh(photo: &RgbImage, engine: &dyn Engine, face: &Detection) -> Result<Mesh, InferError> {
    let roi = detection_roi(face);
    let mut best = run(photo, engine, &roi)?;
    if best.presence >= SURE {
        return Ok(best);
    }
    for _ in 0..2 {
        let next = run(photo, engine, &mesh_roi(&best))?;
        if next.presence > best.presence {
            best = next;
        }
    }
    for nudge in [NUDGE, -NUDGE] {
        if best.presence >= SURE {
            break;
        }
        let centre = roi.to_photo(glam::DVec2::new(0.5 + nudge, 0.5));
        let next = run(photo, engine, &Roi { centre, ..roi })?;
        if next.presence > best.presence {
            best = next;
        }
    }
    Ok(best)
}

/// Crop of a detection: its box's long side, level with the eyes.
fn detection_roi(face: &Detection) -> Roi {
    let (right_eye, left_eye) = match face.keypoints.as_slice() {
        [r, l, ..] => (*r, *l),
        _ => (face.min, face.min + glam::DVec2::X),
    };
    Roi::square(
        face.centre(),
        GROWTH * face.size().max_element(),
        rotation(right_eye, left_eye, 0.0),
    )
}

/// Crop around a mesh that was found already.
fn mesh_roi(mesh: &Mesh) -> Roi {
    let (mut min, mut max) = (glam::DVec2::INFINITY, glam::DVec2::NEG_INFINITY);
    for p in mesh.points.iter().take(BASE_POINTS) {
        min = min.min(p.truncate());
        max = max.max(p.truncate());
    }
    let corner = |i: usize| mesh.points.get(i).copied().unwrap_or_default().truncate();
    Roi::square(
        (min + max) / 2.0,
        GROWTH * (max - min).max_element(),
        rotation(corner(RIGHT_EYE_OUTER), corner(LEFT_EYE_OUTER), 0.0),
    )
}

fn run(photo: &RgbImage, engine: &dyn Engine, roi: &Roi) -> Result<Mesh, InferError> {
    let input = crop(
        photo,
        roi,
        SIZE,
        Border::Replicate,
        ValueRange::Unit,
        Shrink::Smooth,
    );
    let outputs = Outputs::new(ModelId::FaceMesh, engine.run(ModelId::FaceMesh, input)?);
    let presence = sigmoid(outputs.scalar("conv_faceflag")?);
    let points = merge(&outputs)?
        .into_iter()
        .map(|p| to_photo(roi, p / SIZE as f64))
        .collect();
    Ok(Mesh { points, presence })
}

/// Base mesh with lips, eyes and irises replaced by their refined points; z stays the base mesh's, an iris takes
/// the mean of its lids.
fn merge(outputs: &Outputs) -> Result<Vec<DVec3>, InferError> {
    let mut points: Vec<DVec3> = outputs
        .get("output_mesh_identity", BASE_POINTS * 3)?
        .chunks_exact(3)
        .map(|p| DVec3::new(f64::from(p[0]), f64::from(p[1]), f64::from(p[2])))
        .collect();
    points.resize(POINTS, DVec3::ZERO);
    let maps: [(&str, &[usize]); 3] = [
        ("output_lips", &LIPS),
        ("output_left_eye", &LEFT_EYE),
        ("output_right_eye", &RIGHT_EYE),
    ];
    for (name, map) in maps {
        for (xy, &i) in outputs.get(name, map.len() * 2)?.chunks_exact(2).zip(map) {
            if let Some(p) = points.get_mut(i) {
                (p.x, p.y) = (f64::from(xy[0]), f64::from(xy[1]));
            }
        }
    }
    let irises = [
        ("output_left_iris", RIGHT_IRIS, &LEFT_EYE),
        ("output_right_iris", LEFT_IRIS, &RIGHT_EYE),
    ];
    for (name, first, eye) in irises {
        let rim = eye.iter().take(LID_RIM).filter_map(|&i| points.get(i));
        let depth = rim.map(|p| p.z).sum::<f64>() / LID_RIM as f64;
        let xy = outputs.get(name, 10)?;
        for (p, xy) in points.iter_mut().skip(first).zip(xy.chunks_exact(2)) {
            *p = DVec3::new(f64::from(xy[0]), f64::from(xy[1]), depth);
        }
    }
    Ok(points)
}
