//! One filtered sample of the product under an affine footprint.
//!
//! Shrinking uses the elliptical weighted average (Greene and Heckbert 1986): a round filter in the photograph becomes
//! an ellipse in the product, and every texel under it counts. The round filter is the Keys cubic that leaves straight
//! edges straight ("Robidoux", B = 0.3782, C = 0.3109): sharper than Heckbert's Gaussian, with lobes small enough that
//! the clamp below removes their ringing. Enlarging uses the interpolating Catmull-Rom cubic, which at true size
//! returns the texel itself.

use glam::{DMat2, DVec2};

use super::Pyramid;
use crate::imaging::LinearImage;

/// Radius of the round filter in target pixels.
const SUPPORT: f64 = 2.0;
/// Longest ellipse axis per shortest: beyond it the short axis is widened, so that an edge-on piece costs no more.
const MAX_ANISOTROPY: f64 = 12.0;
/// Source pixels per target pixel over which enlarging hands over to shrinking.
const HANDOVER: f64 = 0.25;
/// A map that is the identity up to this must return the texel itself.
const ROUNDING: f64 = 1e-7;

/// Premultiplied RGBA of the product around `source` (pixels of level 0), where one target pixel to the right and
/// down moves `jacobian.x_axis` and `jacobian.y_axis` in the product.
pub fn sample(pyramid: &Pyramid, source: DVec2, jacobian: DMat2) -> [f32; 4] {
    let footprint = Footprint::new(jacobian);
    let shrink = ((footprint.major - 1.0 - ROUNDING) / HANDOVER).clamp(0.0, 1.0) as f32;
    if shrink <= 0.0 {
        return catmull_rom(pyramid.full(), source);
    }
    let area = elliptical(pyramid, source, &footprint);
    if shrink >= 1.0 {
        return area;
    }
    let point = catmull_rom(pyramid.full(), source);
    std::array::from_fn(|c| point[c] + (area[c] - point[c]) * shrink)
}

/// Farthest from its middle that a sample looks, pixels of level 0, where one target pixel moves at most `step` in the
/// product.
pub fn reach(step: f64) -> f64 {
    // An ellipse's axis is at most √2 columns of the Jacobian long; texels of the chosen level are half of one wide.
    (SUPPORT + 1.0) * (std::f64::consts::SQRT_2 * step).max(1.0) + 1.0
}

/// The ellipse that a unit circle in the photograph covers in the product.
struct Footprint {
    /// Inverse of `J Jᵀ` with its axes bounded: `r² = a dx² + 2 b dx dy + c dy²`.
    quadric: [f64; 3],
    /// Half extents of the ellipse `r = 1`.
    half: DVec2,
    /// Longest axis before bounding and shortest after, source pixels per target pixel.
    major: f64,
    minor: f64,
}

impl Footprint {
    fn new(j: DMat2) -> Self {
        // J Jᵀ = [[p, q], [q, s]] and its eigenvalues, the squared axes of the ellipse.
        let (x, y) = (j.x_axis, j.y_axis);
        let p = x.x * x.x + y.x * y.x;
        let q = x.x * x.y + y.x * y.y;
        let s = x.y * x.y + y.y * y.y;
        let (mean, diff) = ((p + s) / 2.0, (p - s) / 2.0);
        let spread = diff.hypot(q);
        let (l1, l2) = (mean + spread, (mean - spread).max(0.0));
        let m1 = l1.max(1.0);
        let m2 = l2.max(1.0).max(m1 / (MAX_ANISOTROPY * MAX_ANISOTROPY));
        // Same eigenvectors, bounded eigenvalues: M' = k1 M + k0 I.
        let (k1, k0) = if spread > 1e-12 {
            let k1 = (m1 - m2) / (l1 - l2);
            (k1, m1 - k1 * l1)
        } else {
            (0.0, m1)
        };
        let (p, q, s) = (k1 * p + k0, k1 * q, k1 * s + k0);
        let det = m1 * m2;
        Self {
            quadric: [s / det, -q / det, p / det],
            half: DVec2::new(p.sqrt(), s.sqrt()),
            major: l1.sqrt(),
            minor: m2.sqrt(),
        }
    }
}

/// Weights that are worked out together, side by side.
const CHUNK: usize = 8;
/// Converting whole numbers one by one would cost more than the filter.
const RAMP: [f32; CHUNK] = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0];

