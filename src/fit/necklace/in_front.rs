//! What stands before the neck: the face where the head is bowed or turned, and hands with their forearms.

use glam::DVec2;

use crate::imaging::Mask;
use crate::locate::Anatomy;
use crate::locate::matte::{HandZone, Near, face_oval};
use crate::polygon::{contains, crossings, from_border};

/// Pixels between the places where a hand is looked at; between them it is interpolated.
const STEP: usize = 4;
/// A hand's edge, in half widths off its bones: covers all up to the first, nothing from the second on.
const HAND_EDGE: (f64, f64) = (0.95, 1.1);

/// The person's face and the hands around the neck.
#[derive(Default)]
pub struct InFront {
    face: Vec<DVec2>,
    hands: Vec<HandZone>,
}

impl InFront {
    pub fn of(anatomy: &Anatomy) -> Self {
        Self {
            face: anatomy.faces.first().map(face_oval).unwrap_or_default(),
            hands: anatomy.hands_at_neck.iter().filter_map(HandZone::of).collect(),
        }
    }

    /// Whether a place lies on the face or within `reach` pixels of it, where skin may be the jaw's.
    pub fn by_face(&self, p: DVec2, reach: f64) -> bool {
        contains(&self.face, p) || from_border(&self.face, p) < reach
    }

    /// Whether a hand or its forearm covers a place.
    pub fn by_hand(&self, p: DVec2) -> bool {
        self.hands.iter().any(|h| cover(h, p) > 0.5)
    }

    /// Takes what stands in front from a mask of what shows, where `near` looks.
    pub fn hide(&self, shown: &mut Mask, near: &Near) {
        self.hide_behind_face(shown);
        for hand in &self.hands {
            hide_behind_hand(hand, shown, near);
        }
    }

    /// Row by row, the ends of each run to the part of a pixel.
    fn hide_behind_face(&self, shown: &mut Mask) {
        let rect = shown.rect;
        let width = rect.width as usize;
        for (y, row) in shown.data.chunks_exact_mut(width.max(1)).enumerate() {
            let level = f64::from(rect.y) + y as f64 + 0.5;
            for run in crossings(&self.face, level).chunks_exact(2) {
                let (from, to) = (run[0] - f64::from(rect.x), run[1] - f64::from(rect.x));
                let first = from.floor().clamp(0.0, width as f64) as usize;
                let last = to.ceil().clamp(0.0, width as f64) as usize;
                for (x, v) in row.iter_mut().enumerate().take(last).skip(first) {
                    let covered = (to.min(x as f64 + 1.0) - from.max(x as f64)).clamp(0.0, 1.0);
                    *v *= 1.0 - covered as f32;
                }
            }
        }
    }
}

fn hide_behind_hand(hand: &HandZone, shown: &mut Mask, near: &Near) {
    let rect = shown.rect;
    let corner = DVec2::new(f64::from(rect.x), f64::from(rect.y));
    let reach = |low: f64, high: f64, size: u32| {
        let cell = |v: f64| {
            (v / STEP as f64)
                .floor()
                .clamp(0.0, f64::from(size) / STEP as f64) as usize
        };
        cell(low)..cell(high) + 1
    };
    let low = hand.centre - corner - hand.side / 2.0;
    let high = low + hand.side;
    if high.cmplt(DVec2::ZERO).any() {
        return;
    }
    let width = rect.width as usize;
    for row in reach(low.y, high.y, rect.height) {
        for column in reach(low.x, high.x, rect.width) {
            let (x, y) = (column * STEP, row * STEP);
            if x >= width || y >= rect.height as usize {
                continue;
            }
            let at = |i: usize, j: usize| {
                cover(
                    hand,
                    corner + DVec2::new((x + i * STEP) as f64, (y + j * STEP) as f64),
                )
            };
            let corners = [at(0, 0), at(1, 0), at(0, 1), at(1, 1)];
            if corners.iter().all(|c| *c <= 0.0) {
                continue;
            }
            for v in y..(y + STEP).min(rect.height as usize) {
                for u in x..(x + STEP).min(width) {
                    if near.holds(u, v) {
                        let [a, b] = [u - x, v - y].map(|d| (d as f64 + 0.5) / STEP as f64);
                        let above = corners[0] + (corners[1] - corners[0]) * a;
                        let below = corners[2] + (corners[3] - corners[2]) * a;
                        shown.data[v * width + u] *= 1.0 - (above + (below - above) * b) as f32;
                    }
                }
            }
        }
    }
}

/// How much of a place a hand or its forearm covers, 0..=1.
fn cover(hand: &HandZone, p: DVec2) -> f64 {
    let off = hand.hand(p).min(hand.forearm(p));
    ((HAND_EDGE.1 - off) / (HAND_EDGE.1 - HAND_EDGE.0)).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::Rect;

    /// A diamond-shaped face around (50, 40), 20 px to each corner.
    fn face() -> InFront {
        let corners = [(50.0, 20.0), (70.0, 40.0), (50.0, 60.0), (30.0, 40.0)];
        InFront {
            face: corners.map(|(x, y)| DVec2::new(x, y)).to_vec(),
            hands: Vec::new(),
        }
    }

    #[test]
    fn a_face_hides_what_is_behind_it_to_the_part_of_a_pixel() {
        let rect = Rect::new(10, 5, 80, 70);
        let mut shown = Mask::filled(rect, 1.0);
        face().hide(&mut shown, &Near::all(rect));
        // The diamond's area, 2 · 20², is hidden and nothing else.
        let hidden: f64 = shown.data.iter().map(|v| 1.0 - f64::from(*v)).sum();
        assert!((hidden - 800.0).abs() < 1.0, "{hidden}");
        assert_eq!((shown.get(50, 40), shown.get(33, 22)), (0.0, 1.0));
        assert!(face().by_face(DVec2::new(31.0, 40.0), 0.0) && !face().by_face(DVec2::new(27.0, 40.0), 2.0));
        assert!(face().by_face(DVec2::new(29.0, 40.0), 2.0) && !face().by_hand(DVec2::new(50.0, 40.0)));
    }
}
