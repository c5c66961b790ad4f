//! Guided filter with a colour guide.
//!
//! He, Sun, Tang: Guided Image Filtering, TPAMI 2013; the fast form with coefficients at a lower resolution: He, Sun,
//! arXiv:1505.00996, 2015. In every window the output is an affine function of the guide's colour, so that edges of
//! the output lie on edges of the guide.

use glam::Vec4;

use super::cells::Rgb;

/// Values that are filtered together: skin, hair, cloth (the background is the rest).
pub(super) type Three = [f32; 3];

/// Row-major grid of fixed-size vectors.
pub(super) struct Plane<const N: usize> {
    pub width: usize,
    pub height: usize,
    pub data: Vec<[f32; N]>,
}

/// Per cell, for each of three values, the factors of the guide's channels and the offset.
pub(super) type Coefficients = Plane<12>;

/// Affine coefficients, already averaged over the windows that hold each cell.
///
/// `radius` is in cells; `eps` is the variance of the guide below which a window counts as flat.
pub(super) fn coefficients(guide: &Plane<3>, values: &Plane<3>, radius: usize, eps: f32) -> Coefficients {
    let (width, height) = (guide.width, guide.height);
    let products = guide.data.iter().zip(&values.data).map(|(i, p)| moments(i, p));
    let moments = box_mean(
        Plane {
            width,
            height,
            data: products.collect(),
        },
        radius,
    );
    let fits = Plane {
        width,
        height,
        data: moments.data.iter().map(|m| fit(m, eps)).collect(),
    };
    box_mean(fits, radius)
}

/// An affine fit side by side: per lane a value (the fourth stays 0), the factors of the guide's channels and the offset.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lanes([Vec4; 4]);

impl Lanes {
    pub fn of(c: &[f32; 12]) -> Self {
        Self(std::array::from_fn(|k| Vec4::new(c[k], c[4 + k], c[8 + k], 0.0)))
    }

    /// From this one (`t` = 0) to another (1).
    pub fn lerp(&self, to: &Self, t: f32) -> Self {
        Self(std::array::from_fn(|k| self.0[k] + (to.0[k] - self.0[k]) * t))
    }

    /// Values at a guide colour.
    pub fn apply(&self, [r, g, b]: Rgb) -> Vec4 {
        let [cr, cg, cb, offset] = self.0;
        cr * r + cg * g + cb * b + offset
    }
}

/// Guide, its products, values, products of both: 3 + 6 + 3 + 9.
fn moments([r, g, b]: &[f32; 3], p: &Three) -> [f32; 21] {
    let (r, g, b) = (*r, *g, *b);
    let [x, y, z] = *p;
    [
        r,
        g,
        b,
        r * r,
        r * g,
        r * b,
        g * g,
        g * b,
        b * b,
        x,
        y,
        z,
        r * x,
        g * x,
        b * x,
        r * y,
        g * y,
        b * y,
        r * z,
        g * z,
        b * z,
    ]
}

/// Ridge regression of each value on the guide within one window.
fn fit(m: &[f32; 21], eps: f32) -> [f32; 12] {
    let (r, g, b) = (m[0], m[1], m[2]);
    let rr = m[3] - r * r + eps;
    let rg = m[4] - r * g;
    let rb = m[5] - r * b;
    let gg = m[6] - g * g + eps;
    let gb = m[7] - g * b;
    let bb = m[8] - b * b + eps;
    // Inverse of the symmetric covariance by cofactors.
    let (c00, c01, c02) = (gg * bb - gb * gb, rb * gb - rg * bb, rg * gb - rb * gg);
    let (c11, c12, c22) = (rr * bb - rb * rb, rb * rg - rr * gb, rr * gg - rg * rg);
    let scale = 1.0 / (rr * c00 + rg * c01 + rb * c02);
    let mut out = [0.0; 12];
    for k in 0..3 {
        let p = m[9 + k];
        let (pr, pg, pb) = (
            m[12 + 3 * k] - r * p,
            m[13 + 3 * k] - g * p,
            m[14 + 3 * k] - b * p,
        );
        let ar = (c00 * pr + c01 * pg + c02 * pb) * scale;
        let ag = (c01 * pr + c11 * pg + c12 * pb) * scale;
        let ab = (c02 * pr + c12 * pg + c22 * pb) * scale;
        out[4 * k] = ar;
        out[4 * k + 1] = ag;
        out[4 * k + 2] = ab;
        out[4 * k + 3] = p - ar * r - ag * g - ab * b;
    }
    out
}

/// Mean over the square window of `radius` cells around each cell, clipped to the grid, by running sums.
fn box_mean<const N: usize>(plane: Plane<N>, radius: usize) -> Plane<N> {
    let (width, height) = (plane.width, plane.height);
    if plane.data.is_empty() {
        return plane;
    }
    let mut rows: Vec<[f32; N]> = Vec::with_capacity(plane.data.len());
    for row in plane.data.chunks_exact(width) {
        let mut sum = [0f32; N];
        row.iter().take(radius).for_each(|v| add(&mut sum, v, 1.0));
        for x in 0..width {
            if let Some(v) = row.get(x + radius) {
                add(&mut sum, v, 1.0);
            }
            if x > radius {
                add(&mut sum, &row[x - radius - 1], -1.0);
            }
            let count = (x + radius).min(width - 1) - x.saturating_sub(radius) + 1;
            let scale = 1.0 / count as f32;
            rows.push(sum.map(|v| v * scale));
        }
    }
    let mut out = plane.data;
    let mut sums = vec![[0f32; N]; width];
    for row in rows.chunks_exact(width).take(radius) {
        sums.iter_mut().zip(row).for_each(|(s, v)| add(s, v, 1.0));
    }
    for (y, target) in out.chunks_exact_mut(width).enumerate() {
        if let Some(row) = rows.chunks_exact(width).nth(y + radius) {
            sums.iter_mut().zip(row).for_each(|(s, v)| add(s, v, 1.0));
        }
        if y > radius
            && let Some(row) = rows.chunks_exact(width).nth(y - radius - 1)
        {
            sums.iter_mut().zip(row).for_each(|(s, v)| add(s, v, -1.0));
        }
        let count = (y + radius).min(height - 1) - y.saturating_sub(radius) + 1;
        let scale = 1.0 / count as f32;
        for (t, s) in target.iter_mut().zip(&sums) {
            *t = s.map(|v| v * scale);
        }
    }
    Plane {
        width,
        height,
        data: out,
    }
}

fn add<const N: usize>(sum: &mut [f32; N], v: &[f32; N], sign: f32) {
    for (s, v) in sum.iter_mut().zip(v) {
        *s += sign * v;
    }
}