fn elliptical(pyramid: &Pyramid, source: DVec2, footprint: &Footprint) -> [f32; 4] {
    let (index, level) = pyramid.level_for(footprint.minor);
    let scale = 1.0 / f64::from(1u32 << index.min(31));
    let centre = source * scale;
    let half = footprint.half * (SUPPORT * scale);
    // In texels of the level the quadric grows by 1 / scale².
    let ellipse = Ellipse {
        quadric: footprint.quadric.map(|v| v / (scale * scale)),
        middle: centre.x,
    };
    let (w, h) = (level.width() as i64, level.height() as i64);

    let mut sum = Sum::default();
    let mut range = Range::default();
    let y0 = ceil(centre.y - half.y - 0.5);
    let y1 = -ceil(0.5 - centre.y - half.y);
    for y in y0..=y1 {
        let dy = y as f64 + 0.5 - centre.y;
        let Some((x0, x1)) = ellipse.span(dy, SUPPORT) else {
            continue;
        };
        let row: &[[f32; 4]] = if (0..h).contains(&y) {
            &level.data[(y * w) as usize..((y + 1) * w) as usize]
        } else {
            &[]
        };
        let mut x = x0;
        while x <= x1 {
            let next = (x + CHUNK as i64).min(x1 + 1);
            let weights = ellipse.weights(x, dy);
            let weights = &weights[..(next - x) as usize];
            // Beyond its edges the cut-out is transparent, not repeated: the weights count there, and nothing else.
            sum.weights += weights.iter().sum::<f32>();
            let (from, to) = within(x, next, row.len());
            if let Some(first) = usize::try_from(from as i64 - x).ok().filter(|_| from < to) {
                sum.add(&weights[first..first + (to - from)], &row[from..to]);
            }
            x = next;
        }
        if let Some((x0, x1)) = ellipse.span(dy, 1.0) {
            let (from, to) = within(x0, x1 + 1, row.len());
            range.add(&row[from..to.max(from)]);
            if ((to.max(from) - from) as i64) < x1 + 1 - x0 {
                range.add(&[[0.0; 4]]);
            }
        }
    }
    if sum.weights <= 0.0 || range.low[3] > range.high[3] {
        return nearest(pyramid.full(), source);
    }
    let color = sum.color();
    std::array::from_fn(|k| (color[k] / sum.weights).clamp(range.low[k], range.high[k]))
}

/// The part of `[from, to)` that lies in a row of `length` texels.
fn within(from: i64, to: i64, length: usize) -> (usize, usize) {
    let clip = |x: i64| usize::try_from(x).unwrap_or(0).min(length);
    (clip(from), clip(to))
}

/// The round filter as it lies in a level: `r² = a dx² + 2 b dx dy + c dy²`.
struct Ellipse {
    quadric: [f64; 3],
    /// Of the ellipse, across.
    middle: f64,
}

impl Ellipse {
    /// First and last texel whose middles a row, `dy` below the middle, has within radius `r`.
    fn span(&self, dy: f64, r: f64) -> Option<(i64, i64)> {
        let [a, b, c] = self.quadric;
        let disc = b * b * dy * dy - a * (c * dy * dy - r * r);
        if disc <= 0.0 {
            return None;
        }
        let (mid, reach) = (self.middle - b * dy / a - 0.5, disc.sqrt() / a);
        let (x0, x1) = (ceil(mid - reach), -ceil(-mid - reach));
        (x0 <= x1).then_some((x0, x1))
    }

    /// Of the texels from `x` on. Without a branch, so that the compiler takes several at a time.
    fn weights(&self, x: i64, dy: f64) -> [f32; CHUNK] {
        let [a, b, c] = self.quadric;
        let first = (x as f64 + 0.5 - self.middle) as f32;
        let (a, linear, constant) = (a as f32, (2.0 * b * dy) as f32, (c * dy * dy) as f32);
        let mut weights = RAMP;
        for weight in &mut weights {
            let dx = first + *weight;
            *weight = robidoux((a * dx + linear) * dx + constant);
        }
        weights
    }
}

/// `v.ceil()` as a whole number, without the call that it is on processors of the common least kind.
fn ceil(v: f64) -> i64 {
    let cut = v as i64;
    cut + i64::from((cut as f64) < v)
}

/// Weighted texels; two sums, so that one need not wait for the other.
#[derive(Default)]
struct Sum {
    weights: f32,
    even: [f32; 4],
    odd: [f32; 4],
}

