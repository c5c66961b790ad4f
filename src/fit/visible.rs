//! What of the picture lies in front of a piece, and what its shadow may fall on.

use crate::imaging::{Mask, Rect};
use crate::locate::matte::{Mattes, Near};

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

/// Shares of a body between which its outline lies.
const OUTLINE: (f32, f32) = (0.2, 0.8);

/// How much something in front hides, from its share.
fn covering(share: f32) -> f32 {
    ((share - DOUBT.0) / (DOUBT.1 - DOUBT.0)).clamp(0.0, 1.0)
}

/// How far a place is beside a body that has this share of it. An outline is where it is: where the matte is in doubt for
/// a stretch, a piece must not fade.
pub fn beside(share: f32) -> f32 {
    (1.0 - (share - OUTLINE.0) / (OUTLINE.1 - OUTLINE.0)).clamp(0.0, 1.0)
}

/// How much of a piece on the skin shows: hair always hides it, cloth as told, and where there is neither skin nor cloth
/// the body has ended: the piece stands out by `proud` pixels at most. Nothing shows where the mattes do not look.
pub fn on_skin(mattes: &Mattes, cloth: Cloth, proud: f64) -> Mask {
    let mut out = shrink(&mattes.background, &mattes.near, proud);
    let counts = match cloth {
        Cloth::Hides => 1.0,
        Cloth::Carries => 0.0,
    };
    let width = mattes.near.rect.width as usize;
    for y in 0..mattes.near.rect.height as usize {
        for run in mattes.near.across(y) {
            let span = y * width + run.start..y * width + run.end;
            let shares = mattes.hair.data[span.clone()]
                .iter()
                .zip(&mattes.cloth.data[span.clone()]);
            for (v, (hair, cloth)) in out.data[span].iter_mut().zip(shares) {
                *v = (1.0 - covering(hair + counts * cloth) - *v).clamp(0.0, 1.0);
            }
        }
    }
    out.outside = 1.0;
    out
}

/// What of `shown` lies beyond the outline of `body`, or on this side of it by no more than `astride` pixels.
pub fn past_outline(shown: &Mask, body: &Mask, near: &Near, astride: f64) -> Mask {
    let mut out = shrink(body, near, astride);
    for (v, shown) in out.data.iter_mut().zip(&shown.data) {
        *v = beside(*v) * shown;
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

/// Smallest value within `reach` pixels to the sides and up and down, where `near` looks; 0 elsewhere.
fn shrink(mask: &Mask, near: &Near, reach: f64) -> Mask {
    let reach = reach.round().max(0.0) as usize;
    let (w, h) = (mask.rect.width as usize, mask.rect.height as usize);
    let mut rows = Mask::filled(mask.rect, 0.0);
    let mut line = Vec::new();
    for y in 0..h {
        for run in near.across(y) {
            let from = &mask.data[y * w..(y + 1) * w];
            let seen = run.start.saturating_sub(reach)..(run.end + reach).min(w);
            padded(
                &mut line,
                seen.start + reach - run.start,
                run.end + reach - seen.end,
                |line| {
                    line.extend_from_slice(&from[seen.clone()]);
                },
            );
            least(&mut line, 1, 2 * reach + 1);
            let to = &mut rows.data[y * w + run.start..y * w + run.end];
            to.copy_from_slice(&line[..run.len()]);
        }
    }
    let mut out = Mask::filled(mask.rect, 0.0);
    for (columns, runs) in near.down() {
        let n = columns.len();
        for run in runs {
            let seen = run.start.saturating_sub(reach)..(run.end + reach).min(h);
            let (before, after) = (seen.start + reach - run.start, run.end + reach - seen.end);
            padded(&mut line, before * n, after * n, |line| {
                for y in seen.clone() {
                    line.extend_from_slice(&rows.data[y * w + columns.start..y * w + columns.end]);
                }
            });
            least(&mut line, n, 2 * reach + 1);
            for (row, y) in line.chunks_exact(n).zip(run) {
                out.data[y * w + columns.start..y * w + columns.end].copy_from_slice(row);
            }
        }
    }
    out
}

/// Fills `line` anew, with so many values before and after that are never the smallest.
fn padded(line: &mut Vec<f32>, before: usize, after: usize, fill: impl FnOnce(&mut Vec<f32>)) {
    line.clear();
    line.resize(before, f32::INFINITY);
    fill(line);
    line.resize(line.len() + after, f32::INFINITY);
}

/// Each value becomes the smallest of the `window` values that start at it, `stride` apart, as far as they are there:
/// of two such, then of twice as many, and at last of two overlapping ones.
fn least(line: &mut Vec<f32>, stride: usize, window: usize) {
    let mut spare = Vec::with_capacity(line.len());
    let mut join = |line: &mut Vec<f32>, apart: usize| {
        let other = line.get(apart * stride..).unwrap_or_default();
        spare.clear();
        spare.extend(line.iter().zip(other).map(|(a, b)| a.min(*b)));
        std::mem::swap(line, &mut spare);
    };
    let mut reached = 1;
    while 2 * reached <= window {
        join(line, reached);
        reached *= 2;
    }
    if reached < window {
        join(line, window - reached);
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
            near: Near::all(rect),
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

    #[test]
    fn shrinking_is_the_smallest_value_of_each_window() {
        let rect = Rect::new(-4, 9, 90, 70);
        let mut mask = Mask::filled(rect, 0.0);
        for (i, v) in mask.data.iter_mut().enumerate() {
            *v = ((i * 7919) % 1013) as f32 / 1013.0;
        }
        for reach in [0, 1, 2, 3, 7, 40] {
            let found = shrink(&mask, &Near::all(rect), f64::from(reach));
            for y in rect.y..rect.bottom() {
                for x in rect.x..rect.right() {
                    let mut expected = f32::INFINITY;
                    for v in (y - reach).max(rect.y)..=(y + reach).min(rect.bottom() - 1) {
                        for u in (x - reach).max(rect.x)..=(x + reach).min(rect.right() - 1) {
                            expected = expected.min(mask.get(u, v));
                        }
                    }
                    assert_eq!(found.get(x, y), expected, "{reach}: {x} {y}");
                }
            }
        }
    }

    #[test]
    fn what_is_far_from_the_piece_is_not_looked_at() {
        let rect = Rect::new(0, 0, 200, 100);
        let mut mask = Mask::filled(rect, 0.0);
        for (i, v) in mask.data.iter_mut().enumerate() {
            *v = ((i * 7919) % 1013) as f32 / 1013.0;
        }
        let frame = Rect::of_size(200, 100);
        let points = [glam::DVec2::new(50.0, 50.0), glam::DVec2::new(190.0, 50.0)];
        let near = Near::around(points, 20.0, &frame);
        let part = Mask {
            rect: near.rect,
            data: (0..near.rect.height as i32)
                .flat_map(|y| (0..near.rect.width as i32).map(move |x| (x, y)))
                .map(|(x, y)| mask.get(x + near.rect.x, y + near.rect.y))
                .collect(),
            outside: 0.0,
        };
        let (found, whole) = (
            shrink(&part, &near, 5.0),
            shrink(&part, &Near::all(near.rect), 5.0),
        );
        let mut skipped = 0;
        for y in 0..near.rect.height {
            for x in 0..near.rect.width {
                let (u, v) = (near.rect.x + x as i32, near.rect.y + y as i32);
                if near.holds(x as usize, y as usize) {
                    assert_eq!(found.get(u, v), whole.get(u, v));
                } else {
                    skipped += 1;
                    assert_eq!(found.get(u, v), 0.0);
                }
            }
        }
        assert!(skipped > 1000);
    }
}
