//! Rings: the hole takes the finger's width, the band goes around the finger in space, the head stands on its back.

mod band;
mod head;
mod neighbours;
mod side;

use std::sync::Arc;

use glam::{DVec2, DVec3};

use super::limb::choose::{self, LEAST_VISIBILITY};
use super::limb::receiver::receiver;
use super::limb::{Limb, LocalView, Nudge};
use super::{Anchor, Controls, Layer, Placement, Scene, Unfit, UnfitReason, WarpMesh};
use crate::imaging::Rect;
use crate::locate::{Finger, FingerName, Hand};
use crate::product::band::BandShape;
use crate::product::{Kind, Piece, RingStructure};

/// Narrower fingers than this in the picture show no ring worth looking at, pixels.
const LEAST_WIDTH_PX: f64 = 6.0;
/// A finger at the ring's place is a little flatter than wide.
const FLATNESS: f64 = 0.95;

/// The finger with its ring zone, ready to be dressed.
struct Seat {
    view: LocalView,
    limb: Limb,
    nudge: Nudge,
    /// Half the finger's silhouette width, mm.
    half_width: f64,
}

/// A part of a ring that is drawn by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Tails,
    Band,
    Head,
}

/// Fits a ring.
///
/// # Errors
/// [`Unfit`] when no hand shows the finger asked for (the ring finger unless told).
pub fn fit(
    scene: &Scene,
    piece: &Piece,
    structure: &RingStructure,
    controls: &Controls,
) -> Result<Placement, Unfit> {
    let name = controls.finger.unwrap_or(FingerName::Ring);
    let (index, hand) = choose::hand(scene, controls, |h| h.fingers[name as usize].visibility + 0.01)?;
    let finger = &hand.fingers[name as usize];
    check(scene, finger, controls)?;
    let view = LocalView::new(finger.center, finger.px_per_mm, scene.anatomy.camera.focal_px);
    let half_width = finger.width_px / 2.0 / finger.px_per_mm;
    let seat = Seat {
        view,
        limb: Limb::new(finger.axis3d, finger.dorsal, half_width, FLATNESS),
        nudge: Nudge::new(controls, &view),
        half_width,
    };
    // A head that points away from the camera is drawn first and only beside the finger.
    let behind = seat.limb.dorsal.z > 0.0;
    let mut parts: Vec<(Part, WarpMesh)> = match &structure.shape {
        BandShape::Open(band) => {
            let mm_per_px = seat.half_width * controls.scale / band.inner_radius;
            let worn = band::mesh(&seat, band, mm_per_px);
            let head = band.head.as_ref().map(|h| head::mesh(&seat, band, h, mm_per_px));
            let mut parts = vec![(Part::Tails, worn.tails), (Part::Band, worn.front)];
            if let Some(head) = head {
                let first = if behind { 0 } else { parts.len() };
                parts.insert(first, (Part::Head, head));
            }
            parts
        }
        BandShape::Side(picture) => vec![(
            Part::Band,
            side::mesh(&seat, picture, &piece.pixels, controls.scale),
        )],
    };
    let band = parts.iter().find(|(part, _)| *part == Part::Band);
    let past_others = band.map_or(DVec2::ZERO, |(_, mesh)| past_others(scene, finger, mesh));
    for v in parts.iter_mut().flat_map(|(_, m)| &mut m.vertices) {
        v.target = seat.nudge.apply(v.target + past_others);
    }
    let rects: Vec<Rect> = parts.iter().map(|(_, mesh)| rect_of(mesh)).collect();
    let whole = rects.iter().fold(Rect::default(), |a, b| a.union(b));
    let receiver = receiver(scene, index, parts.iter().map(|(_, m)| m), finger.px_per_mm);
    let visible = neighbours::visible(hand, finger, whole);
    let layers = parts.into_iter().zip(rects).map(|((part, mesh), rect)| Layer {
        mesh,
        visible: match part {
            Part::Head if behind => neighbours::beside(finger, &seat, rect),
            Part::Tails => Some(Arc::new(neighbours::off_skin(
                visible.as_deref(),
                &receiver,
                rect,
            ))),
            _ => visible.clone(),
        },
        rect,
    });
    let layers: Vec<Layer> = layers.collect();
    Ok(Placement {
        kind: Kind::Ring,
        layers,
        anchors: vec![anchor(hand, finger, &seat)],
        px_per_mm: finger.px_per_mm,
        scale: piece.scale,
        receiver: Some(receiver),
    })
}

