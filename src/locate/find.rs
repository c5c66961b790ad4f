//! The door of the room: which models a kind of jewelry needs, and what they find.

use super::Anatomy;
use super::camera::Camera;
use super::face::find_faces;
use super::hand::locate_hands;
use super::light;
use super::person::find_person;
use crate::imaging::Photo;
use crate::infer::{Engine, InferError};
use crate::product::Kind;

/// Which parts of the anatomy are wanted; only the models that these need are loaded and run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wants {
    /// Faces with pose and ears.
    pub face: bool,
    /// Neck and shoulders (implies the face).
    pub neck: bool,
    /// Person coverage over the photo.
    pub person: bool,
    /// Hands, fingers, wrists.
    pub hands: bool,
    /// Light on the subject.
    pub light: bool,
}

impl Wants {
    pub const ALL: Wants = Wants {
        face: true,
        neck: true,
        person: true,
        hands: true,
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
                Kind::Earring => (wants.face, wants.person) = (true, true),
                Kind::Necklace => (wants.face, wants.neck, wants.person) = (true, true, true),
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
        light: false,
    };
}

/// Finds what is wanted. What is not there is absent or empty, never an error.
///
/// # Errors
/// When a model cannot be loaded or run.
pub fn locate(photo: &Photo, engine: &dyn Engine, wants: Wants) -> Result<Anatomy, InferError> {
    let camera = Camera::new(photo.focal_px(), photo.width(), photo.height());
    let faces = if wants.face || wants.neck {
        find_faces(&photo.pixels, engine, &camera)?
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
    let mut anatomy = Anatomy {
        width: photo.width(),
        height: photo.height(),
        camera,
        faces,
        neck: None,
        shoulders: None,
        hands,
        person,
        light: None,
    };
    if wants.light {
        anatomy.light = light::estimate(photo, &anatomy);
    }
    Ok(anatomy)
}
