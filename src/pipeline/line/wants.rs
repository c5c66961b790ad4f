//! What has to be located on a photograph.

use crate::locate::Wants;
use crate::preset::Plan;
use crate::preset::plan::BasePlan;
use crate::preset::settings::{Background, CropAround};

/// What all composites of a photo need together, so that it is located once. It is part of every key: what else is
/// found on a photo (a face beside a hand) may change the light that is estimated.
pub fn wants(plan: &Plan, bases: &[BasePlan]) -> Wants {
    let pieces = bases.iter().flat_map(|base| &base.pieces);
    let kinds = pieces
        .filter_map(|piece| plan.products.get(piece.product))
        .map(|product| product.kind);
    let mut wants = Wants::for_kinds(kinds);
    let outputs = || bases.iter().flat_map(|base| &base.outputs);
    wants.person |= outputs().any(|output| output.background != Background::Keep);
    wants.face |= outputs().any(|output| output.crop.around == CropAround::Face);
    wants
}
