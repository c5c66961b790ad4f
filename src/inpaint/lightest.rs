//! How much lighter the band may become.
//!
//! A laid shadow goes on beyond the band, where nothing is repainted. Where the model would take it away within the band, what is
//! left of it outside would lie there as a line of its own: so the shadow within stays at least as deep as that beyond.

use super::TileView;
use super::features::SHOWS;

/// Shadow beyond the band counts this far around, mm.
const REACH_MM: f64 = 2.0;
/// Logarithm of the gain that is free wherever a shadow lies beyond.
const ROOM: f32 = 0.08;
/// What is free besides where none does: light that a piece throws back.
const GLOW: f32 = 0.5;
/// Shadow that is next to none.
const FAINT: f32 = 0.04;
/// No shadow is told as deeper.
const DEEPEST: f32 = 0.95;

/// The largest logarithm of a gain of light at each of some pixels of a view.
pub fn lightest(view: &TileView, pixels: &[usize]) -> Vec<f32> {
    let side = view.side as i64;
    let reach = (REACH_MM * view.px_per_mm).ceil().clamp(0.0, 64.0) as i64;
    let disc: Vec<(i64, i64)> = (-reach..=reach)
        .flat_map(|y| (-reach..=reach).map(move |x| (x, y)))
        .filter(|(x, y)| x * x + y * y <= reach * reach)
        .collect();
    let stays = |i: usize| {
        if view.alpha[i] > SHOWS || view.other[i] >= 0.5 {
            return 0.0;
        }
        let kept = 1.0 - view.band[i];
        view.shadow[i] * kept * kept
    };
    let at = |i: usize| {
        let (x, y) = (i as i64 % side, i as i64 / side);
        let around = disc.iter().map(|(dx, dy)| (x + dx, y + dy));
        let inside = around.filter(|(x, y)| (0..side).contains(x) && (0..side).contains(y));
        let beyond = inside
            .map(|(x, y)| stays((y * side + x) as usize))
            .fold(0.0, f32::max);
        let light = |shadow: f32| 1.0 - shadow.clamp(0.0, DEEPEST);
        let until_level = (light(beyond) / light(view.shadow[i])).ln().max(0.0);
        until_level + ROOM + GLOW * (-beyond / FAINT).exp()
    };
    pixels.iter().map(|i| at(*i)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inpaint::Noise;

    /// A column of band between a piece and what is beyond.
    fn view(within: f32, beyond: f32) -> TileView {
        let (side, n) = (20, 400);
        let x = |i: usize| i % side;
        TileView {
            side,
            picture: vec![[0.5; 3]; n],
            alpha: (0..n).map(|i| f32::from(u8::from(x(i) < 5))).collect(),
            band: (0..n)
                .map(|i| f32::from(u8::from((5..8).contains(&x(i)))))
                .collect(),
            shadow: (0..n).map(|i| if x(i) < 8 { within } else { beyond }).collect(),
            other: vec![0.0; n],
            px_per_mm: 3.0,
            noise: Noise::new(0, 0),
        }
    }

    /// By hand: a shadow of 0.75 with 0.5 beyond it may be halved, ln 2, and no more than the room.
    #[test]
    fn a_shadow_stays_as_deep_as_beyond() {
        let at = [10 * 20 + 6];
        let got = lightest(&view(0.75, 0.5), &at)[0];
        assert!((got - std::f32::consts::LN_2 - ROOM).abs() < 1e-4, "{got}");
        let deeper = lightest(&view(0.3, 0.6), &at)[0];
        assert!((deeper - ROOM).abs() < 1e-4, "{deeper}");
    }

    /// Without a shadow beyond, all of it may go, and the piece may glow.
    #[test]
    fn what_ends_within_the_band_may_go() {
        let got = lightest(&view(0.5, 0.0), &[10 * 20 + 6])[0];
        assert!((got - std::f32::consts::LN_2 - ROOM - GLOW).abs() < 1e-4, "{got}");
    }
}
