//! Soft mattes of skin, hair and cloth at full resolution, around the piece only.
//!
//! Two steps. A coarse [`RegionGrid`] over the head or hand says what is roughly where: from a compact network
//! ([`face_regions`]) when [`super::locate`] ran it, else from colours and places ([`by_colour`]). In the region of the piece the
//! person's own colours, counted under that grid, sharpen it ([`colour`]), and a guided filter carries the
//! result to the picture's own edges ([`guided`]).

mod by_colour;
mod cells;
mod colour;
mod face_square;
mod grid;
mod guided;
mod hand_zone;
mod near;
mod network;
mod refine;

use super::Anatomy;
use crate::imaging::{Mask, Photo, Rect};
pub use face_square::oval as face_oval;
pub use grid::RegionGrid;
pub use hand_zone::HandZone;
pub use near::Near;
pub use network::face_regions;

/// What covers each pixel of a region; the four sum to 1 where `near` looks, and are 0 elsewhere.
#[derive(Debug, Clone)]
pub struct Mattes {
    pub near: Near,
    pub skin: Mask,
    pub hair: Mask,
    pub cloth: Mask,
    pub background: Mask,
}

/// Which body part the region lies on: it decides where the person's own skin colour is taken from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum MatteSubject {
    /// Face, ears, neck and chest of a face (index into [`Anatomy::faces`]).
    Face(usize),
    /// Hand and wrist (index into [`Anatomy::hands`]).
    Hand(usize),
}

/// Shares of skin, hair, cloth and background, in this order; they sum to 1.
type Classes = [f32; 4];
const SKIN: usize = 0;
const HAIR: usize = 1;
const CLOTH: usize = 2;
const BACKGROUND: usize = 3;

/// Mattes of `rect` (clipped to the photo).
///
/// A subject that is not in `anatomy` gives the person mask as skin.
pub fn mattes(photo: &Photo, anatomy: &Anatomy, subject: MatteSubject, rect: Rect) -> Mattes {
    let rect = rect.clip(&Rect::of_size(photo.width(), photo.height()));
    mattes_near(photo, anatomy, subject, Near::all(rect))
}

/// Mattes of a part of the photo that need not be a rectangle.
pub fn mattes_near(photo: &Photo, anatomy: &Anatomy, subject: MatteSubject, near: Near) -> Mattes {
    let (grid, px_per_mm) = match subject {
        MatteSubject::Face(i) => match anatomy.faces.get(i) {
            Some(face) => {
                let by_colour = || by_colour::face_regions(photo, face, anatomy.person.as_ref());
                (face.regions.clone().or_else(by_colour), face.px_per_mm)
            }
            None => (None, 0.0),
        },
        MatteSubject::Hand(i) => match anatomy.hands.get(i) {
            Some(hand) => (by_colour::hand_regions(photo, hand), hand.px_per_mm),
            None => (None, 0.0),
        },
    };
    match grid {
        Some(grid) if !near.rect.is_empty() && px_per_mm.is_finite() && px_per_mm > 0.0 => {
            refine::refine(photo, &grid, near, px_per_mm)
        }
        _ => person_only(anatomy, near),
    }
}

/// The person mask as skin: all that is known without a subject.
fn person_only(anatomy: &Anatomy, near: Near) -> Mattes {
    let rect = near.rect;
    let mut skin = Mask::filled(rect, 1.0);
    if let Some(mask) = &anatomy.person {
        let width = rect.width.max(1) as usize;
        for (y, row) in skin.data.chunks_exact_mut(width).enumerate() {
            for (x, v) in row.iter_mut().enumerate() {
                let p = glam::DVec2::new(f64::from(rect.x) + x as f64, f64::from(rect.y) + y as f64) + 0.5;
                *v = mask.sample(p);
            }
        }
    }
    let mut background = skin.clone();
    background.data.iter_mut().for_each(|v| *v = 1.0 - *v);
    background.outside = 0.0;
    skin.outside = 0.0;
    Mattes {
        // It costs nothing to look everywhere here.
        near: Near::all(rect),
        skin,
        hair: Mask::filled(rect, 0.0),
        cloth: Mask::filled(rect, 0.0),
        background,
    }
}

#[cfg(test)]
mod tests;
