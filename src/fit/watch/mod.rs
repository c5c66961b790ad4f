//! Watches: the case with its dial is moved by a similarity only, so that it stays round and legible; the strap's
//! halves go with its lugs from its edge around the wrist.

mod strap;

use glam::{DMat2, DVec2};

use super::limb::receiver::receiver;
use super::limb::tube::weave;
use super::limb::wrist::Seat;
use super::{Controls, Layer, Placement, Scene, Unfit, UnfitReason, WarpMesh, WarpVertex};
use crate::imaging::Rect;
use crate::product::{Kind, Piece, WatchStructure};

/// Outside of the strap and bottom of the case above the skin, and the dial above that, mm.
const STRAP_MM: f64 = 2.8;
const DIAL_MM: f64 = 5.0;
/// The case ends this many times its radius from the dial's middle.
const EDGE: f64 = 1.01;
/// The back of the wrist must look at the camera at least this much (cosine): a dial that stays round cannot be shown
/// from its side.
const LEAST_FACING: f64 = 0.4;

/// Fits a watch.
///
/// # Errors
/// [`Unfit`] when no wrist shows its back.
pub fn fit(
    scene: &Scene,
    piece: &Piece,
    structure: &WatchStructure,
    controls: &Controls,
) -> Result<Placement, Unfit> {
    let seat = Seat::find(scene, controls)?;
    if -seat.limb.dorsal.z < LEAST_FACING && !controls.allow_hidden {
        return Err(Unfit {
            reason: UnfitReason::WristHidden,
            detail: "the wrist is seen from its side or its inside: the dial would look away".into(),
        });
    }
    let pose = Pose::of(&seat, piece.mm_per_px * controls.scale);
    let mut mesh = WarpMesh::default();
    for sign in [1.0, -1.0] {
        strap::add(&mut mesh, &seat, &pose, structure, piece, sign);
    }
    case(&mut mesh, &seat, &pose, structure, piece);
    for v in &mut mesh.vertices {
        v.target = seat.nudge.apply(v.target);
    }
    let rect = Rect::around(mesh.vertices.iter().map(|v| v.target), 2.0);
    let receiver = receiver(scene, seat.index, [&mesh], seat.wrist.px_per_mm);
    Ok(Placement {
        kind: Kind::Watch,
        layers: vec![Layer {
            mesh,
            visible: None,
            rect,
        }],
        anchors: vec![seat.anchor()],
        px_per_mm: seat.wrist.px_per_mm,
        scale: piece.scale,
        receiver: Some(receiver),
    })
}

/// Where the dial is and how it is turned.
struct Pose {
    /// Product pixels to millimetres.
    mm_per_px: f64,
    /// Dial's middle in the picture.
    center: DVec2,
    /// Direction of 12 o'clock in the picture.
    twelve: DVec2,
    /// Photo pixels per product pixel.
    scale: f64,
}

impl Pose {
    /// 12 o'clock looks to the little finger's side: so the wearer reads it.
    fn of(seat: &Seat, mm_per_px: f64) -> Self {
        let at = seat.limb.dorsal * (seat.limb.half_dorsal + STRAP_MM + DIAL_MM);
        let across = seat.wrist.axis.perp();
        let twelve = if across.dot(seat.ulnar().truncate()) >= 0.0 {
            across
        } else {
            -across
        };
        let nearer = (1.0 + at.z / seat.view.depth_mm).max(0.1);
        Self {
            mm_per_px,
            center: seat.view.project(at),
            twelve,
            scale: mm_per_px * seat.view.px_per_mm / nearer,
        }
    }

    fn place(&self, structure: &WatchStructure, source: DVec2) -> DVec2 {
        let turn = DMat2::from_angle(structure.strap.angle_to(self.twelve));
        self.center + turn * (source - structure.dial_center) * self.scale
    }
}

/// Case and crown: a rectangle of the picture.
fn case(mesh: &mut WarpMesh, seat: &Seat, pose: &Pose, structure: &WatchStructure, piece: &Piece) {
    let side = (piece.pixels.width() + piece.pixels.height()) as f64;
    let edge = EDGE * structure.dial_radius;
    rectangle(mesh, (-edge, edge), (-side / 2.0, side / 2.0), |v, u| {
        let source = structure.dial_center + structure.strap * v + structure.strap.perp() * u;
        WarpVertex {
            source,
            target: pose.place(structure, source),
            height_mm: STRAP_MM,
            cover: 1.0,
            normal: seat.limb.dorsal,
        }
    });
}

/// Grid over a rectangle.
fn rectangle(mesh: &mut WarpMesh, v: (f64, f64), u: (f64, f64), vertex: impl Fn(f64, f64) -> WarpVertex) {
    const STEPS: usize = 6;
    let at = |range: (f64, f64), k: usize| range.0 + (range.1 - range.0) * k as f64 / STEPS as f64;
    let rows: Vec<Vec<WarpVertex>> = (0..=STEPS)
        .map(|i| (0..=STEPS).map(|j| vertex(at(v, i), at(u, j))).collect())
        .collect();
    weave(mesh, &rows, |_, _| true);
}
