//! Earrings: hung by gravity from the pierced lobe, or set on it, each ear on its own; the head hides what lies behind.

mod card;
mod hair;
mod hidden;
mod ring;
mod seat;

use std::sync::Arc;

use super::visible;
use super::{Anchor, Controls, Layer, Placement, Scene, Unfit, UnfitReason, WarpMesh};
use crate::imaging::{Mask, Rect};
use crate::locate::matte::{MatteSubject, mattes};
use crate::locate::{Ear, Face, HiddenBy, Side};
use crate::product::{EarringPart, EarringStructure, EarringStyle, Piece};
use seat::Seat;

/// Below this visibility an ear gets no earring.
pub const LEAST_EAR_VISIBILITY: f64 = 0.5;
/// Below this scale an earring is a speck.
const LEAST_PX_PER_MM: f64 = 0.4;
/// An earring that shows less than this share of itself is behind the head.
const LEAST_SHOWN: f64 = 0.1;

/// Fits a pair of earrings, or the one that is asked for, to the first face. Of a pair, the one whose ear can be seen is
/// worn alone.
///
/// # Errors
/// No face, every ear asked for hidden or outside the photo, or the head too small in it.
pub fn fit(
    scene: &Scene,
    piece: &Piece,
    structure: &EarringStructure,
    controls: &Controls,
) -> Result<Placement, Unfit> {
    let face = scene.anatomy.faces.first().ok_or_else(|| Unfit {
        reason: UnfitReason::NoFace,
        detail: "no face was found, so that nothing tells where the ears are".into(),
    })?;
    let sides: &[Side] = match controls.side {
        Some(Side::Left) => &[Side::Left],
        Some(Side::Right) => &[Side::Right],
        None => &[Side::Left, Side::Right],
    };
    let mut worn = Vec::new();
    let mut refused = Vec::new();
    for &side in sides {
        match dress_ear(scene, face, side, piece, structure, controls) {
            Ok(one) => worn.push(one),
            Err(unfit) => refused.push(unfit),
        }
    }
    let Some(first) = worn.first() else {
        return Err(together(refused));
    };
    let px_per_mm = first.anchor.px_per_mm;
    let photo = (scene.anatomy.width, scene.anatomy.height);
    let (mut layers, mut anchors, mut receivers) = (Vec::new(), Vec::new(), Vec::new());
    for one in worn {
        // Each ear on its own: the face between them is of no concern.
        let points = one.mesh.vertices.iter().map(|v| v.target);
        let region = visible::region(points, one.anchor.px_per_mm, photo);
        let mattes = mattes(scene.photo, scene.anatomy, MatteSubject::Face(0), region);
        receivers.push(visible::receiver(&mattes));
        let rect = Rect::around(one.mesh.vertices.iter().map(|v| v.target), 1.0);
        let shown = hair::shown(&mattes.hair, &one.seat, rect);
        layers.push(Layer {
            mesh: one.mesh,
            visible: Some(Arc::new(shown)),
            rect,
        });
        anchors.push(one.anchor);
    }
    Ok(Placement {
        kind: piece.kind,
        layers,
        anchors,
        px_per_mm,
        scale: piece.scale,
        receiver: Some(Arc::new(joined(receivers))),
    })
}

/// The larger of the masks everywhere.
fn joined(masks: Vec<Mask>) -> Mask {
    let whole = masks.iter().fold(Rect::default(), |a, m| a.union(&m.rect));
    let mut out = Mask::filled(whole, 0.0);
    for mask in masks {
        let width = mask.rect.width as usize;
        if width == 0 {
            continue;
        }
        let left = (mask.rect.x - whole.x) as usize;
        for (y, row) in mask.data.chunks_exact(width).enumerate() {
            let start = (y + (mask.rect.y - whole.y) as usize) * whole.width as usize + left;
            for (o, v) in out.data[start..start + width].iter_mut().zip(row) {
                *o = o.max(*v);
            }
        }
    }
    out
}

/// One earring on its ear.
struct Worn {
    mesh: WarpMesh,
    anchor: Anchor,
    seat: Seat,
}

