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
    let low = hand.centre - corner - hand.side / 2.0;
    let high = low + hand.side;
    // Cells of the mask that the hand's square reaches into.
    let cells = |low: f64, high: f64, size: u32| {
        let size = f64::from(size);
        let cell = |v: f64| v.clamp(0.0, size) / STEP as f64;
        cell(low).floor() as usize..cell(high).ceil() as usize
    };
    let (columns, rows) = (
        cells(low.x, high.x, rect.width),
        cells(low.y, high.y, rect.height),
    );
    // The hand's share at the cells' upper corners, from left to right.
    let corners = |row: usize| -> Vec<f64> {
        let place = |column: usize| corner + DVec2::new((column * STEP) as f64, (row * STEP) as f64);
        (columns.start..=columns.end)
            .map(|column| cover(hand, place(column)))
            .collect()
    };
    let (width, height) = (rect.width as usize, rect.height as usize);
    let mut above = corners(rows.start);
    for row in rows {
        let below = corners(row + 1);
        for v in row * STEP..((row + 1) * STEP).min(height) {
            let down = (v % STEP) as f64 / STEP as f64 + 0.5 / STEP as f64;
            for u in columns.start * STEP..(columns.end * STEP).min(width) {
                let k = u / STEP - columns.start;
                let right = (u % STEP) as f64 / STEP as f64 + 0.5 / STEP as f64;
                let side = |line: &[f64]| line[k] + (line[k + 1] - line[k]) * right;
                let (upper, lower) = (side(&above), side(&below));
                if near.holds(u, v) {
                    shown.data[v * width + u] *= 1.0 - (upper + (lower - upper) * down) as f32;
                }
            }
        }
        above = below;
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

    #[test]
    fn a_hand_hides_what_is_behind_it_up_to_its_edge() {
        let (a, b, half) = (DVec2::new(40.0, 30.0), DVec2::new(90.0, 60.0), 24.0);
        let rect = Rect::new(13, 7, 101, 90);
        // Partly out of the mask, out of it, and left of and above its corner.
        let far = DVec2::splat(400.0);
        let fingers = [(a, b), (a + far, b + far), (a - far, b - far)];
        let in_front = InFront {
            face: Vec::new(),
            hands: fingers.map(|(a, b)| HandZone::bone(a, b, half)).into(),
        };
        let mut shown = Mask::filled(rect, 1.0);
        in_front.hide(&mut shown, &Near::all(rect));
        let (mut hidden, mut seen) = (0, 0);
        for y in rect.y..rect.bottom() {
            for x in rect.x..rect.right() {
                let p = DVec2::new(f64::from(x) + 0.5, f64::from(y) + 0.5);
                let t = ((p - a).dot(b - a) / (b - a).length_squared()).clamp(0.0, 1.0);
                let off = p.distance(a + (b - a) * t) / half;
                let expected = 1.0 - ((1.1 - off) / 0.15).clamp(0.0, 1.0);
                assert!(
                    (f64::from(shown.get(x, y)) - expected).abs() < 0.3,
                    "{x} {y}: {off}"
                );
                if !(0.75..1.3).contains(&off) {
                    assert_eq!(f64::from(shown.get(x, y)), expected, "{x} {y}: {off}");
                    (hidden, seen) = (hidden + i32::from(off < 1.0), seen + i32::from(off > 1.0));
                }
            }
        }
        assert!(hidden > 500 && seen > 500, "{hidden} {seen}");
        assert!(in_front.by_hand(b) && !in_front.by_hand(DVec2::new(20.0, 90.0)));
    }
}
