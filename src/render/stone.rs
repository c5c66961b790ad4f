//! Stones let some of the skin behind them through.

use super::warp::Warped;
use crate::imaging::Lab;
use crate::product::Kind;

/// Distance in a*, b* from the metal at which a colour begins to be stone, and at which it is.
const STONE: (f64, f64) = (12.0, 28.0);
/// Lightness from which a facet mirrors a lamp rather than lets light through.
const MIRROR: (f64, f64) = (70.0, 92.0);
/// Most that a stone lets through: its back facets throw the rest back.
const CLEAREST: f32 = 0.6;
/// Alpha below which a fragment belongs to the outline.
const OUTLINE: f32 = 0.9;

/// Thins the stones of `piece` in place by `share` (0..=1) of what they can let through.
///
/// The outline of rings, earrings and necklaces is mostly metal: what differs from its colour is stone. A stone of the
/// metal's own colour, a diamond in white gold, is not told apart and stays.
pub fn see_through(piece: &mut Warped, kind: Kind, share: f64) {
    if share <= 0.0 || !matches!(kind, Kind::Earring | Kind::Necklace | Kind::Ring) {
        return;
    }
    let lab = |c: &[f32; 4]| Lab::from_linear([c[0] / c[3], c[1] / c[3], c[2] / c[3]]);
    let outline: Vec<Lab> = piece
        .fragments
        .iter()
        .filter(|f| f.color[3] > 0.2 && f.color[3] < OUTLINE)
        .map(|f| lab(&f.color))
        .collect();
    if outline.is_empty() {
        return;
    }
    let median = |of: fn(&Lab) -> f64| {
        let mut values: Vec<f64> = outline.iter().map(of).collect();
        let middle = values.len() / 2;
        *values.select_nth_unstable_by(middle, f64::total_cmp).1
    };
    let (a, b) = (median(|l| l.a), median(|l| l.b));
    for f in piece.fragments.iter_mut().filter(|f| f.color[3] >= OUTLINE) {
        let lab = lab(&f.color);
        let stone = smoothstep((lab.a - a).hypot(lab.b - b), STONE) * (1.0 - smoothstep(lab.l, MIRROR));
        let left = 1.0 - CLEAREST * (share * stone) as f32;
        f.color = f.color.map(|v| v * left);
    }
}

fn smoothstep(v: f64, (from, to): (f64, f64)) -> f64 {
    let t = ((v - from) / (to - from)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::warp::Fragment;

    fn fragment(color: [f32; 3], alpha: f32) -> Fragment {
        let [r, g, b] = color.map(|v| v * alpha);
        Fragment {
            x: 0,
            y: 0,
            color: [r, g, b, alpha],
            height_mm: 0.0,
            normal: [0.0, 0.0, -1.0],
        }
    }

    #[test]
    fn the_emerald_thins_and_the_gold_does_not() {
        let (gold, emerald) = ([0.75, 0.5, 0.2], [0.01, 0.2, 0.06]);
        let mut fragments = vec![fragment(gold, 0.5); 10];
        fragments.extend([
            fragment(gold, 1.0),
            fragment(emerald, 1.0),
            fragment([1.0; 3], 1.0),
        ]);
        let before = Warped { fragments };
        let mut after = before.clone();
        see_through(&mut after, Kind::Ring, 0.5);
        let alpha: Vec<f32> = after.fragments.iter().skip(10).map(|f| f.color[3]).collect();
        assert_eq!((alpha[0], alpha[2]), (1.0, 1.0), "metal and mirrored lamp");
        assert!((alpha[1] - 0.7).abs() < 0.02, "{}", alpha[1]);
        let mut off = before.clone();
        see_through(&mut off, Kind::Ring, 0.0);
        assert!(
            off.fragments
                .iter()
                .zip(&before.fragments)
                .all(|(a, b)| a.color == b.color)
        );
    }
}
