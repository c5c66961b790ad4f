//! Where the picture shows the body end before what is behind it: points on the border of skin or cloth to the
//! background.

use glam::DVec2;

use crate::locate::matte::{HandZone, RegionGrid, face_oval};
use crate::locate::{Face, Hand};
use crate::polygon::from_border;

/// The body's side of a border is looked at this many cells in: in the shade along a neck's back there is often a rim
/// that passes for hair.
const INSIDE: std::ops::RangeInclusive<i64> = 3..=6;
/// Least share of one class there that is that class.
const SURE: f32 = 0.5;

/// Borders as near to the face's own outline as this are a chin's or a cheek's; shares of the face's height.
const OFF_FACE: f64 = 0.1;

/// Borders within so many half widths of a hand's bones are the hand's.
const OFF_HAND: f64 = 1.5;

/// A place on the body's outline.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OutlinePoint {
    /// Pixels of the photograph.
    pub at: DVec2,
    /// What ends here is cloth, which lies off the body; else bare skin.
    pub cloth: bool,
}

/// The outline below a face's jaw and beside all hands; see [`points`].
pub fn of_trunk(face: &Face, hands: &[Hand], regions: &RegionGrid) -> Vec<OutlinePoint> {
    let hands: Vec<HandZone> = hands.iter().filter_map(HandZone::of).collect();
    let of_hand = |p: DVec2| hands.iter().any(|h| h.hand(p).min(h.forearm(p)) < OFF_HAND);
    let oval = face_oval(face);
    let reach = OFF_FACE * face.bbox.height;
    let mut points = points(regions);
    points.retain(|p| from_border(&oval, p.at) > reach && !of_hand(p.at));
    points
}

/// The outline, once for every row that it crosses rather upright and for every column that it crosses rather level.
/// Only borders with the body to a side or below count: under a chin the body ends upwards.
fn points(regions: &RegionGrid) -> Vec<OutlinePoint> {
    let n = regions.size as i64;
    let class = |x: i64, y: i64| {
        let inside = (0..n).contains(&x) && (0..n).contains(&y);
        inside
            .then(|| regions.classes.get((y * n + x) as usize))
            .flatten()
    };
    let back = |x: i64, y: i64| class(x, y).map(|c| c[3]);
    let mut out = Vec::new();
    for y in 1..n - 1 {
        for x in 1..n - 1 {
            // From the background's cell (x, y) one step towards the body.
            for (dx, dy) in [(1, 0), (-1, 0), (0, 1)] {
                let (Some(here), Some(next)) = (back(x, y), back(x + dx, y + dy)) else {
                    continue;
                };
                if here < 0.5 || next >= 0.5 {
                    continue;
                }
                let slope = |ax: i64, ay: i64| {
                    let at = |s: i64| back(x + s * ax, y + s * ay).unwrap_or(here);
                    (at(1) - at(-1)).abs()
                };
                let (along, across) = (slope(dx, dy), slope(dy, dx));
                let Some(cloth) = body(&class, (x, y), (dx, dy)) else {
                    continue;
                };
                if along >= across {
                    let t = f64::from((here - 0.5) / (here - next));
                    let cell = regions.side / n as f64;
                    out.push(OutlinePoint {
                        at: regions.middle(x as usize, y as usize)
                            + DVec2::new(dx as f64, dy as f64) * (t * cell),
                        cloth,
                    });
                }
            }
        }
    }
    out
}

/// Whether what begins one step from (x, y) is cloth (true) or skin (false); `None` for hair and mixtures.
fn body<'a>(
    class: &impl Fn(i64, i64) -> Option<&'a [f32; 4]>,
    (x, y): (i64, i64),
    (dx, dy): (i64, i64),
) -> Option<bool> {
    let mut sum = [0.0; 3];
    for s in INSIDE {
        let shares = class(x + s * dx, y + s * dy)?;
        for (sum, share) in sum.iter_mut().zip(shares) {
            *sum += share;
        }
    }
    let total = INSIDE.count() as f32;
    let [skin, _, cloth] = sum.map(|v| v / total);
    (skin > SURE).then_some(false).or((cloth > SURE).then_some(true))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 40 × 40 cells of 2 px around (100, 100): skin where `skin` says, else background.
    fn grid(skin: impl Fn(f64, f64) -> bool, class: usize) -> RegionGrid {
        let mut regions = RegionGrid {
            centre: DVec2::new(100.0, 100.0),
            side: 80.0,
            size: 40,
            classes: Vec::new(),
        };
        for i in 0..40 * 40 {
            let p = regions.middle(i % 40, i / 40);
            let mut shares = [0.0; 4];
            shares[if skin(p.x, p.y) { class } else { 3 }] = 1.0;
            regions.classes.push(shares);
        }
        regions
    }

    #[test]
    fn both_sides_of_a_neck_and_the_top_of_a_shoulder_are_outline() {
        let necked = points(&grid(|x, _| (x - 100.0).abs() < 20.0, 0));
        assert!(necked.len() >= 2 * 36, "{}", necked.len());
        for p in &necked {
            assert!(((p.at.x - 100.0).abs() - 20.0).abs() <= 1.0 && !p.cloth, "{p:?}");
        }
        let shoulder = points(&grid(|_, y| y > 110.0, 2));
        assert!(shoulder.len() >= 36);
        for p in &shoulder {
            assert!((p.at.y - 110.0).abs() <= 1.0 && p.cloth, "{p:?}");
        }
    }

    #[test]
    fn hair_and_the_underside_of_a_chin_are_none() {
        assert!(points(&grid(|x, _| (x - 100.0).abs() < 20.0, 1)).is_empty());
        assert!(points(&grid(|_, y| y < 90.0, 0)).is_empty());
    }
}
