//! Soft mattes of skin, hair and cloth at full resolution, around the piece only.

use super::Anatomy;
use crate::imaging::{Mask, Photo, Rect};

/// What covers each pixel of a region; the four sum to 1.
#[derive(Debug, Clone)]
pub struct Mattes {
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

/// Mattes of `rect` (clipped to the photo).
pub fn mattes(photo: &Photo, anatomy: &Anatomy, subject: MatteSubject, rect: Rect) -> Mattes {
    let _ = subject;
    let rect = rect.clip(&Rect::of_size(photo.width(), photo.height()));
    let mut person = Mask::filled(rect, 1.0);
    if let Some(mask) = &anatomy.person {
        for (i, v) in person.data.iter_mut().enumerate() {
            let (x, y) = (i as u32 % rect.width, i as u32 / rect.width);
            let p =
                glam::DVec2::new(f64::from(rect.x) + f64::from(x), f64::from(rect.y) + f64::from(y)) + 0.5;
            *v = mask.sample(p);
        }
    }
    let mut background = person.clone();
    background.data.iter_mut().for_each(|v| *v = 1.0 - *v);
    Mattes {
        skin: person,
        hair: Mask::filled(rect, 0.0),
        cloth: Mask::filled(rect, 0.0),
        background,
    }
}
