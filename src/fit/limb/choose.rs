//! Which hand carries the piece.

use crate::fit::{Controls, Scene, Unfit, UnfitReason};
use crate::locate::{Hand, Side};

/// Visibility below which a finger or wrist is not shown.
pub const LEAST_VISIBILITY: f64 = 0.35;

/// The hand asked for, or the one whose place (by `visibility`) is seen best; with its index in the anatomy.
///
/// # Errors
/// [`UnfitReason::NoHand`] when there is none, or none of the side asked for.
pub fn hand<'a>(
    scene: &'a Scene,
    controls: &Controls,
    visibility: impl Fn(&Hand) -> f64,
) -> Result<(usize, &'a Hand), Unfit> {
    let asked = |hand: &Hand| controls.side.is_none_or(|side| side == hand.handedness);
    // A hand twice as large is worth as much as one seen twice as well.
    let worth = |hand: &Hand| visibility(hand) * hand.px_per_mm * hand.score;
    scene
        .anatomy
        .hands
        .iter()
        .enumerate()
        .filter(|(_, h)| asked(h))
        .max_by(|(i, a), (j, b)| worth(a).total_cmp(&worth(b)).then(j.cmp(i)))
        .ok_or_else(|| no_hand(scene, controls.side))
}

fn no_hand(scene: &Scene, side: Option<Side>) -> Unfit {
    let detail = match (scene.anatomy.hands.is_empty(), side) {
        (false, Some(Side::Left)) => "the photo shows a right hand only, a left one was asked for",
        (false, Some(Side::Right)) => "the photo shows a left hand only, a right one was asked for",
        _ => "no hand was found in the photo",
    };
    Unfit {
        reason: UnfitReason::NoHand,
        detail: detail.into(),
    }
}

pub fn side_name(side: Side) -> &'static str {
    match side {
        Side::Left => "left",
        Side::Right => "right",
    }
}
