use super::{Controls, Placement, Scene, Unfit, UnfitReason};
use crate::product::{BraceletStructure, Piece};

/// Fits a bracelet.
pub fn fit(
    _scene: &Scene,
    _piece: &Piece,
    _structure: &BraceletStructure,
    _controls: &Controls,
) -> Result<Placement, Unfit> {
    Err(Unfit {
        reason: UnfitReason::ProductUnusable,
        detail: "not fitted yet".into(),
    })
}
