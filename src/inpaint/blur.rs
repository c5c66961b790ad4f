//! Gaussian blur of a square, in the part of it that is looked at.

use std::ops::Range;

use crate::imaging::gaussian;

/// Part of a square.
pub struct Window {
    columns: Range<usize>,
    rows: Range<usize>,
}

impl Window {
    /// Around some pixels, `far` pixels more on every side and one for what lies between pixels.
    pub fn around(pixels: &[usize], side: usize, far: f64) -> Self {
        let more = far.ceil().clamp(0.0, 65536.0) as usize + 1;
        let along = |at: &dyn Fn(usize) -> usize| {
            let least = pixels.iter().map(|i| at(*i)).min().unwrap_or(0);
            let most = pixels.iter().map(|i| at(*i)).max().unwrap_or(0);
            least.saturating_sub(more)..(most + more + 1).min(side)
        };
        Self {
            columns: along(&|i| i % side.max(1)),
            rows: along(&|i| i / side.max(1)),
        }
    }
}

/// A square of values blurred by a Gaussian of `sigma` pixels, cut at three of them; beyond its border the border goes on. Outside
/// the window it is 0.
pub fn blurred(plane: &[f32], side: usize, sigma: f64, window: &Window) -> Vec<f32> {
    let mut out = vec![0.0; plane.len()];
    if side == 0 {
        return out;
    }
    let half = gaussian(sigma.clamp(1e-6, 1024.0));
    let reach = half.len() - 1;
    let mut kernel: Vec<f32> = half.iter().rev().chain(&half[1..]).copied().collect();
    // Four weights are taken at a time.
    kernel.resize(kernel.len().next_multiple_of(4), 0.0);
    let (columns, last) = (window.columns.clone(), side - 1);
    let seen = window.rows.start.saturating_sub(reach)..(window.rows.end + reach).min(side);
    let mut padded = vec![0.0; side + kernel.len()];
    let mut wide = vec![0.0; plane.len()];
    for y in seen {
        let row = &plane[y * side..(y + 1) * side];
        padded[..reach].fill(row[0]);
        padded[reach..reach + side].copy_from_slice(row);
        padded[reach + side..].fill(row[last]);
        let out = &mut wide[y * side..][columns.clone()];
        for (four, i) in kernel.chunks_exact(4).zip((0..).step_by(4)) {
            add(
                out,
                four,
                std::array::from_fn(|k| &padded[i + k..][columns.clone()]),
            );
        }
    }
    for y in window.rows.clone() {
        let row = &mut out[y * side..][columns.clone()];
        for (four, i) in kernel.chunks_exact(4).zip((0..).step_by(4)) {
            let from = |k: usize| (y + i + k).saturating_sub(reach).min(last) * side;
            add(
                row,
                four,
                std::array::from_fn(|k| &wide[from(k)..][columns.clone()]),
            );
        }
    }
    out
}

/// Adds four weighted rows: whole rows, so that no sum waits for another.
fn add(out: &mut [f32], weights: &[f32], [a, b, c, d]: [&[f32]; 4]) {
    let rows = out.iter_mut().zip(a).zip(b).zip(c).zip(d);
    for ((((o, a), b), c), d) in rows {
        *o += (weights[0] * a + weights[1] * b) + (weights[2] * c + weights[3] * d);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against the sum over all pixels, written out; and 0 where nobody looks.
    #[test]
    fn the_window_holds_what_the_whole_would() {
        let (side, sigma) = (14, 1.3);
        let plane: Vec<f32> = (0..side * side).map(|i| ((i * 37) % 11) as f32).collect();
        let window = Window::around(&[5 * side + 6, 7 * side + 9], side, 1.0);
        let got = blurred(&plane, side, sigma, &window);
        let weight = |d: i64| (-0.5 * (d as f64 / sigma).powi(2)).exp();
        let sum: f64 = (-4..=4).map(weight).sum();
        for (i, got) in got.iter().enumerate() {
            let (x, y) = ((i % side) as i64, (i / side) as i64);
            let at = |x: i64, y: i64| f64::from(plane[(y.clamp(0, 13) * 14 + x.clamp(0, 13)) as usize]);
            let row = |y: i64| (-4..=4).map(|d| weight(d) / sum * at(x + d, y)).sum::<f64>();
            let whole: f64 = (-4..=4).map(|d| weight(d) / sum * row(y + d)).sum();
            let inside = (4..=11).contains(&x) && (3..=9).contains(&y);
            let want = if inside { whole } else { 0.0 };
            assert!((f64::from(*got) - want).abs() < 1e-4, "{x} {y}: {got} for {want}");
        }
    }
}
