use super::{Controls, Placement, Scene, Unfit, UnfitReason};
use crate::product::{EarringStructure, Piece};

/// Fits a earring.
pub fn fit(
    _scene: &Scene,
    _piece: &Piece,
    _structure: &EarringStructure,
    _controls: &Controls,
) -> Result<Placement, Unfit> {
    Err(Unfit {
        reason: UnfitReason::ProductUnusable,
        detail: "not fitted yet".into(),
    })
}

/// Below this visibility an ear gets no earring.
pub const LEAST_EAR_VISIBILITY: f64 = 0.5;
