//! Bilinear values of a picture at any place, as MediaPipe reads it: pixel centres at whole numbers, 8 bits.

use glam::{DVec2, Vec4};
use image::RgbImage;

use super::crop::Border;

/// Where taps lie in an output pixel, in its sides from its middle.
pub(super) fn tap_offsets(taps: usize) -> impl Iterator<Item = f64> {
    (0..taps).map(move |k| (k as f64 + 0.5) / taps as f64 - 0.5)
}

/// A place along one axis: the pixel before it, and how far it is on the way to the next.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tap {
    before: i64,
    share: f32,
}

impl Tap {
    #[inline]
    pub fn at(v: f64) -> Self {
        let before = floor(v);
        Self {
            before,
            share: (v - before as f64) as f32,
        }
    }
}

/// Reads a picture between its pixels.
pub(super) struct Sampler<'a> {
    pub photo: &'a RgbImage,
    pub border: Border,
}

impl Sampler<'_> {
    /// Bilinear value at `p` (pixel centres at integers), rounded to 8 bits.
    pub fn bilinear(&self, p: DVec2) -> [u8; 3] {
        rounded(self.bilinear_f32(p))
    }

    #[inline]
    fn bilinear_f32(&self, p: DVec2) -> Vec4 {
        self.blend(Tap::at(p.x), Tap::at(p.y))
    }

    /// Values at `start`, `start + du` and so on, if all of them lie in the picture: the same taps in fixed point,
    /// without looking after the borders at each. False if they do not.
    pub fn row(&self, start: DVec2, du: DVec2, out: &mut [f32], table: &[f32; 256]) -> bool {
        /// Steps of a pixel.
        const ONE: f64 = (1u64 << 32) as f64;
        let [w, h] = [self.photo.width(), self.photo.height()].map(i64::from);
        let [x, y] = (start * ONE).to_array().map(|v| v as i64);
        let [dx, dy] = (du * ONE).to_array().map(|v| v.round() as i64);
        let steps = (out.len() / 3) as i64 - 1;
        let last = |v: i64, d: i64| v.saturating_add(d.saturating_mul(steps));
        // Each tap reads two rows, and in the lower one a byte more than the two pixels have.
        let inside = |v: i64, length: i64| v >= 0 && v < (length - 2).max(0) << 32;
        if ![x, last(x, dx)].iter().all(|x| inside(*x, w)) || ![y, last(y, dy)].iter().all(|y| inside(*y, h))
        {
            return false;
        }
        let share = |v: i64| ((v as u32) >> 8) as f32 * (1.0 / (1u32 << 24) as f32);
        let (raw, line) = (self.photo.as_raw().as_slice(), w as usize * 3);
        let (mut x, mut y) = (x, y);
        for out in out.chunks_exact_mut(3) {
            let at = (y >> 32) as usize * line + (x >> 32) as usize * 3;
            let four = [at, at + 3, at + line, at + line + 3].map(|at| pixel(raw, at));
            for (o, v) in out.iter_mut().zip(rounded(between(four, share(x), share(y)))) {
                *o = table[usize::from(v)];
            }
            (x, y) = (x.wrapping_add(dx), y.wrapping_add(dy));
        }
        true
    }

    #[inline]
    fn blend(&self, across: Tap, down: Tap) -> Vec4 {
        let (Tap { before: x, share: fx }, Tap { before: y, share: fy }) = (across, down);
        let (w, h) = (i64::from(self.photo.width()), i64::from(self.photo.height()));
        let four = if x >= 0 && y >= 0 && x + 1 < w && y + 2 < h {
            let (at, line) = ((y * w + x) as usize * 3, w as usize * 3);
            [at, at + 3, at + line, at + line + 3].map(|at| pixel(self.photo.as_raw(), at))
        } else {
            [(x, y), (x + 1, y), (x, y + 1), (x + 1, y + 1)].map(|(x, y)| self.at(x, y))
        };
        between(four, fx, fy)
    }

    /// Mean of `taps` × `taps` bilinear taps spread over the output pixel at `p`.
    pub fn mean(&self, p: DVec2, du: DVec2, dv: DVec2, taps: usize) -> [u8; 3] {
        let mut sum = Vec4::ZERO;
        for b in tap_offsets(taps) {
            for a in tap_offsets(taps) {
                sum += self.bilinear_f32(p + du * a + dv * b);
            }
        }
        rounded(sum / (taps * taps) as f32)
    }

    /// The same where the taps lie in rows and columns.
    pub fn mean_upright(&self, columns: &[Tap], lines: &[Tap]) -> [u8; 3] {
        let mut sum = Vec4::ZERO;
        for line in lines {
            for column in columns {
                sum += self.blend(*column, *line);
            }
        }
        rounded(sum / (columns.len() * lines.len()) as f32)
    }

    fn at(&self, x: i64, y: i64) -> Vec4 {
        let (w, h) = (i64::from(self.photo.width()), i64::from(self.photo.height()));
        if self.border == Border::Zero && !(0..w).contains(&x) | !(0..h).contains(&y) {
            return Vec4::ZERO;
        }
        let (x, y) = (x.clamp(0, w - 1) as u32, y.clamp(0, h - 1) as u32);
        let [r, g, b] = self.photo.get_pixel(x, y).0.map(f32::from);
        Vec4::new(r, g, b, 0.0)
    }
}

