//! Gaussian blur of bounded reach: the Gaussian itself where it is small, else
//! four box blurs, which come within 8 % of its peak everywhere.

use super::grid::Field;

/// Below this standard deviation (cells) boxes are too coarse a stand-in, and the Gaussian itself is cheap.
const DIRECT: f64 = 3.0;
/// Box blurs that stand for a Gaussian.
const BOXES: usize = 4;

/// Blurs in place with standard deviation `sigma` cells. Reaches about `3 sigma` cells; what leaves the field is
/// lost, as beyond it nothing is kept.
pub fn blur(field: &mut Field, sigma: f64) {
    if sigma <= 0.0 || field.data.is_empty() {
        return;
    }
    let (w, h) = (field.lattice.width, field.lattice.height);
    let mut spare = vec![0.0; field.data.len()];
    if sigma < DIRECT {
        let kernel = gaussian(sigma);
        for (row, out) in field.data.chunks_exact(w).zip(spare.chunks_exact_mut(w)) {
            weigh_row(row, out, &kernel);
        }
        weigh_columns(&spare, &mut field.data, w, h, &kernel);
        return;
    }
    let radius = box_radius(sigma);
    for _ in 0..BOXES {
        for (row, out) in field.data.chunks_exact(w).zip(spare.chunks_exact_mut(w)) {
            box_row(row, out, radius);
        }
        box_columns(&spare, &mut field.data, w, h, radius);
    }
}

/// One side of the sampled Gaussian out to three `sigma`, the middle first; both sides together sum to 1.
fn gaussian(sigma: f64) -> Vec<f32> {
    let reach = (3.0 * sigma).ceil() as usize;
    let side: Vec<f64> = (0..=reach)
        .map(|i| (-((i * i) as f64) / (2.0 * sigma * sigma)).exp())
        .collect();
    let sum = 2.0 * side.iter().sum::<f64>() - 1.0;
    side.iter().map(|v| (v / sum) as f32).collect()
}

fn weigh_row(row: &[f32], out: &mut [f32], kernel: &[f32]) {
    for (x, o) in out.iter_mut().enumerate() {
        let mut sum = 0.0;
        for (i, k) in kernel.iter().enumerate() {
            let right = row.get(x + i).copied().unwrap_or(0.0);
            let left = x.checked_sub(i).filter(|_| i > 0).and_then(|x| row.get(x));
            sum += k * (right + left.copied().unwrap_or(0.0));
        }
        *o = sum;
    }
}

fn weigh_columns(from: &[f32], to: &mut [f32], w: usize, h: usize, kernel: &[f32]) {
    to.fill(0.0);
    for (y, out) in to.chunks_exact_mut(w).enumerate() {
        for (i, k) in kernel.iter().enumerate() {
            let below = Some(y + i).filter(|y| *y < h);
            let above = y.checked_sub(i).filter(|_| i > 0);
            for source in [below, above].into_iter().flatten() {
                for (o, v) in out.iter_mut().zip(&from[source * w..(source + 1) * w]) {
                    *o += k * v;
                }
            }
        }
    }
}

/// Farthest cell that a blur of `sigma` cells moves anything to.
pub fn reach(sigma: f64) -> f64 {
    (BOXES as f64 * (box_radius(sigma) + 1.0)).max((3.0 * sigma).ceil())
}

/// Half width (without the middle cell) of each of [`BOXES`] equal boxes whose variances add up to `sigma²`.
///
/// Whole cells up to `k` and a share `e` of the next at both ends have the variance
/// `(k (k + 1) (2 k + 1) / 3 + 2 e (k + 1)²) / (2 k + 1 + 2 e)`, which is solved for `e` (the extended box filter of
/// Gwosdek et al. 2011).
fn box_radius(sigma: f64) -> f64 {
    let variance = sigma * sigma / BOXES as f64;
    let k = (((12.0 * variance + 1.0).sqrt() - 1.0) / 2.0).floor();
    let whole = k * (k + 1.0) * (2.0 * k + 1.0) / 3.0;
    let end = (variance * (2.0 * k + 1.0) - whole) / (2.0 * ((k + 1.0).powi(2) - variance));
    (k + end).max(0.0)
}

/// The weights of a box of fractional radius: whole cells, and the share of the two at its ends.
fn split(radius: f64) -> (usize, f32, f32) {
    let whole = radius.floor();
    let end = (radius - whole) as f32;
    (whole as usize, end, 1.0 / (2.0 * radius as f32 + 1.0))
}

fn box_row(row: &[f32], out: &mut [f32], radius: f64) {
    let (whole, end, scale) = split(radius);
    let at = |i: isize| {
        usize::try_from(i)
            .ok()
            .and_then(|i| row.get(i))
            .copied()
            .unwrap_or(0.0)
    };
    let mut sum: f64 = row.iter().take(whole).map(|v| f64::from(*v)).sum();
    for (x, o) in out.iter_mut().enumerate() {
        let (x, r) = (x as isize, whole as isize);
        sum += f64::from(at(x + r)) - f64::from(at(x - r - 1));
        *o = (sum as f32 + end * (at(x + r + 1) + at(x - r - 1))) * scale;
    }
}

fn box_columns(from: &[f32], to: &mut [f32], w: usize, h: usize, radius: f64) {
    let (whole, end, scale) = split(radius);
    let row = |y: isize| {
        usize::try_from(y)
            .ok()
            .filter(|y| *y < h)
            .map(|y| &from[y * w..(y + 1) * w])
    };
    // Running sums of all columns at once, so that memory is read along rows. In f64: whole numbers of f32 terms come
    // and go without leaving dust behind.
    let mut sums = vec![0f64; w];
    for y in 0..whole {
        for (s, v) in sums.iter_mut().zip(row(y as isize).unwrap_or(&[])) {
            *s += f64::from(*v);
        }
    }
    for (y, out) in to.chunks_exact_mut(w).enumerate() {
        let (y, r) = (y as isize, whole as isize);
        for (s, v) in sums.iter_mut().zip(row(y + r).unwrap_or(&[])) {
            *s += f64::from(*v);
        }
        for (s, v) in sums.iter_mut().zip(row(y - r - 1).unwrap_or(&[])) {
            *s -= f64::from(*v);
        }
        for (o, s) in out.iter_mut().zip(&sums) {
            *o = *s as f32 * scale;
        }
        for ends in [row(y + r + 1), row(y - r - 1)] {
            for (o, v) in out.iter_mut().zip(ends.unwrap_or(&[])) {
                *o += end * v * scale;
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
        for sigma in [0.8, 2.5, 6.0] {
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
