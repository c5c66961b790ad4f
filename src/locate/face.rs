//! Faces of a photograph: detection over near, far and small, then mesh and pose of each.

use glam::DVec2;
use image::RgbImage;

use super::Face;
use super::camera::Camera;
use super::crop::{Roi, Shrink};
use super::ear::find_ears;
use super::head::{bounds, head_pose};
use super::mesh::find_mesh;
use super::ssd::{Detection, FACE_FULL, FACE_SHORT, detect};
use crate::infer::{Engine, InferError};

/// Least presence of a mesh that counts as a face.
const PRESENCE: f64 = 0.5;
/// Two detections that overlap more are one face.
const SAME: f64 = 0.3;
/// Tiles' sides, as parts of the photograph's long side. The full-range detector finds faces from about a
/// twelfth of its tile on, so that the smallest tiles reach faces of a hundredth of the photograph.
const TILES: [f64; 3] = [0.5, 0.25, 0.125];
/// Tiles overlap by this part of their side, so that a face on a seam is whole in one of them.
const TILE_OVERLAP: f64 = 0.25;
/// No tile is smaller than this: below, faces are too small to work on.
const LEAST_TILE_PX: f64 = 256.0;

/// All faces, best first (large and sure before small and doubtful).
///
/// # Errors
/// When a model cannot be run.
pub fn find_faces(photo: &RgbImage, engine: &dyn Engine, camera: &Camera) -> Result<Vec<Face>, InferError> {
    let (width, height) = photo.dimensions();
    let whole = Roi::letterbox(width, height);
    let mut faces = faces_in(
        photo,
        engine,
        camera,
        &detect(photo, engine, &FACE_SHORT, &whole, Shrink::Plain)?,
    )?;
    if faces.is_empty() {
        let found = detect(photo, engine, &FACE_FULL, &whole, Shrink::Smooth)?;
        faces = faces_in(photo, engine, camera, &found)?;
    }
    for part in TILES {
        let side = part * f64::from(width.max(height));
        if !faces.is_empty() || side < LEAST_TILE_PX {
            break;
        }
        let mut found = Vec::new();
        for tile in tiles(width, height, side) {
            found.extend(detect(photo, engine, &FACE_FULL, &tile, Shrink::Smooth)?);
        }
        faces = faces_in(photo, engine, camera, &found)?;
    }
    Ok(faces)
}

/// Square tiles of `side` pixels that cover the photograph with overlap.
fn tiles(width: u32, height: u32, side: f64) -> Vec<Roi> {
    let starts = |length: f64| {
        let count = ((length - side) / (side * (1.0 - TILE_OVERLAP))).ceil().max(0.0) as usize;
        let step = if count > 0 {
            (length - side) / count as f64
        } else {
            0.0
        };
        (0..=count).map(move |i| i as f64 * step + side / 2.0)
    };
    starts(f64::from(height))
        .flat_map(|y| starts(f64::from(width)).map(move |x| Roi::square(DVec2::new(x, y), side, 0.0)))
        .collect()
}

/// Meshes of the detections that are faces, each once.
fn faces_in(
    photo: &RgbImage,
    engine: &dyn Engine,
    camera: &Camera,
    detections: &[Detection],
) -> Result<Vec<Face>, InferError> {
    let mut kept: Vec<(&Detection, Face)> = Vec::new();
    let mut order: Vec<&Detection> = detections.iter().collect();
    order.sort_by(|a, b| b.score.total_cmp(&a.score));
    for detection in order {
        if kept.iter().any(|(d, _)| same(d, detection)) {
            continue;
        }
        let mesh = find_mesh(photo, engine, detection)?;
        if mesh.presence < PRESENCE {
            continue;
        }
        let pose = head_pose(&mesh.points, camera);
        let face = Face {
            score: detection.score * mesh.presence,
            bbox: bounds(&mesh.points),
            px_per_mm: camera.px_per_mm(pose.translation_mm.z),
            ears: find_ears(photo, camera, &pose, &mesh.points),
            landmarks: mesh.points,
            pose,
        };
        kept.push((detection, face));
    }
    let mut faces: Vec<Face> = kept.into_iter().map(|(_, f)| f).collect();
    let rank = |f: &Face| f.score * (f.bbox.width * f.bbox.height).max(0.0).sqrt();
    faces.sort_by(|a, b| rank(b).total_cmp(&rank(a)));
    Ok(faces)
}

/// Detections of one face: boxes that overlap, or one within the other (tiles of different size).
fn same(a: &Detection, b: &Detection) -> bool {
    let inside = |p: DVec2, d: &Detection| p.cmpge(d.min).all() && p.cmple(d.max).all();
    a.overlap(b) > SAME || inside(a.centre(), b) || inside(b.centre(), a)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_cover_the_photograph() {
        let (width, height, side) = (6000, 4000, 1500.0);
        let all = tiles(width, height, side);
        for p in [(0.0, 0.0), (5999.0, 3999.0), (3000.0, 2000.0), (100.0, 3900.0)] {
            let p = DVec2::new(p.0, p.1);
            assert!(
                all.iter()
                    .any(|t| ((p - t.centre).abs() * 2.0).max_element() <= side),
                "{p}"
            );
        }
        assert!(all.iter().all(|t| t.size == DVec2::splat(side)));
        assert_eq!(all.len(), 5 * 4);
    }

    #[test]
    fn a_tile_larger_than_a_side_is_centred_once() {
        assert_eq!(tiles(1000, 300, 500.0).len(), 3);
    }
}
