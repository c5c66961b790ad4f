//! Necklaces: a rope of the chain's true length on a stand-in for the body, the picture mapped along it.

pub mod rope;

use super::{Controls, Placement, Scene, Unfit, UnfitReason};
use crate::product::{NecklaceStructure, Piece};

/// Fits a necklace.
pub fn fit(
    _scene: &Scene,
    _piece: &Piece,
    _structure: &NecklaceStructure,
    _controls: &Controls,
) -> Result<Placement, Unfit> {
    Err(Unfit {
        reason: UnfitReason::ProductUnusable,
        detail: "not fitted yet".into(),
    })
}
