use super::{Controls, Placement, Scene, Unfit, UnfitReason};
use crate::product::{Piece, WatchStructure};

/// Fits a watch.
pub fn fit(
    _scene: &Scene,
    _piece: &Piece,
    _structure: &WatchStructure,
    _controls: &Controls,
) -> Result<Placement, Unfit> {
    Err(Unfit {
        reason: UnfitReason::ProductUnusable,
        detail: "not fitted yet".into(),
    })
}