/// Rounded down; without the call that `f64::floor` is on processors before SSE 4.1.
#[inline]
fn floor(v: f64) -> i64 {
    let whole = v as i64;
    whole - i64::from(v < whole as f64)
}

/// The three bytes from `at` on, and one more that means nothing.
#[inline]
fn pixel(raw: &[u8], at: usize) -> Vec4 {
    match raw.get(at..at + 4) {
        Some(v) => Vec4::from_array([v[0], v[1], v[2], v[3]].map(f32::from)),
        None => Vec4::ZERO,
    }
}

/// Bilinear value between a pixel, its right neighbour and the two below.
#[inline]
fn between([left, right, left_below, right_below]: [Vec4; 4], fx: f32, fy: f32) -> Vec4 {
    let above = left + (right - left) * fx;
    let below = left_below + (right_below - left_below) * fx;
    above + (below - above) * fy
}

/// To 8 bits, halves up.
#[inline]
fn rounded(value: Vec4) -> [u8; 3] {
    let [r, g, b, _] = (value + 0.5).to_array().map(|v| v as u8);
    [r, g, b]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// A row in fixed point is what its places are one by one, and is not tried where it leaves the picture.
        #[test]
        fn rows_are_their_places(
            start in prop::array::uniform2(-2.0..26.0f64),
            du in prop::array::uniform2(-1.5..1.5f64),
            count in 1usize..12,
        ) {
            let photo = RgbImage::from_fn(24, 20, |x, y| image::Rgb([x * 37 + y * 91, x * y, y * 13].map(|v| v as u8)));
            let sampler = Sampler { photo: &photo, border: Border::Zero };
            let (start, du) = (DVec2::from(start), DVec2::from(du));
            let table = std::array::from_fn(|v| v as f32);
            let mut out = vec![-1.0; count * 3];
            let places: Vec<DVec2> = (0..count).map(|i| start + du * i as f64).collect();
            let within = |p: &DVec2, by: f64| {
                p.cmpge(DVec2::splat(by)).all() && p.cmple(DVec2::new(22.0, 18.0) - by).all()
            };
            if sampler.row(start, du, &mut out, &table) {
                prop_assert!(places.iter().all(|p| within(p, -1e-6)));
                for (p, row) in places.iter().zip(out.chunks_exact(3)) {
                    for (one, row) in sampler.bilinear(*p).into_iter().zip(row) {
                        // Equal, but for values on the edge between two.
                        let exact = f32::from(one) == *row;
                        prop_assert!(exact || (f32::from(one) - row).abs() <= 1.0 && on_an_edge(&photo, *p), "{p}: {one}, {row}");
                    }
                }
            } else {
                prop_assert!(out.iter().all(|v| *v == -1.0));
                prop_assert!(places.iter().any(|p| !within(p, 1e-6)));
            }
        }
    }

    /// Whether a channel's value at `p` lies within a thousandth of a half.
    fn on_an_edge(photo: &RgbImage, p: DVec2) -> bool {
        let (x, y) = (p.x.floor(), p.y.floor());
        (0..3).any(|c| {
            let at = |dx: u32, dy: u32| f64::from(photo.get_pixel(x as u32 + dx, y as u32 + dy).0[c]);
            let (fx, fy) = (p.x - x, p.y - y);
            let above = at(0, 0) * (1.0 - fx) + at(1, 0) * fx;
            let below = at(0, 1) * (1.0 - fx) + at(1, 1) * fx;
            ((above * (1.0 - fy) + below * fy).fract() - 0.5).abs() < 1e-3
        })
    }
}
