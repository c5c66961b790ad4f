//! Bracelets: rigid bangles hang on the wrist, chains drape around it; the front half is seen, the back half only
//! where it stands off beside the wrist.

mod hang;
mod mesh;

use std::sync::Arc;

use super::limb::receiver::receiver;
use super::limb::wrist::Seat;
use super::{Controls, Layer, Placement, Scene, Unfit, WarpMesh};
use crate::imaging::Rect;
use crate::product::band::BandShape;
use crate::product::{BraceletStructure, Kind, Piece};
use hang::Hang;
use mesh::Source;

/// The far half of a chain is seen inside the loop that hangs down when that stands off by this much, mm.
const LEAST_SEEN_SAG_MM: f64 = 3.0;

/// Fits a bracelet.
///
/// # Errors
/// [`Unfit`] when no wrist can be dressed.
pub fn fit(
    scene: &Scene,
    piece: &Piece,
    structure: &BraceletStructure,
    controls: &Controls,
) -> Result<Placement, Unfit> {
    let seat = Seat::find(scene, controls)?;
    let mut source = Source::of(structure, piece.mm_per_px * controls.scale);
    let hang = if structure.flexible {
        let length = piece.facts.chain_length_mm.map(|mm| mm * controls.scale);
        Hang::chain(
            &seat.limb,
            source.thickness_mm,
            length.unwrap_or(source.length_mm),
        )
    } else {
        Hang::bangle(&seat.limb, source.inner_radius_mm)
    };
    let turns = mesh::turns(&hang);
    // A chain that lies on the skin goes straight behind the wrist.
    let hangs = structure.flexible && hang.seen_sag() >= LEAST_SEEN_SAG_MM;
    if hangs {
        source.slide_to_turn(&hang, turns, &piece.pixels);
    }
    let mut front = mesh::front(&seat, &hang, turns, &source);
    let mut back = if structure.flexible && !hangs {
        WarpMesh::default()
    } else {
        mesh::back(&seat, &hang, turns, &source)
    };
    for v in front.vertices.iter_mut().chain(&mut back.vertices) {
        v.target = seat.nudge.apply(v.target);
    }
    let receiver = receiver(scene, seat.index, [&front, &back], seat.wrist.px_per_mm);
    let rect_of = |m: &WarpMesh| Rect::around(m.vertices.iter().map(|v| v.target), 2.0);
    let behind = rect_of(&back);
    let layers = vec![
        Layer {
            visible: Some(Arc::new(seat.beside(behind))),
            rect: behind,
            mesh: back,
        },
        Layer {
            visible: None,
            rect: rect_of(&front),
            mesh: front,
        },
    ];
    Ok(Placement {
        kind: Kind::Bracelet,
        layers,
        anchors: vec![seat.anchor()],
        px_per_mm: seat.wrist.px_per_mm,
        scale: piece.scale,
        receiver: Some(receiver),
    })
}

/// Whether the picture shows the bracelet closed, with its opening.
fn is_open(shape: &BandShape) -> bool {
    matches!(shape, BandShape::Open(_))
}
