//! The pass over the seam of a dressed picture.

use glam::DVec2;

use super::{Dressed, Worn};
use crate::imaging::{Mask, Photo, Rect};
use crate::inpaint::{Around, InpaintSettings, Painter, Repainted, repaint};
use crate::locate::Anatomy;
use crate::locate::matte::{MatteSubject, mattes};
use crate::product::Kind;

/// Repaints the band of skin around all pieces, in place. The mattes that keep it off hair, cloth and background are read
/// from the photograph as it was.
pub fn seam(
    photo: &Photo,
    anatomy: &Anatomy,
    dressed: &mut Dressed,
    painter: &dyn Painter,
    settings: &InpaintSettings,
) -> Repainted {
    let skins: Vec<Option<Mask>> = dressed
        .worn
        .iter()
        .map(|worn| skin(photo, anatomy, worn, settings.width_mm))
        .collect();
    let pieces: Vec<Around> = dressed
        .worn
        .iter()
        .zip(&skins)
        .filter_map(|(worn, skin)| {
            Some(Around {
                jewelry: &worn.rendered.jewelry,
                shadow: &worn.rendered.shadow,
                // Where no skin is known none is repainted.
                skin: Some(skin.as_ref()?),
                px_per_mm: worn.placement.px_per_mm,
            })
        })
        .collect();
    repaint(&mut dressed.pixels, &pieces, painter, settings)
}

/// Skin around a piece, by the face or the hand that it is worn on.
fn skin(photo: &Photo, anatomy: &Anatomy, worn: &Worn, width_mm: f64) -> Option<Mask> {
    let at = worn.placement.anchors.first()?.position;
    let nearest = |points: &mut dyn Iterator<Item = DVec2>| {
        points
            .map(|p| p.distance_squared(at))
            .fold(f64::INFINITY, f64::min)
    };
    let subject = match worn.placement.kind {
        Kind::Earring | Kind::Necklace => (0..anatomy.faces.len())
            .map(|i| {
                let face = &anatomy.faces[i];
                let d = nearest(&mut face.landmarks.iter().map(|p| p.truncate()));
                (d, MatteSubject::Face(i))
            })
            .min_by(|a, b| a.0.total_cmp(&b.0)),
        Kind::Ring | Kind::Bracelet | Kind::Watch => (0..anatomy.hands.len())
            .map(|i| {
                let hand = &anatomy.hands[i];
                let d = nearest(&mut hand.landmarks.iter().map(|p| p.truncate()));
                (d, MatteSubject::Hand(i))
            })
            .min_by(|a, b| a.0.total_cmp(&b.0)),
    };
    let jewelry = &worn.rendered.jewelry;
    let covered = crate::inpaint::band::pixels(&jewelry.rect)
        .zip(&jewelry.data)
        .filter(|(_, v)| **v > 0.0)
        .map(|((x, y), _)| DVec2::new(f64::from(x) + 0.5, f64::from(y) + 0.5));
    let margin = width_mm * worn.placement.px_per_mm + 8.0;
    let rect = Rect::around(covered, margin);
    let mut skin = mattes(photo, anatomy, subject?.1, rect).skin;
    skin.outside = 0.0;
    Some(skin)
}
