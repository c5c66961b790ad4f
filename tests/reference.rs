//! Pre- and post-processing against MediaPipe 0.10.14: what `tests/reference/record.py` recorded of the pictures
//! beside it, found again by each backend.
//!
//! The embedded backend always runs. ONNX Runtime runs when `ORT_DYLIB_PATH` leads to its library; where it does not,
//! the test says so.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use glam::{DVec2, DVec3};
use parure::imaging::{Limits, Photo};
use parure::infer::{Backend, Engine, InferOptions};
use parure::locate::body_pose::{self, find_body};
use parure::locate::person::find_person;
use parure::locate::{face, hand};
use serde::Deserialize;

/// Largest mean distance of the face mesh's 478 points, pixels.
const FACE_PX: f64 = 0.1;
/// Largest mean distance of a hand's 21 points, pixels.
const HAND_PX: f64 = 0.6;
/// Largest distance of any of the body's ears and shoulders, pixels.
const POSE_PX: f64 = 1.0;
/// Least intersection over union of the person masks, cut at one half.
const MASK_IOU: f64 = 0.99;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    width: u32,
    height: u32,
    /// 478 points each: x, y, z in pixels.
    faces: Vec<Vec<[f64; 3]>>,
    /// 33 points: x, y, z in pixels, visibility.
    pose: Option<Vec<[f64; 4]>>,
    hands: Vec<ExpectedHand>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpectedHand {
    label: String,
    landmarks: Vec<[f64; 3]>,
}

/// A picture, what MediaPipe found in it, and its person mask.
struct Case {
    name: String,
    photo: Photo,
    expected: Expected,
    mask: image::GrayImage,
}

fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference");
    let text = std::fs::read_to_string(folder.join("expected.json")).unwrap();
    let all: BTreeMap<String, Expected> = serde_json::from_str(&text).unwrap();
    assert!(all.len() >= 5);
    all.into_iter()
        .map(|(name, expected)| {
            let photo = Photo::open(&folder.join(format!("{name}.webp")), &Limits::default()).unwrap();
            let mask = image::open(folder.join(format!("{name}_mask.png")))
                .unwrap()
                .into_luma8();
            let size = (expected.width, expected.height);
            assert_eq!(
                (photo.pixels.dimensions(), mask.dimensions()),
                (size, size),
                "{name}"
            );
            Case {
                name,
                photo,
                expected,
                mask,
            }
        })
        .collect()
}

/// The engines to test. A missing ONNX Runtime is told on the terminal itself: the test harness swallows what a
/// passing test prints.
fn engines() -> Vec<Arc<dyn Engine>> {
    let open = |backend, ort_lib: Option<PathBuf>| {
        parure::infer::open(&InferOptions {
            backend,
            ort_lib,
            ..InferOptions::default()
        })
        .unwrap()
    };
    let mut engines = vec![open(Backend::Rten, None)];
    match std::env::var_os("ORT_DYLIB_PATH") {
        Some(path) => engines.push(open(Backend::Ort, Some(path.into()))),
        None => {
            use std::io::Write;
            static ONCE: std::sync::Once = std::sync::Once::new();
            ONCE.call_once(|| {
                let note = "note: ONNX Runtime is not compared; set ORT_DYLIB_PATH to its library";
                drop(writeln!(std::io::stderr(), "{note}"));
            });
        }
    }
    engines
}

/// Mean and largest distance in the picture plane.
fn distances<const N: usize>(found: &[DVec3], expected: &[[f64; N]]) -> (f64, f64) {
    assert_eq!(found.len(), expected.len());
    let each = found
        .iter()
        .zip(expected)
        .map(|(f, e)| f.truncate().distance(DVec2::new(e[0], e[1])));
    let (sum, most) = each.fold((0.0, 0f64), |(sum, most), d| (sum + d, most.max(d)));
    (sum / found.len() as f64, most)
}

/// Mean distance in depth, in pixels of the picture.
fn depth_distance(found: &[DVec3], expected: &[[f64; 3]]) -> f64 {
    let sum: f64 = found.iter().zip(expected).map(|(f, e)| (f.z - e[2]).abs()).sum();
    sum / found.len() as f64
}

