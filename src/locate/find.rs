//! The door of the room: which models a kind of jewelry needs, and what they find.

use super::camera::Camera;
use super::ear::find_ears;
use super::face::{RawFace, find_faces};
use super::hand::{hands_around, locate_hands};
use super::head::{bounds, head_pose};
use super::light;
use super::matte::face_regions;
use super::person::find_person;
use super::trunk::find_trunk;
use super::{Anatomy, Face, Hand};
use crate::imaging::Photo;
use crate::infer::{Engine, InferError, ModelId};
use crate::product::Kind;

/// Which parts of the anatomy are wanted; only the models that these need are loaded and run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wants {
    /// Faces with pose and ears.
    pub face: bool,
    /// Neck, shoulders and hands at the neck (implies the face).
    pub neck: bool,
    /// Person coverage over the photo.
    pub person: bool,
    /// Hands, fingers, wrists.
    pub hands: bool,
    /// Skin, hair and cloth around the first face (sharper with the person).
    pub regions: bool,
    /// Light on the subject.
    pub light: bool,
}

impl Wants {
    pub const ALL: Wants = Wants {
        face: true,
        neck: true,
        person: true,
        hands: true,
        regions: true,
        light: true,
    };
    /// What fitting these kinds of jewelry needs.
    pub fn for_kinds(kinds: impl IntoIterator<Item = Kind>) -> Wants {
        let mut wants = Wants {
            light: true,
            ..Wants::default()
        };
        for kind in kinds {
            match kind {
                Kind::Earring => (wants.face, wants.person, wants.regions) = (true, true, true),
                Kind::Necklace => {
                    (wants.face, wants.neck, wants.person, wants.regions) = (true, true, true, true);
                }
                Kind::Ring | Kind::Bracelet | Kind::Watch => wants.hands = true,
            }
        }
        wants
    }

    pub const EARS: Wants = Wants {
        face: true,
        neck: false,
        person: false,
        hands: false,
        regions: false,
        light: false,
    };

    /// Models that finding this runs in most photographs, in the order in which it runs them.
    pub fn models(&self) -> Vec<ModelId> {
        let face = self.face || self.neck;
        let parts = [
            (face, &[ModelId::FaceShort, ModelId::FaceMesh][..]),
            (self.hands, &[ModelId::Palm, ModelId::Hand]),
            (self.person, &[ModelId::Selfie]),
            (face, &[ModelId::EarLobe]),
            (face && self.regions, &[ModelId::FaceRegions]),
            (self.neck && !self.hands, &[ModelId::Palm]),
            (self.neck, &[ModelId::PoseDetection, ModelId::PoseLandmark]),
        ];
        let wanted = parts.into_iter().filter(|(wanted, _)| *wanted);
        wanted.flat_map(|(_, models)| models.iter().copied()).collect()
    }

    /// The same, with those that only difficult photographs need.
    pub fn models_at_most(&self) -> Vec<ModelId> {
        let mut models = self.models();
        if self.face || self.neck {
            models.push(ModelId::FaceFull);
        }
        if self.neck && !self.hands {
            models.push(ModelId::Hand);
        }
        models
    }
}

/// Finds what is wanted. What is not there is absent or empty, never an error.
///
/// # Errors
/// When a model cannot be loaded or run.
pub fn locate(photo: &Photo, engine: &dyn Engine, wants: Wants) -> Result<Anatomy, InferError> {
    // Among the threads that read the pieces, so that none of these waits for another to wake.
    rayon::scope(|_| find(photo, engine, wants))
}

fn find(photo: &Photo, engine: &dyn Engine, wants: Wants) -> Result<Anatomy, InferError> {
    let camera = Camera::new(photo.focal_px(), photo.width(), photo.height());
    let raw = if wants.face || wants.neck {
        find_faces(&photo.pixels, engine)?
    } else {
        Vec::new()
    };
    let hands = if wants.hands {
        locate_hands(photo, engine, &camera)?
    } else {
        Vec::new()
    };
    let person = if wants.person {
        Some(find_person(&photo.pixels, engine)?)
    } else {
        None
    };
    let measured = raw.into_iter().map(|f| measure(photo, engine, &camera, f));
    let mut faces = measured.collect::<Result<Vec<Face>, InferError>>()?;
    let rank = |f: &Face| f.score * (f.bbox.width * f.bbox.height).max(0.0).sqrt();
    faces.sort_by(|a, b| rank(b).total_cmp(&rank(a)));
    if wants.regions
        && let Some(face) = faces.first_mut()
    {
        face.regions = face_regions(photo, face, person.as_ref(), engine)?;
    }
    let mut anatomy = Anatomy {
        width: photo.width(),
        height: photo.height(),
        camera,
        faces,
        neck: None,
        shoulders: None,
        hands,
        hands_at_neck: Vec::new(),
        person,
        light: None,
    };
    if wants.neck {
        anatomy.hands_at_neck = hands_at_neck(photo, engine, &anatomy)?;
        (anatomy.neck, anatomy.shoulders) = find_trunk(photo, engine, &anatomy)?.unzip();
    }
    if wants.light {
        anatomy.light = light::estimate(photo, &anatomy);
    }
    Ok(anatomy)
}

/// Hands in the square around the first face's head and chest: sure ones of a size that goes with the face, for folds of
/// hair and cloth pass for hands now and then, mostly for small ones.
fn hands_at_neck(photo: &Photo, engine: &dyn Engine, anatomy: &Anatomy) -> Result<Vec<Hand>, InferError> {
    const SURE: f64 = 0.65;
    /// Pixels per millimetre at the hand over those at the face.
    const SIZE: std::ops::RangeInclusive<f64> = 0.6..=1.6;
    let Some(face) = anatomy.faces.first() else {
        return Ok(Vec::new());
    };
    let Some(square) = &face.regions else {
        return Ok(Vec::new());
    };
    let mut hands = hands_around(photo, engine, &anatomy.camera, (square.centre, square.side))?;
    hands.retain(|h| h.score >= SURE && SIZE.contains(&(h.px_per_mm / face.px_per_mm)));
    Ok(hands)
}

/// Pose, scale and ears of a face.
///
/// # Errors
/// When a model cannot be run.
fn measure(photo: &Photo, engine: &dyn Engine, camera: &Camera, raw: RawFace) -> Result<Face, InferError> {
    let points = raw.mesh.points;
    let pose = head_pose(&points, camera);
    Ok(Face {
        score: raw.detection.score * raw.mesh.presence,
        bbox: bounds(&points),
        px_per_mm: camera.px_per_mm(pose.translation_mm.z),
        ears: find_ears(&photo.pixels, engine, camera, &pose)?,
        regions: None,
        landmarks: points,
        pose,
    })
}
