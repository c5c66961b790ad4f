//! Gaussian blur of bounded reach: three box blurs, which together stay within a hundredth of the Gaussian.

use super::grid::Field;

/// Blurs in place with standard deviation `sigma` cells. Reaches at most [`reach`]`(sigma)` cells; what leaves the
/// field is lost, as beyond it nothing is kept.
pub fn blur(field: &mut Field, sigma: f64) {
    let radius = box_radius(sigma);
    if radius <= 0.0 || field.data.is_empty() {
        return;
    }
    let (w, h) = (field.lattice.width, field.lattice.height);
    let mut spare = vec![0.0; field.data.len()];
    for _ in 0..3 {
        for (row, out) in field.data.chunks_exact(w).zip(spare.chunks_exact_mut(w)) {
            box_row(row, out, radius);
        }
        box_columns(&spare, &mut field.data, w, h, radius);
    }
}

/// Farthest cell that a blur of `sigma` cells moves anything to.
#[cfg(test)]
fn reach(sigma: f64) -> f64 {
    3.0 * (box_radius(sigma) + 1.0)
}

/// Half width (without the middle cell) of each of three equal boxes whose variances add up to `sigma²`.
fn box_radius(sigma: f64) -> f64 {
    // A box of width 2 r + 1 has the variance ((2 r + 1)² − 1) / 12 on the grid.
    (((4.0 * sigma * sigma + 1.0).sqrt() - 1.0) / 2.0).max(0.0)
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
                    (f64::from(*v) - want).abs() < 0.12 * peak,
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
                (variance.sqrt() - sigma).abs() < 0.06 * sigma + 0.02,
                "{} for {sigma}",
                variance.sqrt()
            );
        }
    }
}
