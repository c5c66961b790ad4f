//! Necklaces: a rope of the chain's true length on a stand-in for the body, the picture mapped along it.

mod crest;
mod hung;
mod in_front;
mod map;
mod outline;
mod pendant;
pub mod rope;

use std::sync::Arc;

use glam::{DMat2, DVec2};

use super::visible::{self, Cloth};
use super::{Anchor, Controls, Layer, Placement, Scene, Unfit, UnfitReason, WarpMesh};
use crate::curve::Curve;
use crate::imaging::{Mask, Rect};
use crate::locate::Anatomy;
use crate::locate::body::Body;
use crate::locate::camera::Camera;
use crate::locate::matte::{MatteSubject, Mattes, Near, mattes_near};
use crate::product::{NecklaceStructure, Piece};
use crest::Crest;
pub use hung::{Chain, Hung};
use in_front::InFront;
use map::{ChainMap, ChainMesh, PART};
use outline::{End, Found};

/// Below this scale a necklace is a smudge.
const LEAST_PX_PER_MM: f64 = 0.25;
/// The chain's centre line keeps at most this far off the skin, mm: wider pieces are flat.
const THICKEST_MM: f64 = 4.0;
/// Weight of a pendant against a chain that covers the same area of the picture: plates and open work are thinner
/// than a chain is thick.
const PENDANT_WEIGHT: f64 = 0.3;
/// A chain that reaches this far below a neckline lies over the cloth; a shorter one stays under it, on the skin.
const OVER_CLOTH_MM: f64 = 40.0;
/// The shadow of a chain, which lies on the body, reaches no farther than this beyond it, mm.
const SHADOW_MM: f64 = 18.0;
/// With less of the front in sight than this there is nothing to show.
const LEAST_SHOWN: f64 = 0.3;
/// With more of the front behind a hand the chain's place is doubtful, and where skin hides it on skin cannot be told well
/// enough.
const MOST_BEHIND_HAND: f64 = 0.08;

/// Fits a necklace to the first person.
///
/// # Errors
/// No face or neck, the neck hidden by cloth, hair or a hand, the person too small, the chain too short for the neck.
pub fn fit(
    scene: &Scene,
    piece: &Piece,
    structure: &NecklaceStructure,
    controls: &Controls,
) -> Result<Placement, Unfit> {
    let anatomy = scene.anatomy;
    let draped = drape(anatomy, piece, structure, controls)?;
    let Draped {
        body,
        hung,
        chain,
        line,
    } = &draped;
    let mm_per_px = piece.mm_per_px * controls.scale;
    let lowest = hung.at(hung.lowest());
    let px_per_mm = anatomy.camera.px_per_mm(lowest.z);
    if px_per_mm < LEAST_PX_PER_MM {
        return Err(unfit(
            UnfitReason::TooSmall,
            "the person is too small in the photo for a necklace",
        ));
    }
    let map = ChainMap {
        camera: &anatomy.camera,
        body,
        hung,
        structure,
        line,
        mm_per_px,
        middle: middle(structure, line),
    };
    let mut chain_mesh = map.mesh();
    let mut pendants: Vec<WarpMesh> = structure
        .pendants
        .iter()
        .map(|p| pendant::mesh(&map, p))
        .collect();
    let anchor = anatomy.camera.project(lowest);
    let parts = std::iter::once(&mut chain_mesh.mesh).chain(&mut pendants);
    move_by(parts, controls, anchor, px_per_mm);

    let near = {
        let meshes = std::iter::once(&chain_mesh.mesh).chain(&pendants);
        let points = meshes.flat_map(|m| &m.vertices).map(|v| v.target);
        let photo = Rect::of_size(anatomy.width, anatomy.height);
        let neckline = neckline(anchor, px_per_mm);
        Near::around(points.chain(neckline), SHADOW_MM * px_per_mm, &photo)
    };
    if near.rect.is_empty() {
        return Err(unfit(
            UnfitReason::OutOfFrame,
            "the necklace would hang outside the photo",
        ));
    }
    let mattes = mattes_near(scene.photo, anatomy, MatteSubject::Face(0), near);
    let receiver = visible::receiver(&mattes);
    let in_front = InFront::of(anatomy);
    // What is moved by hand goes where the hand puts it.
    let by_hand = controls.offset_mm != DVec2::ZERO || controls.rotate_deg != 0.0;
    let crest = if by_hand {
        None
    } else {
        let part = if structure.beads.is_some() { PART } else { 1 };
        let (camera, allow_hidden) = (&anatomy.camera, controls.allow_hidden);
        let found = lead_to_outline(
            &mut chain_mesh,
            &draped,
            camera,
            (&mattes, &receiver, &in_front),
            part,
            allow_hidden,
        );
        Some(found?)
    };
    let cloth = if controls.allow_hidden || reaches_over(&mattes, anchor, px_per_mm) {
        Cloth::Carries
    } else {
        Cloth::Hides
    };
    let proud = 2.0 * chain.radius_mm * px_per_mm;
    if !controls.allow_hidden && behind_hand(&chain_mesh.mesh, &in_front) > MOST_BEHIND_HAND {
        return Err(unfit(UnfitReason::NeckHidden, "a hand is in front of the neck"));
    }
    let mut shown = visible::on_skin(&mattes, cloth, proud);
    in_front.hide(&mut shown, &mattes.near);
    let shown = Arc::new(shown);
    if !controls.allow_hidden && share_shown(&chain_mesh.mesh, &shown) < LEAST_SHOWN {
        return Err(unfit(
            UnfitReason::NeckHidden,
            "cloth or hair covers the skin that the chain would lie on",
        ));
    }
    let mut parts: Vec<(WarpMesh, Arc<Mask>)> = Vec::new();
    match crest {
        Some(crest) => {
            let seen = crest.in_front(hung, &shown);
            let astride = crest::ASTRIDE * chain.radius_mm * px_per_mm;
            let passing = visible::past_outline(&shown, &receiver, &mattes.near, astride);
            parts.push((chain_mesh.beyond(&crest.front, &seen), Arc::new(passing)));
            let front = crest.front.start().max(*seen.start())..=crest.front.end().min(*seen.end());
            parts.push((chain_mesh.between(&front), shown.clone()));
        }
        None => parts.push((chain_mesh.mesh, shown.clone())),
    }
    parts.extend(pendants.into_iter().map(|mesh| (mesh, shown.clone())));
    let mut falls_on = receiver;
    in_front.hide(&mut falls_on, &mattes.near);
    let layers = parts
        .into_iter()
        .filter(|(mesh, _)| !mesh.triangles.is_empty())
        .map(|(mesh, visible)| Layer {
            rect: Rect::around(mesh.vertices.iter().map(|v| v.target), 1.0),
            mesh,
            visible: Some(visible),
        })
        .collect();
    Ok(Placement {
        kind: piece.kind,
        layers,
        anchors: vec![Anchor {
            name: "chest".into(),
            position: anchor,
            px_per_mm,
        }],
        px_per_mm,
        scale: piece.scale,
        receiver: Some(Arc::new(falls_on)),
    })
}