fn dress_ear(
    scene: &Scene,
    face: &Face,
    side: Side,
    piece: &Piece,
    structure: &EarringStructure,
    controls: &Controls,
) -> Result<Worn, Unfit> {
    let ear = match side {
        Side::Left => &face.ears.left,
        Side::Right => &face.ears.right,
    };
    check(ear, side, controls)?;
    let (part, mirrored) = part_for(side, structure).ok_or_else(|| Unfit {
        reason: UnfitReason::ProductUnusable,
        detail: "the picture shows no earring".into(),
    })?;
    let mut seat = Seat::new(&scene.anatomy.camera, face, ear, side);
    seat.mm_per_px = piece.mm_per_px * controls.scale;
    seat.mirrored = mirrored;
    let mesh = match (structure.style, part.wire) {
        (EarringStyle::Stud, _) => card::stud(&seat, part),
        (EarringStyle::Hoop, Some(wire)) => ring::mesh(&seat, part, wire),
        (EarringStyle::Hoop, None) => card::hoop(&seat, part),
        (EarringStyle::Drop, _) => card::drop(&seat, part),
    };
    if !controls.allow_hidden && share_shown(&mesh) < LEAST_SHOWN {
        return Err(hidden(side, HiddenBy::Head));
    }
    let mesh = seat.to_photo(mesh, controls);
    let frame = Rect::of_size(scene.anatomy.width, scene.anatomy.height);
    let rect = Rect::around(mesh.vertices.iter().map(|v| v.target), 0.0);
    if rect.clip(&frame).is_empty() {
        return Err(hidden(side, HiddenBy::Frame));
    }
    Ok(Worn {
        mesh,
        anchor: Anchor {
            name: format!("{}_lobe", side_name(side)),
            position: ear.lobe,
            px_per_mm: ear.px_per_mm,
        },
        seat,
    })
}

/// The part that is worn on a side, and whether it is mirrored: the second of a pictured pair is the left ear's; a
/// single earring hangs as pictured on the left ear, unless its hook shows that it is pictured for the right one.
fn part_for(side: Side, structure: &EarringStructure) -> Option<(&EarringPart, bool)> {
    match (structure.parts.as_slice(), side) {
        ([right, _], Side::Right) => Some((right, false)),
        ([_, left], Side::Left) => Some((left, false)),
        ([only, ..], side) => {
            // The free leg lies behind the lobe, on the inside: for a left ear at the left of the picture.
            let for_right = only
                .back_leg
                .is_some_and(|(min, max)| (min.x + max.x) / 2.0 > only.pierce.x);
            Some((only, (side == Side::Right) != for_right))
        }
        ([], _) => None,
    }
}

fn check(ear: &Ear, side: Side, controls: &Controls) -> Result<(), Unfit> {
    if ear.px_per_mm < LEAST_PX_PER_MM {
        return Err(Unfit {
            reason: UnfitReason::TooSmall,
            detail: "the head is too small in the photo for earrings".into(),
        });
    }
    if ear.visibility >= LEAST_EAR_VISIBILITY || controls.allow_hidden {
        return Ok(());
    }
    Err(hidden(side, ear.hidden_by.unwrap_or(HiddenBy::Head)))
}

fn hidden(side: Side, by: HiddenBy) -> Unfit {
    let side = side_name(side);
    let (reason, what) = match by {
        HiddenBy::Hair => (UnfitReason::EarHidden, "is covered by hair"),
        HiddenBy::Head => (UnfitReason::EarHidden, "is turned away, behind the head"),
        HiddenBy::Frame => (UnfitReason::OutOfFrame, "lies outside the photo"),
    };
    Unfit {
        reason,
        detail: format!("the {side} ear {what}"),
    }
}

/// One reason for both ears: the first ear's, with what ails each.
fn together(refused: Vec<Unfit>) -> Unfit {
    let mut details: Vec<String> = Vec::new();
    for unfit in &refused {
        if !details.contains(&unfit.detail) {
            details.push(unfit.detail.clone());
        }
    }
    Unfit {
        reason: refused.first().map_or(UnfitReason::EarHidden, |u| u.reason),
        detail: details.join(", and "),
    }
}

fn share_shown(mesh: &WarpMesh) -> f64 {
    let sum: f64 = mesh.vertices.iter().map(|v| v.cover).sum();
    sum / (mesh.vertices.len() as f64).max(1.0)
}

fn side_name(side: Side) -> &'static str {
    match side {
        Side::Left => "left",
        Side::Right => "right",
    }
}
