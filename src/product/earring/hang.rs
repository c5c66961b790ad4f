//! Where a drop earring hangs from: the top of its hook, or the middle of the stud that it hangs under.

use glam::DVec2;

use super::outline::Outline;

/// Hanging point and free leg of the hook, relative to the outline's corner.
pub struct Hang {
    pub pierce: DVec2,
    pub back_leg: Option<(DVec2, DVec2)>,
}

/// Rows looked at for the very top, as a share of the height.
const TOP: f64 = 0.02;
/// A wire is thinner than this share of the earring's height (a 35 mm drop: 1.9 mm).
const WIRE: f64 = 0.055;
/// A hook's legs are looked at down to this share.
const HOOK: f64 = 0.12;
/// The hook or the stud lies in this upper share.
const UPPER: f64 = 0.5;
/// A stud ends where the outline narrows to this share of its width.
const NARROW: f64 = 0.6;

/// Middle of the topmost rows.
pub fn top_middle(outline: &Outline) -> Option<f64> {
    let rows = ((outline.height as f64 * TOP).ceil() as usize).clamp(1, outline.height);
    let (mut sum, mut count) = (0.0, 0.0);
    for row in 0..rows {
        for (from, to) in outline.runs(row) {
            sum += (from + to) as f64 / 2.0 * (to - from) as f64;
            count += (to - from) as f64;
        }
    }
    (count > 0.0).then(|| sum / count)
}

pub fn find(outline: &Outline) -> Hang {
    let middle = top_middle(outline).unwrap_or(outline.width as f64 / 2.0);
    let wire = outline.height as f64 * WIRE;
    // What is at the top? Below its arc, a hook is one or two thin legs; a stud is a body.
    let from = (wire.ceil() as usize).min(outline.height - 1);
    let to = ((outline.height as f64 * HOOK) as usize).clamp(from + 1, outline.height);
    let runs: Vec<f64> = (from..to)
        .flat_map(|row| outline.runs(row))
        .map(|(a, b)| (b - a) as f64)
        .collect();
    if !runs.is_empty() && runs.iter().all(|r| *r <= wire) {
        let thickness = runs.iter().copied().fold(f64::INFINITY, f64::min);
        return Hang {
            pierce: DVec2::new(middle, thickness / 2.0),
            back_leg: back_leg(outline),
        };
    }
    Hang {
        pierce: DVec2::new(middle, stud_middle(outline)),
        back_leg: None,
    }
}

/// The free leg of a hook seen from the side: of two runs side by side, the one that ends.
fn back_leg(outline: &Outline) -> Option<(DVec2, DVec2)> {
    let rows = (outline.height as f64 * UPPER) as usize;
    let pairs: Vec<(usize, Vec<(usize, usize)>)> = (0..rows)
        .map(|row| (row, outline.runs(row)))
        .filter(|(_, runs)| runs.len() == 2)
        .collect();
    let (first, last) = (pairs.first()?, pairs.last()?);
    if last.0 - first.0 < rows / 6 {
        return None;
    }
    // Below the last row of two, one of them is gone.
    let after = outline.runs((last.0 + 1).min(outline.height - 1));
    let meets = |run: &(usize, usize)| after.iter().any(|r| r.0 < run.1 && run.0 < r.1);
    let (left, right) = (last.1.first()?, last.1.last()?);
    let free_left = match (meets(left), meets(right)) {
        (false, true) => true,
        (true, false) => false,
        _ => return None,
    };
    let of = |runs: &Vec<(usize, usize)>| {
        if free_left {
            runs.first().copied()
        } else {
            runs.last().copied()
        }
    };
    let (mut from, mut to) = (usize::MAX, 0);
    for (_, runs) in &pairs {
        let (a, b) = of(runs)?;
        (from, to) = (from.min(a), to.max(b));
    }
    Some((
        DVec2::new(from as f64, first.0 as f64),
        DVec2::new(to as f64, (last.0 + 1) as f64),
    ))
}

/// Middle of the stud at the top: it reaches down to where the outline narrows.
fn stud_middle(outline: &Outline) -> f64 {
    let rows = (outline.height as f64 * UPPER) as usize;
    let width = |row: usize| outline.span(row).map_or(0.0, |(a, b)| (b - a) as f64);
    let mut widest = 0.0f64;
    for row in 0..rows {
        widest = widest.max(width(row));
        if width(row) < NARROW * widest {
            return row as f64 / 2.0;
        }
    }
    // It never narrows: the post sits as far down as the piece is half wide, but not below its upper third.
    (widest / 2.0).min(outline.height as f64 / 3.0)
}
