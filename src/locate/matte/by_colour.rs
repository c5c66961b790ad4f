//! The coarse grid without a network: where each class may be, and which colours it then turns out to have.

use super::cells::{Rgb, patch};
use super::colour::ColourModel;
use super::face_square::{FaceSquare, inside, oval};
use super::hand_zone::HandZone;
use super::{BACKGROUND, Classes, RegionGrid};
use crate::imaging::Photo;
use crate::locate::{Face, Hand, PersonMask};

/// Cells along the square's side.
const SIZE: usize = 96;
/// Rounds of counting colours and naming cells anew.
const ROUNDS: usize = 4;

/// Regions of a head from the face's mesh, the person mask and colours.
pub(super) fn face_regions(photo: &Photo, face: &Face, person: Option<&PersonMask>) -> Option<RegionGrid> {
    let square = FaceSquare::of(face)?;
    let oval = inside(&oval(face), square.centre, square.side, SIZE);
    let mut grid = empty(square.centre, square.side);
    for y in 0..SIZE {
        for x in 0..SIZE {
            let at = grid.middle(x, y);
            let p = person.map_or(0.5, |m| m.sample(at));
            let q = (at - square.middle) / square.height;
            // Face heights from the face's middle: 0.5 is the chin.
            let body: [f32; 3] = if oval[y * SIZE + x] {
                [0.95, 0.04, 0.01]
            } else if q.y < 0.45 {
                [0.3, 0.65, 0.05]
            } else if q.y < 0.95 && q.x.abs() < 0.45 {
                [0.6, 0.15, 0.25]
            } else if q.y < 1.1 {
                [0.25, 0.2, 0.55]
            } else {
                [0.2, 0.1, 0.7]
            };
            let cover = if oval[y * SIZE + x] {
                0.98
            } else {
                p.clamp(0.03, 0.97)
            };
            grid.classes[y * SIZE + x] = [body[0] * cover, body[1] * cover, body[2] * cover, 1.0 - cover];
        }
    }
    learn(photo, &mut grid);
    Some(grid)
}

/// Regions of a hand from its landmarks and colours; what is on the forearm and is no skin is a sleeve.
pub(super) fn hand_regions(photo: &Photo, hand: &Hand) -> Option<RegionGrid> {
    let zone = HandZone::of(hand)?;
    let mut grid = empty(zone.centre, zone.side);
    for y in 0..SIZE {
        for x in 0..SIZE {
            let at = grid.middle(x, y);
            let (hand, arm) = (zone.hand(at), zone.forearm(at));
            let skin = falling(hand, 0.7, 2.2).max(0.75 * falling(arm, 0.8, 1.6));
            let skin = (0.02 + 0.96 * skin) as f32;
            let sleeve = (1.0 - skin) * (0.02 + 0.5 * falling(arm, 1.0, 1.8) as f32);
            grid.classes[y * SIZE + x] = [skin, 0.0, sleeve, 1.0 - skin - sleeve];
        }
    }
    learn(photo, &mut grid);
    Some(grid)
}

fn empty(centre: glam::DVec2, side: f64) -> RegionGrid {
    RegionGrid {
        centre,
        side,
        size: SIZE,
        classes: vec![[0.0; 4]; SIZE * SIZE],
    }
}

/// 1 up to `from`, 0 beyond `to`.
fn falling(v: f64, from: f64, to: f64) -> f64 {
    ((to - v) / (to - from)).clamp(0.0, 1.0)
}

/// Alternates between colours of classes and classes of cells; the grid's shares are the prior throughout.
fn learn(photo: &Photo, grid: &mut RegionGrid) {
    let cell = grid.side / SIZE as f64;
    let colours: Vec<Option<Rgb>> = (0..SIZE * SIZE)
        .map(|i| patch(&photo.pixels, grid.middle(i % SIZE, i / SIZE), cell))
        .collect();
    let prior = grid.classes.clone();
    for _ in 0..ROUNDS {
        let model = ColourModel::fit(
            colours
                .iter()
                .zip(&grid.classes)
                .filter_map(|(c, s)| c.as_ref().map(|c| (c, s, 1.0))),
        );
        for ((out, p), colour) in grid.classes.iter_mut().zip(&prior).zip(&colours) {
            *out = match colour {
                Some(c) => posterior(p, &model.likelihood(c)),
                None => outside(),
            };
        }
        grid.classes = blur(&grid.classes);
    }
}

fn outside() -> Classes {
    let mut out = [0.0; 4];
    out[BACKGROUND] = 1.0;
    out
}

/// Bayes' rule.
pub(super) fn posterior(prior: &Classes, likelihood: &Classes) -> Classes {
    let mut out = *prior;
    for (o, l) in out.iter_mut().zip(likelihood) {
        *o *= l;
    }
    let sum: f32 = out.iter().sum();
    if sum > 0.0 { out.map(|v| v / sum) } else { *prior }
}

/// Mean over 3 × 3 cells.
fn blur(grid: &[Classes]) -> Vec<Classes> {
    let at = |x: usize, y: usize| grid[y.min(SIZE - 1) * SIZE + x.min(SIZE - 1)];
    (0..grid.len())
        .map(|i| {
            let (x, y) = (i % SIZE, i / SIZE);
            let mut out = [0.0; 4];
            for ny in [y.saturating_sub(1), y, y + 1] {
                for nx in [x.saturating_sub(1), x, x + 1] {
                    for (o, v) in out.iter_mut().zip(at(nx, ny)) {
                        *o += v / 9.0;
                    }
                }
            }
            out
        })
        .collect()
}
