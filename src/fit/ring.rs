use super::{Controls, Placement, Scene, Unfit, UnfitReason};
use crate::product::{Piece, RingStructure};

/// Fits a ring.
pub fn fit(
    _scene: &Scene,
    _piece: &Piece,
    _structure: &RingStructure,
    _controls: &Controls,
) -> Result<Placement, Unfit> {
    Err(Unfit {
        reason: UnfitReason::ProductUnusable,
        detail: "not fitted yet".into(),
    })
}
