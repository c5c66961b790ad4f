//! How a piece sits on the body: one file per kind of jewelry.

mod bracelet;
mod controls;
mod earring;
mod limb;
pub mod necklace;
mod placement;
mod ring;
pub mod visible;
mod watch;

pub use controls::*;
pub use earring::LEAST_EAR_VISIBILITY;
pub use placement::*;

use crate::imaging::Photo;
use crate::locate::Anatomy;
use crate::product::{Piece, Structure};

/// What a piece is fitted into.
pub struct Scene<'a> {
    pub photo: &'a Photo,
    pub anatomy: &'a Anatomy,
    /// Pieces that are already worn in this picture, the first placed first.
    pub worn: &'a [Placement],
}

/// Fits `piece` to the body in `scene`.
///
/// # Errors
/// [`Unfit`] with a named reason when the body part is missing, hidden or too small in the picture.
pub fn fit(scene: &Scene, piece: &Piece, controls: &Controls) -> Result<Placement, Unfit> {
    match &piece.structure {
        Structure::Earring(s) => earring::fit(scene, piece, s, controls),
        Structure::Necklace(s) => necklace::fit(scene, piece, s, controls),
        Structure::Ring(s) => ring::fit(scene, piece, s, controls),
        Structure::Bracelet(s) => bracelet::fit(scene, piece, s, controls),
        Structure::Watch(s) => watch::fit(scene, piece, s, controls),
    }
}