fn rect_of(mesh: &WarpMesh) -> Rect {
    Rect::around(mesh.vertices.iter().map(|v| v.target), 2.0)
}

fn anchor(hand: &Hand, finger: &Finger, seat: &Seat) -> Anchor {
    Anchor {
        name: format!(
            "{}_{}_finger",
            choose::side_name(hand.handedness),
            finger_name(finger.name)
        ),
        position: seat.nudge.apply(finger.center),
        px_per_mm: finger.px_per_mm,
    }
}

fn finger_name(name: FingerName) -> &'static str {
    match name {
        FingerName::Thumb => "thumb",
        FingerName::Index => "index",
        FingerName::Middle => "middle",
        FingerName::Ring => "ring",
        FingerName::Pinky => "pinky",
    }
}

fn check(scene: &Scene, finger: &Finger, controls: &Controls) -> Result<(), Unfit> {
    let unfit = |reason, detail: &str| {
        Err(Unfit {
            reason,
            detail: detail.into(),
        })
    };
    let name = finger_name(finger.name);
    if finger.width_px < LEAST_WIDTH_PX {
        return unfit(
            UnfitReason::TooSmall,
            &format!("the {name} finger is only {:.0} pixels wide", finger.width_px),
        );
    }
    let frame = Rect::of_size(scene.anatomy.width, scene.anatomy.height);
    if !frame.contains(finger.center.x.floor() as i32, finger.center.y.floor() as i32) {
        return unfit(
            UnfitReason::OutOfFrame,
            &format!("the base of the {name} finger is outside the photo"),
        );
    }
    if finger.visibility >= LEAST_VISIBILITY || controls.allow_hidden {
        return Ok(());
    }
    if finger.axis3d.z.abs() > 0.8 {
        unfit(
            UnfitReason::FingerFolded,
            &format!("the {name} finger points at the camera or away from it"),
        )
    } else {
        unfit(
            UnfitReason::FingerHidden,
            &format!("the {name} finger's base is hidden by the hand or cut by the frame"),
        )
    }
}

/// Rings on one finger lie side by side: shift towards the tip, pixels, past those that are already worn.
fn past_others(scene: &Scene, finger: &Finger, band: &WarpMesh) -> DVec2 {
    let extent = |mesh: &WarpMesh| {
        let along = mesh
            .vertices
            .iter()
            .map(|v| (v.target - finger.center).dot(finger.axis));
        along.fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), a| {
            (lo.min(a), hi.max(a))
        })
    };
    let (low, _) = extent(band);
    let here = |p: &&Placement| {
        let near = |a: &Anchor| a.position.distance(finger.center) < 0.3 * finger.width_px;
        p.kind == Kind::Ring && p.anchors.iter().any(near)
    };
    let top = scene
        .worn
        .iter()
        .filter(here)
        // The band is the layer that reaches least far along the finger; the head rises above it.
        .filter_map(|p| p.layers.iter().map(|l| extent(&l.mesh).1).min_by(f64::total_cmp))
        .fold(f64::NEG_INFINITY, f64::max);
    if top.is_finite() && low.is_finite() {
        finger.axis * (top - low).max(0.0)
    } else {
        DVec2::ZERO
    }
}

/// Height of skin above the finger's axis at a band's inside.
fn inside(limb: &Limb, angle: f64, half_width: f64) -> DVec3 {
    limb.outward(angle) * half_width
}