impl Sum {
    fn add(&mut self, weights: &[f32], texels: &[[f32; 4]]) {
        let add = |sum: &mut [f32; 4], weight: f32, texel: &[f32; 4]| {
            for (sum, v) in sum.iter_mut().zip(texel) {
                *sum += weight * v;
            }
        };
        for (weights, texels) in weights.chunks(2).zip(texels.chunks(2)) {
            if let (Some(weight), Some(texel)) = (weights.first(), texels.first()) {
                add(&mut self.even, *weight, texel);
            }
            if let (Some(weight), Some(texel)) = (weights.get(1), texels.get(1)) {
                add(&mut self.odd, *weight, texel);
            }
        }
    }

    fn color(&self) -> [f32; 4] {
        std::array::from_fn(|k| self.even[k] + self.odd[k])
    }
}

/// Least and greatest of the texels in the filter's middle: what it may not ring beyond.
struct Range {
    low: [f32; 4],
    high: [f32; 4],
}

impl Default for Range {
    fn default() -> Self {
        Self {
            low: [f32::INFINITY; 4],
            high: [f32::NEG_INFINITY; 4],
        }
    }
}

impl Range {
    fn add(&mut self, texels: &[[f32; 4]]) {
        // Comparisons as the processor has them; `f32::min` would mind NaN, which texels are not.
        for texel in texels {
            for ((low, high), v) in self.low.iter_mut().zip(&mut self.high).zip(texel) {
                *low = if v < low { *v } else { *low };
                *high = if v > high { *v } else { *high };
            }
        }
    }
}

/// Keys cubic with B = 0.3782, C = 0.3109 at squared radius `r2` (target pixels), 0 from radius 2.
fn robidoux(r2: f32) -> f32 {
    const B: f32 = 0.378_216;
    const C: f32 = 0.310_892;
    let r2 = r2.clamp(0.0, 4.0);
    let r = r2.sqrt();
    let near = ((12.0 - 9.0 * B - 6.0 * C) * r + (-18.0 + 12.0 * B + 6.0 * C)) * r2 + (6.0 - 2.0 * B);
    let far =
        (((-B - 6.0 * C) * r + (6.0 * B + 30.0 * C)) * r + (-12.0 * B - 48.0 * C)) * r + (8.0 * B + 24.0 * C);
    if r2 < 1.0 { near } else { far }
}

/// Separable interpolating cubic (a = −½), clamped to the four texels around the point so that it cannot ring.
fn catmull_rom(image: &LinearImage, source: DVec2) -> [f32; 4] {
    let q = source - 0.5;
    let base = DVec2::new(snapped_floor(q.x), snapped_floor(q.y));
    let f = (q - base).max(DVec2::ZERO);
    let (wx, wy) = (cubic_weights(f.x as f32), cubic_weights(f.y as f32));
    let (bx, by) = (base.x as i64, base.y as i64);
    let mut sum = [0f32; 4];
    let (mut lo, mut hi) = ([f32::INFINITY; 4], [f32::NEG_INFINITY; 4]);
    for (j, wy) in wy.iter().enumerate() {
        for (i, wx) in wx.iter().enumerate() {
            let texel = texel(image, bx + i as i64 - 1, by + j as i64 - 1);
            for k in 0..4 {
                sum[k] += wx * wy * texel[k];
                if (1..3).contains(&i) && (1..3).contains(&j) {
                    lo[k] = lo[k].min(texel[k]);
                    hi[k] = hi[k].max(texel[k]);
                }
            }
        }
    }
    std::array::from_fn(|k| sum[k].clamp(lo[k], hi[k]))
}

fn snapped_floor(v: f64) -> f64 {
    (v + ROUNDING).floor()
}

fn cubic_weights(f: f32) -> [f32; 4] {
    if f < 1e-6 {
        return [0.0, 1.0, 0.0, 0.0];
    }
    let (f2, f3) = (f * f, f * f * f);
    [
        -0.5 * f3 + f2 - 0.5 * f,
        1.5 * f3 - 2.5 * f2 + 1.0,
        -1.5 * f3 + 2.0 * f2 + 0.5 * f,
        0.5 * f3 - 0.5 * f2,
    ]
}

fn nearest(image: &LinearImage, source: DVec2) -> [f32; 4] {
    texel(image, source.x.floor() as i64, source.y.floor() as i64)
}

fn texel(image: &LinearImage, x: i64, y: i64) -> [f32; 4] {
    let (w, h) = (image.width() as i64, image.height() as i64);
    if x < 0 || y < 0 || x >= w || y >= h {
        return [0.0; 4];
    }
    image.data[(y * w + x) as usize]
}