/// A necklace's chain at rest.
pub struct Draped {
    pub body: Body,
    pub hung: Hung,
    pub chain: Chain,
    line: Curve<DVec2>,
}

/// Hangs the piece's chain on the first person, without looking at the picture.
///
/// # Errors
/// No face or neck, or the chain too short for the neck.
pub fn drape(
    anatomy: &Anatomy,
    piece: &Piece,
    structure: &NecklaceStructure,
    controls: &Controls,
) -> Result<Draped, Unfit> {
    if anatomy.faces.is_empty() && anatomy.neck.is_none() {
        return Err(unfit(
            UnfitReason::NoFace,
            "no face was found, so that nothing tells where the neck is",
        ));
    }
    let body =
        Body::new(anatomy).ok_or_else(|| unfit(UnfitReason::NoNeck, "no neck was found below the face"))?;
    let line = Curve::new(structure.centre_line.clone(), false)
        .ok_or_else(|| unfit(UnfitReason::ProductUnusable, "the picture shows no chain"))?;
    let chain = chain(
        piece,
        structure,
        &line,
        piece.mm_per_px * controls.scale,
        controls,
    );
    let hung = hung::hang(&body, &chain).map_err(|short| {
        unfit(
            UnfitReason::TooShort,
            &format!(
                "the chain is {:.0} mm long and the neck needs about {:.0} mm",
                chain.length_mm, short.needed_mm
            ),
        )
    })?;
    Ok(Draped {
        body,
        hung,
        chain,
        line,
    })
}

