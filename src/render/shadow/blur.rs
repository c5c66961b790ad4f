//! Gaussian blur of bounded reach: the Gaussian itself where it is small, else the Gaussian on a field of half the size.

use super::grid::{Field, Lattice};
use crate::imaging::gaussian;

/// Up to this standard deviation, cells, the Gaussian itself is cheap; beyond it the field is smooth enough after the
/// blur to be blurred at half its size.
const DIRECT: f64 = 3.0;
/// Variance, in fine cells, that going to half the size and back adds: shares of 3/4 and 1/4 at distances of 1/2 and
/// 3/2 of a cell, twice.
const HALVING: f64 = 1.5;

/// Blurs in place with standard deviation `sigma` cells. Reaches about `3 sigma` cells; what leaves the field is
/// lost, as beyond it nothing is kept.
pub fn blur(field: &mut Field, sigma: f64) {
    if sigma <= 0.0 || field.data.is_empty() {
        return;
    }
    if sigma < DIRECT {
        return direct(field, sigma);
    }
    let mut half = halved(field);
    blur(&mut half, (sigma * sigma - HALVING).max(0.0).sqrt() / 2.0);
    enlarge(&half, field);
}

/// Farthest cell that a blur of `sigma` cells moves anything to.
pub fn reach(sigma: f64) -> f64 {
    if sigma < DIRECT {
        (3.0 * sigma).ceil()
    } else {
        2.0 * reach((sigma * sigma - HALVING).sqrt() / 2.0) + 3.0
    }
}

fn direct(field: &mut Field, sigma: f64) {
    let (w, h) = (field.lattice.width, field.lattice.height);
    let kernel = gaussian(sigma);
    let mut spare = vec![0.0; field.data.len()];
    let mut row = vec![0.0; w + 2 * (kernel.len() - 1)];
    for (from, out) in field.data.chunks_exact(w).zip(spare.chunks_exact_mut(w)) {
        if from.iter().all(|v| *v == 0.0) {
            continue;
        }
        weigh_row(from, out, &mut row, &kernel);
    }
    weigh_columns(&spare, &mut field.data, w, h, &kernel);
}

/// `padded` holds the row between as many zeros as the kernel reaches.
fn weigh_row(row: &[f32], out: &mut [f32], padded: &mut [f32], kernel: &[f32]) {
    let (w, reach) = (row.len(), kernel.len() - 1);
    padded[reach..reach + w].copy_from_slice(row);
    out.fill(0.0);
    for (i, k) in kernel.iter().enumerate() {
        let (right, left) = (
            &padded[reach + i..reach + i + w],
            &padded[reach - i..reach - i + w],
        );
        // The middle is on both sides.
        let k = if i == 0 { 0.5 * k } else { *k };
        for ((o, r), l) in out.iter_mut().zip(right).zip(left) {
            *o += k * (r + l);
        }
    }
}

fn weigh_columns(from: &[f32], to: &mut [f32], w: usize, h: usize, kernel: &[f32]) {
    to.fill(0.0);
    let lit: Vec<bool> = from
        .chunks_exact(w)
        .map(|r| r.iter().any(|v| *v != 0.0))
        .collect();
    for (y, out) in to.chunks_exact_mut(w).enumerate() {
        for (i, k) in kernel.iter().enumerate() {
            let below = Some(y + i).filter(|y| *y < h);
            let above = y.checked_sub(i).filter(|_| i > 0);
            for source in [below, above].into_iter().flatten().filter(|y| lit[*y]) {
                for (o, v) in out.iter_mut().zip(&from[source * w..(source + 1) * w]) {
                    *o += k * v;
                }
            }
        }
    }
}