#[test]
fn face_meshes() {
    for engine in engines() {
        let mut seen = 0;
        for case in cases() {
            let faces = face::find_faces(&case.photo.pixels, engine.as_ref()).unwrap();
            assert_eq!(faces.len(), case.expected.faces.len(), "{}", case.name);
            for (found, expected) in faces.iter().zip(&case.expected.faces) {
                let (mean, most) = distances(&found.mesh.points, expected);
                let depth = depth_distance(&found.mesh.points, expected);
                println!(
                    "{} {}: face mesh mean {mean:.3} px, worst {most:.3} px, depth {depth:.3} px",
                    engine.name(),
                    case.name
                );
                assert!(
                    mean <= FACE_PX && depth <= FACE_PX,
                    "{}: {mean}, depth {depth}",
                    case.name
                );
                seen += 1;
            }
        }
        assert_eq!(seen, 3, "faces that MediaPipe sees");
    }
}

#[test]
fn hands() {
    for engine in engines() {
        let mut seen = 0;
        for case in cases().iter().filter(|case| !case.expected.hands.is_empty()) {
            let hands = hand::find(&case.photo, engine.as_ref()).unwrap();
            assert_eq!(hands.len(), case.expected.hands.len(), "{}", case.name);
            for (found, expected) in hands.iter().zip(&case.expected.hands) {
                let (mean, most) = distances(&found.landmarks, &expected.landmarks);
                println!(
                    "{} {}: hand mean {mean:.3} px, worst {most:.3} px",
                    engine.name(),
                    case.name
                );
                assert!(mean <= HAND_PX, "{}: {mean}", case.name);
                // MediaPipe takes every picture for a mirrored one: what it calls right is the subject's left.
                let label = if found.right > 0.5 { "Left" } else { "Right" };
                assert_eq!(label, expected.label, "{}", case.name);
                seen += 1;
            }
        }
        assert_eq!(seen, 2, "hands that MediaPipe sees");
    }
}

#[test]
fn ears_and_shoulders_of_the_body() {
    for engine in engines() {
        let mut seen = 0;
        for case in cases() {
            // Only people with a face: the detector fires on nothing now and then, and the pose of a hand is none.
            let (Some(expected), Some(_)) = (&case.expected.pose, case.expected.faces.first()) else {
                continue;
            };
            let nose = DVec2::new(expected[body_pose::NOSE][0], expected[body_pose::NOSE][1]);
            let reach = f64::from(case.expected.width) / 4.0;
            let body = find_body(&case.photo.pixels, engine.as_ref(), nose, reach)
                .unwrap()
                .unwrap_or_else(|| panic!("{}: no body", case.name));
            for (name, k) in [
                ("left ear", body_pose::LEFT_EAR),
                ("right ear", body_pose::RIGHT_EAR),
                ("left shoulder", body_pose::LEFT_SHOULDER),
                ("right shoulder", body_pose::RIGHT_SHOULDER),
            ] {
                let at = DVec2::new(expected[k][0], expected[k][1]);
                let miss = body.points[k].truncate().distance(at);
                println!("{} {}: {name} {miss:.3} px", engine.name(), case.name);
                assert!(miss <= POSE_PX, "{} {name}: {miss}", case.name);
                assert!(
                    (body.visibility[k] - expected[k][3]).abs() < 0.02,
                    "{} {name}",
                    case.name
                );
            }
            seen += 1;
        }
        assert_eq!(seen, 3, "bodies");
    }
}

#[test]
fn person_masks() {
    for engine in engines() {
        let mut seen = 0;
        for case in cases() {
            let person = find_person(&case.photo.pixels, engine.as_ref()).unwrap();
            let (mut both, mut either) = (0u32, 0u32);
            for (x, y, expected) in case.mask.enumerate_pixels() {
                let at = DVec2::new(f64::from(x) + 0.5, f64::from(y) + 0.5);
                let (ours, theirs) = (person.sample(at) > 0.5, expected.0[0] > 127);
                both += u32::from(ours && theirs);
                either += u32::from(ours || theirs);
            }
            assert!(
                either > case.mask.width() * case.mask.height() / 20,
                "{}: empty",
                case.name
            );
            let overlap = f64::from(both) / f64::from(either);
            println!("{} {}: person mask IoU {overlap:.4}", engine.name(), case.name);
            assert!(overlap >= MASK_IOU, "{}: {overlap}", case.name);
            seen += 1;
        }
        assert_eq!(seen, 5, "pictures");
    }
}
