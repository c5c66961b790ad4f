//! One filtered sample of the product under an affine footprint.
//!
//! Shrinking uses the elliptical weighted average (Greene and Heckbert 1986): a round filter in the photograph becomes
//! an ellipse in the product, and every texel under it counts. The round filter is the Keys cubic that leaves straight
//! edges straight ("Robidoux", B = 0.3782, C = 0.3109): sharper than Heckbert's Gaussian, with lobes small enough that
//! the clamp below removes their ringing. Enlarging uses the interpolating Catmull-Rom cubic, which at true size
//! returns the texel itself.

use glam::{DMat2, DVec2, Vec4};

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
    if pyramid.is_clear(source, reach(footprint.major)) {
        return [0.0; 4];
    }
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
    // Texels of the chosen level are at most half of a step wide.
    SUPPORT * step.max(1.0) + (0.5 * step).max(1.0)
}

/// How far one target pixel moves at most in the product, whichever its direction: the largest singular value.
pub fn longest(j: &DMat2) -> f64 {
    let (p, s) = (j.row(0).length_squared(), j.row(1).length_squared());
    let q = j.row(0).dot(j.row(1));
    ((p + s) / 2.0 + ((p - s) / 2.0).hypot(q)).sqrt()
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
        let spread = (diff * diff + q * q).sqrt();
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
const CHUNK: usize = 4;
/// Converting whole numbers one by one would cost more than the filter.
const RAMP: Vec4 = Vec4::new(0.0, 1.0, 2.0, 3.0);

fn elliptical(pyramid: &Pyramid, source: DVec2, footprint: &Footprint) -> [f32; 4] {
    let (index, level) = pyramid.level_for(footprint.minor);
    let scale = 1.0 / f64::from(1u32 << index.min(31));
    let centre = source * scale;
    let half = footprint.half * (SUPPORT * scale);
    // In texels of the level the quadric grows by 1 / scale².
    let ellipse = Ellipse::new(footprint.quadric.map(|v| v / (scale * scale)), centre.x);
    let (w, h) = (level.width() as i64, level.height() as i64);

    let mut sum = Sum::default();
    let mut range = Range::NONE;
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
            // Beyond its edges the cut-out is transparent, not repeated: the weights count there, and nothing else.
            sum.add(ellipse.weights(x, dy), x, row);
            x += CHUNK as i64;
        }
        if let Some((x0, x1)) = ellipse.span(dy, 1.0) {
            let (from, to) = within(x0, x1 + 1, row.len());
            range.add(&row[from..to.max(from)]);
            if ((to.max(from) - from) as i64) < x1 + 1 - x0 {
                range.add(&[[0.0; 4]]);
            }
        }
    }
    let weight = sum.weights.element_sum();
    if weight <= 0.0 || range.low.w > range.high.w {
        return nearest(pyramid.full(), source);
    }
    ((sum.even + sum.odd) / weight)
        .max(range.low)
        .min(range.high)
        .to_array()
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
    /// `b² − ac`, `−b / a` and `1 / a`: no row needs to divide.
    discriminant: f64,
    slant: f64,
    inverse: f64,
}

impl Ellipse {
    fn new([a, b, c]: [f64; 3], middle: f64) -> Self {
        let inverse = 1.0 / a;
        Self {
            quadric: [a, b, c],
            middle,
            discriminant: b * b - a * c,
            slant: -b * inverse,
            inverse,
        }
    }

    /// First and last texel whose middles a row, `dy` below the middle, has within radius `r`.
    fn span(&self, dy: f64, r: f64) -> Option<(i64, i64)> {
        let disc = self.discriminant * dy * dy + self.quadric[0] * r * r;
        if disc <= 0.0 {
            return None;
        }
        let (mid, reach) = (self.middle + self.slant * dy - 0.5, disc.sqrt() * self.inverse);
        let (x0, x1) = (ceil(mid - reach), -ceil(-mid - reach));
        (x0 <= x1).then_some((x0, x1))
    }

    /// Of the texels from `x` on.
    fn weights(&self, x: i64, dy: f64) -> Vec4 {
        let [a, b, c] = self.quadric;
        let first = (x as f64 + 0.5 - self.middle) as f32;
        let (a, linear, constant) = (a as f32, (2.0 * b * dy) as f32, (c * dy * dy) as f32);
        let dx = Vec4::splat(first) + RAMP;
        robidoux((dx * a + linear) * dx + constant)
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
    weights: Vec4,
    even: Vec4,
    odd: Vec4,
}

impl Sum {
    /// Adds the texels of `row` from `x` on; what lies outside of it is transparent.
    fn add(&mut self, weights: Vec4, x: i64, row: &[[f32; 4]]) {
        self.weights += weights;
        let weights = weights.to_array();
        let inside = usize::try_from(x).ok().and_then(|x| row.get(x..));
        if let Some([a, b, c, d]) = inside.and_then(|row| row.first_chunk::<CHUNK>()) {
            self.even += Vec4::from_array(*a) * weights[0];
            self.odd += Vec4::from_array(*b) * weights[1];
            self.even += Vec4::from_array(*c) * weights[2];
            self.odd += Vec4::from_array(*d) * weights[3];
            return;
        }
        for (x, weight) in (x..).zip(weights) {
            if let Some(texel) = usize::try_from(x).ok().and_then(|x| row.get(x)) {
                self.even += Vec4::from_array(*texel) * weight;
            }
        }
    }
}

/// Least and greatest of the texels in the filter's middle: what it may not ring beyond.
struct Range {
    low: Vec4,
    high: Vec4,
}

impl Range {
    const NONE: Self = Self {
        low: Vec4::INFINITY,
        high: Vec4::NEG_INFINITY,
    };

    fn add(&mut self, texels: &[[f32; 4]]) {
        for texel in texels {
            self.low = self.low.min(Vec4::from_array(*texel));
            self.high = self.high.max(Vec4::from_array(*texel));
        }
    }
}

/// Keys cubic with B = 0.3782, C = 0.3109 at squared radii `r2` (target pixels), 0 from radius 2.
fn robidoux(r2: Vec4) -> Vec4 {
    const B: f32 = 0.378_216;
    const C: f32 = 0.310_892;
    let r2 = r2.max(Vec4::ZERO);
    let r = Vec4::from_array(r2.to_array().map(f32::sqrt));
    let near = (r * (12.0 - 9.0 * B - 6.0 * C) + (-18.0 + 12.0 * B + 6.0 * C)) * r2 + (6.0 - 2.0 * B);
    let far =
        ((r * (-B - 6.0 * C) + (6.0 * B + 30.0 * C)) * r + (-12.0 * B - 48.0 * C)) * r + (8.0 * B + 24.0 * C);
    let far = Vec4::select(r2.cmplt(Vec4::splat(4.0)), far, Vec4::ZERO);
    Vec4::select(r2.cmplt(Vec4::ONE), near, far)
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