/// Every cell shared out over the cells of half the size around it, by the weights that [`enlarge`] reads them back
/// with, so that nothing moves.
fn halved(field: &Field) -> Field {
    let (w, h) = (field.lattice.width, field.lattice.height);
    let mut half = Field::zero(Lattice {
        cells_per_px: field.lattice.cells_per_px / 2.0,
        cells_per_mm: field.lattice.cells_per_mm / 2.0,
        width: w.div_ceil(2),
        height: h.div_ceil(2),
        ..field.lattice
    });
    let (width, height) = (half.lattice.width, half.lattice.height);
    let mut narrow = vec![0.0; width];
    for (y, row) in field.data.chunks_exact(w).enumerate() {
        let at = |x: usize| row.get(x).copied().unwrap_or(0.0);
        for (k, v) in narrow.iter_mut().enumerate() {
            let before = (2 * k).checked_sub(1).map_or(0.0, at);
            *v = 0.375 * (at(2 * k) + at(2 * k + 1)) + 0.125 * (before + at(2 * k + 2));
        }
        for (target, share) in [(Some(y / 2), 0.375), (beside(y), 0.125)] {
            let Some(target) = target.filter(|t| *t < height) else {
                continue;
            };
            for (o, v) in half.data[target * width..(target + 1) * width]
                .iter_mut()
                .zip(&narrow)
            {
                *o += share * v;
            }
        }
    }
    half
}

/// The row of half the size that row `y` lies next to, besides its own.
fn beside(y: usize) -> Option<usize> {
    if y.is_multiple_of(2) {
        (y / 2).checked_sub(1)
    } else {
        Some(y / 2 + 1)
    }
}

/// Linear interpolation between the cells of half the size.
fn enlarge(half: &Field, field: &mut Field) {
    let (w, width) = (field.lattice.width, half.lattice.width);
    let rows = half.lattice.height;
    let empty = vec![0.0; width];
    let row = |y: Option<usize>| {
        y.filter(|y| *y < rows)
            .map_or(empty.as_slice(), |y| &half.data[y * width..(y + 1) * width])
    };
    let mut between = vec![0.0; width + 2];
    for (y, out) in field.data.chunks_exact_mut(w).enumerate() {
        let (near, far) = (row(Some(y / 2)), row(beside(y)));
        for ((b, n), f) in between[1..=width].iter_mut().zip(near).zip(far) {
            *b = 0.75 * n + 0.25 * f;
        }
        for (k, pair) in out.chunks_mut(2).enumerate() {
            // The cell k of half the size is at k + 1 here.
            for (o, other) in pair.iter_mut().zip([between[k], between[k + 2]]) {
                *o = 0.75 * between[k + 1] + 0.25 * other;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use glam::DVec2;

    use super::*;
    use crate::render::shadow::grid::Lattice;

    fn impulse(n: usize) -> Field {
        let lattice = Lattice {
            origin: DVec2::ZERO,
            cells_per_px: 1.0,
            cells_per_mm: 1.0,
            width: n,
            height: n,
        };
        let mut f = Field::zero(lattice);
        f.data[(n / 2) * n + n / 2] = 1.0;
        f
    }

    #[test]
    fn an_impulse_becomes_the_gaussian() {
        for sigma in [0.8, 2.5, 4.0, 9.0] {
            let n = 81;
            let mut f = impulse(n);
            blur(&mut f, sigma);
            let peak = 1.0 / (2.0 * std::f64::consts::PI * sigma * sigma);
            let (mut sum, mut variance) = (0.0, 0.0);
            for (i, v) in f.data.iter().enumerate() {
                let (x, y) = ((i % n) as f64 - 40.0, (i / n) as f64 - 40.0);
                let want = peak * (-(x * x + y * y) / (2.0 * sigma * sigma)).exp();
                assert!(
                    (f64::from(*v) - want).abs() < 0.08 * peak,
                    "σ {sigma} at {x}, {y}: {v} for {want}"
                );
                sum += f64::from(*v);
                variance += f64::from(*v) * x * x;
                if x.hypot(y) > 1.5 * reach(sigma) {
                    assert_eq!(*v, 0.0);
                }
            }
            assert!((sum - 1.0).abs() < 1e-4, "{sum}");
            assert!(
                (variance.sqrt() - sigma).abs() < 0.01 * sigma,
                "{} for {sigma}",
                variance.sqrt()
            );
        }
    }
}