/// Leads the chain's ends, and what of it goes over the shoulders' crest, to the outline that the picture shows. `part`
/// vertices that follow each other keep their shape; `receiver` is skin and cloth.
fn lead_to_outline(
    mesh: &mut ChainMesh,
    Draped {
        body, hung, chain, ..
    }: &Draped,
    camera: &Camera,
    (mattes, receiver, in_front): (&Mattes, &Mask, &InFront),
    part: usize,
    allow_hidden: bool,
) -> Result<Crest, Unfit> {
    let mut ends = Vec::new();
    for end in End::both(hung, body, camera) {
        match end.look(mattes, in_front) {
            Found::Outline(mm) => {
                end.shift(&mut mesh.mesh, mm, part);
                ends.push((end, mm));
            }
            Found::Astray if !allow_hidden => {
                return Err(unfit(
                    UnfitReason::NeckHidden,
                    "the neck's outline is not where head and shoulders put it",
                ));
            }
            Found::Astray | Found::Unknown => {}
        }
    }
    let crest = Crest::find(
        hung,
        camera,
        &ends,
        [receiver, &mattes.background],
        chain.radius_mm,
    );
    crest.lay(mesh);
    Ok(crest)
}

fn unfit(reason: UnfitReason, detail: &str) -> Unfit {
    Unfit {
        reason,
        detail: detail.into(),
    }
}

/// The chain that is worn: its length as told, or as the picture shows it.
fn chain(
    piece: &Piece,
    structure: &NecklaceStructure,
    line: &Curve<DVec2>,
    mm_per_px: f64,
    controls: &Controls,
) -> Chain {
    let pictured = (line.length() + structure.gap) * mm_per_px;
    let told = piece.facts.chain_length_mm.map(|mm| mm * controls.scale);
    let radius_mm = (structure.half_width * mm_per_px).min(THICKEST_MM);
    let hanging = structure.pendants.iter().filter(|p| !p.in_chain);
    let area_mm2: f64 =
        hanging.map(|p| (p.max - p.min).element_product()).sum::<f64>() * mm_per_px * mm_per_px;
    Chain {
        length_mm: controls.chain_length_mm.or(told).unwrap_or(pictured),
        radius_mm,
        pendant_mm: PENDANT_WEIGHT * area_mm2 / (2.0 * structure.half_width * mm_per_px),
    }
}

/// Where the picture's middle is: at a pendant that hangs near the middle of the chain, else halfway.
fn middle(structure: &NecklaceStructure, line: &Curve<DVec2>) -> f64 {
    let half = line.length() / 2.0;
    let arcs = structure.pendants.iter().map(|p| (p.arc[0] + p.arc[1]) / 2.0);
    arcs.filter(|arc| (arc - half).abs() < 0.1 * line.length())
        .min_by(|a, b| (a - half).abs().total_cmp(&(b - half).abs()))
        .unwrap_or(half)
}

/// Offset and rotation that the user asks for, about the lowest point.
fn move_by<'a>(
    meshes: impl Iterator<Item = &'a mut WarpMesh>,
    controls: &Controls,
    about: DVec2,
    px_per_mm: f64,
) {
    let turn = DMat2::from_angle(controls.rotate_deg.to_radians());
    let shift = controls.offset_mm * px_per_mm;
    for v in meshes.flat_map(|m| &mut m.vertices) {
        v.target = about + turn * (v.target - about) + shift;
    }
}

/// Whether the lowest point of the chain lies so far below a neckline that the chain hangs over the cloth.
fn reaches_over(mattes: &Mattes, lowest: DVec2, px_per_mm: f64) -> bool {
    neckline(lowest, px_per_mm).all(|p| mattes.cloth.sample(p) > 0.5)
}

/// Places from the lowest point of the chain up, as far as cloth must reach for the chain to lie over it.
fn neckline(lowest: DVec2, px_per_mm: f64) -> impl Iterator<Item = DVec2> + Clone {
    let reach = OVER_CLOTH_MM * px_per_mm;
    let steps = 20;
    (0..=steps).map(move |i| lowest - DVec2::Y * (reach * f64::from(i) / f64::from(steps)))
}

/// Share of the chain in front of the body that passes behind a hand.
fn behind_hand(mesh: &WarpMesh, in_front: &InFront) -> f64 {
    let front = mesh.vertices.iter().filter(|v| v.cover > 0.5);
    let (hidden, all) = front.fold((0, 0), |(hidden, all), v| {
        (hidden + usize::from(in_front.by_hand(v.target)), all + 1)
    });
    f64::from(hidden as u32) / f64::from((all as u32).max(1))
}

/// Share of the chain in front of the body that nothing in the picture hides.
fn share_shown(mesh: &WarpMesh, shown: &Mask) -> f64 {
    let front = mesh.vertices.iter().filter(|v| v.cover > 0.5);
    let (mut sum, mut count) = (0.0, 0.0);
    for v in front {
        if shown
            .rect
            .contains(v.target.x.floor() as i32, v.target.y.floor() as i32)
        {
            sum += f64::from(shown.sample(v.target));
        }
        count += 1.0;
    }
    sum / f64::max(count, 1.0)
}
