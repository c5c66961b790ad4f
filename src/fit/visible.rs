//! What of the picture lies in front of a piece, and what its shadow may fall on.

use crate::imaging::{Mask, Rect};
use crate::locate::matte::Mattes;

/// Shadows reach this far beyond the piece, mm.
pub const SHADOW_MM: f64 = 30.0;

/// How the piece meets cloth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cloth {
    /// Cloth covers the piece: it lies on the skin below.
    Hides,
    /// The piece lies over the cloth.
    Carries,
}

/// Shares of hair and cloth up to the first are doubt rather than a strand or thread in front, from the second on they
/// cover all: a piece is never seen through as a whole.
const DOUBT: (f32, f32) = (0.15, 0.85);

/// How much something in front hides, from its share.
fn covering(share: f32) -> f32 {
    ((share - DOUBT.0) / (DOUBT.1 - DOUBT.0)).clamp(0.0, 1.0)
}

/// How much of a piece on the skin shows: hair always hides it, cloth as told, and where there is neither skin nor cloth
/// the body has ended: the piece stands out by `proud` pixels at most.
pub fn on_skin(mattes: &Mattes, cloth: Cloth, proud: f64) -> Mask {
    let gone = shrink(&mattes.background, proud);
    let mut out = Mask::filled(mattes.skin.rect, 1.0);
    for (i, v) in out.data.iter_mut().enumerate() {
        let covered = match cloth {
            Cloth::Hides => mattes.cloth.data[i],
            Cloth::Carries => 0.0,
        };
        *v = (1.0 - covering(mattes.hair.data[i] + covered) - gone.data[i]).clamp(0.0, 1.0);
    }
    out
}

/// Skin and cloth.
pub fn receiver(mattes: &Mattes) -> Mask {
    let mut out = mattes.skin.clone();
    for (v, c) in out.data.iter_mut().zip(&mattes.cloth.data) {
        *v = (*v + c).clamp(0.0, 1.0);
    }
    out.outside = 0.0;
    out
}

/// Smallest value within `reach` pixels to the sides and up and down.
fn shrink(mask: &Mask, reach: f64) -> Mask {
    let reach = reach.round().max(0.0) as usize;
    let (w, h) = (mask.rect.width as usize, mask.rect.height as usize);
    let mut rows = mask.clone();
    for y in 0..h {
        least(
            &mask.data[y * w..(y + 1) * w],
            &mut rows.data[y * w..(y + 1) * w],
            reach,
        );
    }
    let mut out = rows.clone();
    let (mut column, mut result) = (vec![0.0; h], vec![0.0; h]);
    for x in 0..w {
        for (c, row) in column.iter_mut().zip(rows.data.chunks_exact(w)) {
            *c = row[x];
        }
        least(&column, &mut result, reach);
        for (row, r) in out.data.chunks_exact_mut(w).zip(&result) {
            row[x] = *r;
        }
    }
    out
}

fn least(from: &[f32], to: &mut [f32], reach: usize) {
    for (i, v) in to.iter_mut().enumerate() {
        let (a, b) = (i.saturating_sub(reach), (i + reach + 1).min(from.len()));
        *v = from[a..b].iter().copied().fold(f32::INFINITY, f32::min);
    }
}

/// The part of the photo that the mattes of a piece are needed on.
pub fn region(points: impl IntoIterator<Item = glam::DVec2>, px_per_mm: f64, photo: (u32, u32)) -> Rect {
    Rect::around(points, SHADOW_MM * px_per_mm).clip(&Rect::of_size(photo.0, photo.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One row of pixels: skin, hair, cloth, background, and mixtures.
    fn row(shares: &[[f32; 4]]) -> Mattes {
        let rect = Rect::new(3, 7, shares.len() as u32, 1);
        let mask = |k: usize| Mask {
            data: shares.iter().map(|s| s[k]).collect(),
            ..Mask::filled(rect, 0.0)
        };
        Mattes {
            skin: mask(0),
            hair: mask(1),
            cloth: mask(2),
            background: mask(3),
        }
    }

    #[test]
    fn hair_hides_cloth_hides_or_carries_and_doubt_counts_for_nothing() {
        let mattes = row(&[
            [1.0, 0.0, 0.0, 0.0],
            [0.0, 1.0, 0.0, 0.0],
            [0.0, 0.0, 1.0, 0.0],
            [0.9, 0.1, 0.0, 0.0],
            [0.5, 0.5, 0.0, 0.0],
            [0.0, 0.5, 0.5, 0.0],
        ]);
        let close = |found: Mask, expected: [f32; 6]| {
            for (f, e) in found.data.iter().zip(expected) {
                assert!((f - e).abs() < 1e-6, "{:?} {expected:?}", found.data);
            }
        };
        close(
            on_skin(&mattes, Cloth::Hides, 0.0),
            [1.0, 0.0, 0.0, 1.0, 0.5, 0.0],
        );
        close(
            on_skin(&mattes, Cloth::Carries, 0.0),
            [1.0, 0.0, 1.0, 1.0, 0.5, 0.5],
        );
    }

    #[test]
    fn a_piece_stands_out_over_the_bodys_edge_by_its_own_thickness() {
        let (skin, air) = ([1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]);
        let mattes = row(&[skin, skin, skin, air, air, air, air, air]);
        let shown = on_skin(&mattes, Cloth::Hides, 2.0);
        assert_eq!(shown.data, [1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0]);
    }

    #[test]
    fn shadows_fall_on_skin_and_cloth() {
        let mattes = row(&[[0.5, 0.1, 0.3, 0.1], [0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0]]);
        let falls = receiver(&mattes);
        assert!((falls.data[0] - 0.8).abs() < 1e-6);
        assert_eq!((falls.data[1], falls.data[2], falls.outside), (0.0, 1.0, 0.0));
    }
}
