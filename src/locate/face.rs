//! Faces of a photograph: near, far and small ones, each with mesh and presence.

use glam::DVec2;
use image::RgbImage;

use super::crop::{Roi, Shrink};
use super::mesh::{Mesh, find_mesh};
use super::ssd::{Detection, FACE_FULL, FACE_SHORT, detect};
use crate::infer::{Engine, InferError};

/// Least presence of a mesh that counts as a face.
const PRESENCE: f64 = 0.5;
/// A near face that scores less, or whose mesh is less present, is believed only when the full-range detector sees
/// it too: the short-range one takes a closed hand for a face now and then.
const SURE_SCORE: f64 = 0.8;
const SURE_PRESENCE: f64 = 0.9;
/// Two boxes that overlap more are one face.
const SAME: f64 = 0.3;
/// Tiles' sides, as parts of the photograph's long side, tried in turn.
const TILES: [f64; 3] = [0.5, 0.25, 0.125];
/// Tiles overlap by this part of their side, so that a face on a seam is whole in one of them.
const TILE_OVERLAP: f64 = 0.25;
/// No tile is smaller than this: below, faces are too small to work on.
const LEAST_TILE_PX: f64 = 256.0;
/// Side of the close look at a face that a tile found, in box sides.
const CLOSE_LOOK: f64 = 2.5;

/// A face before its pose is known.
#[derive(Debug, Clone)]
pub struct RawFace {
    pub detection: Detection,
    pub mesh: Mesh,
}

/// All faces, each once, in no particular order.
///
/// # Errors
/// When a model cannot be run.
pub fn find_faces(photo: &RgbImage, engine: &dyn Engine) -> Result<Vec<RawFace>, InferError> {
    let (width, height) = photo.dimensions();
    let whole = Roi::letterbox(width, height);
    let near = meshes(
        photo,
        engine,
        detect(photo, engine, &FACE_SHORT, &whole, Shrink::Plain)?,
    )?;
    let (mut faces, doubtful): (Vec<_>, Vec<_>) = near.into_iter().partition(sure);
    if faces.is_empty() || !doubtful.is_empty() {
        let far = detect(photo, engine, &FACE_FULL, &whole, Shrink::Smooth)?;
        let far = meshes(photo, engine, far)?;
        let seen_twice = doubtful
            .into_iter()
            .filter(|d| far.iter().any(|f| f.detection.overlap(&d.detection) > SAME))
            .collect::<Vec<_>>();
        add_present(&mut faces, far.into_iter().chain(seen_twice).collect());
    }
    for part in TILES {
        let side = part * f64::from(width.max(height));
        if !faces.is_empty() || side < LEAST_TILE_PX {
            break;
        }
        add_present(&mut faces, in_tiles(photo, engine, &tiles(width, height, side))?);
    }
    Ok(faces)
}

fn sure(face: &RawFace) -> bool {
    face.detection.score >= SURE_SCORE && face.mesh.presence >= SURE_PRESENCE
}

fn meshes(
    photo: &RgbImage,
    engine: &dyn Engine,
    detections: Vec<Detection>,
) -> Result<Vec<RawFace>, InferError> {
    detections
        .into_iter()
        .map(|detection| {
            let mesh = find_mesh(photo, engine, &detection)?;
            Ok(RawFace { detection, mesh })
        })
        .collect()
}

/// Adds the candidates that are faces and not there yet; of several on one face the most present stays.
fn add_present(faces: &mut Vec<RawFace>, mut candidates: Vec<RawFace>) {
    let rank = |f: &RawFace| f.mesh.presence * f.detection.score;
    candidates.sort_by(|a, b| rank(b).total_cmp(&rank(a)));
    for candidate in candidates {
        let known = faces.iter().any(|f| same(&f.detection, &candidate.detection));
        if candidate.mesh.presence >= PRESENCE && !known {
            faces.push(candidate);
        }
    }
}

/// Boxes of one face: they overlap, or the middle of one lies in the other.
fn same(a: &Detection, b: &Detection) -> bool {
    let inside = |p: DVec2, d: &Detection| p.cmpge(d.min).all() && p.cmple(d.max).all();
    a.overlap(b) > SAME || inside(a.centre(), b) || inside(b.centre(), a)
}

/// Small faces: the full-range detector on each tile, then the short-range one on a close look at what it found,
/// because many tiles make many chances to be wrong.
fn in_tiles(photo: &RgbImage, engine: &dyn Engine, tiles: &[Roi]) -> Result<Vec<RawFace>, InferError> {
    let mut found = Vec::new();
    for tile in tiles {
        for small in detect(photo, engine, &FACE_FULL, tile, Shrink::Smooth)? {
            let close = Roi::square(small.centre(), CLOSE_LOOK * small.size().max_element(), 0.0);
            let seen = detect(photo, engine, &FACE_SHORT, &close, Shrink::Smooth)?;
            found.extend(seen.into_iter().find(|s| same(s, &small)));
        }
    }
    meshes(photo, engine, found)
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
    fn a_photograph_flatter_than_a_tile_has_one_row() {
        assert_eq!(tiles(1000, 300, 500.0).len(), 3);
    }

    fn face(x: f64, score: f64, presence: f64) -> RawFace {
        RawFace {
            detection: Detection {
                score,
                min: DVec2::new(x, 0.0),
                max: DVec2::new(x + 10.0, 10.0),
                keypoints: Vec::new(),
            },
            mesh: Mesh {
                points: Vec::new(),
                presence,
            },
        }
    }

    #[test]
    fn each_face_once_and_only_faces() {
        let mut faces = vec![face(0.0, 0.9, 1.0)];
        add_present(
            &mut faces,
            vec![
                face(2.0, 0.9, 1.0),
                face(50.0, 0.7, 0.8),
                face(52.0, 0.9, 0.95),
                face(90.0, 0.9, 0.4),
            ],
        );
        let at: Vec<f64> = faces.iter().map(|f| f.detection.min.x).collect();
        assert_eq!(at, [0.0, 52.0]);
    }
}
