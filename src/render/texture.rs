//! The photograph's own blur and grain, so that the piece is neither crisper nor cleaner than what it lies on.

use image::RgbImage;

use super::warp::Warped;
use crate::imaging::Rect;
use crate::imaging::pixel::{decode_srgb8, encode_srgb8};

/// How soft and how noisy a photograph is around a piece.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Texture {
    /// Standard deviation of the blur of its sharpest edges, pixels.
    pub blur: f64,
    /// Standard deviation of its grain, 8-bit sRGB codes.
    pub grain: f64,
}

/// Longest side of the window that is looked at, pixels: texture is local, and the cost stays the same.
const WINDOW: u32 = 384;
/// Blur of the second picture that edges are compared in.
const REBLUR: f32 = 1.0;
/// Edge strength, codes per pixel after the second blur, that stands out from grain.
const EDGE: f32 = 6.0;
/// Fewest edge pixels that a blur is believed from.
const FEWEST: usize = 60;
/// Standard deviation that the resampling's own filter leaves in an edge: no less can be asked of it.
const SHARP: f64 = 0.6;
/// Grain below this is rounding, above [`MOST`] it is texture of something.
const LEAST: f64 = 0.6;
const MOST: f64 = 4.0;
/// Mean ΔE2000 of grain of one code: 0.8 of a code's standard deviation, 0.4 L* a code.
pub const DELTA_E_PER_CODE: f64 = 0.32;

/// Measures around `bounds`.
pub fn measure(canvas: &RgbImage, bounds: &Rect) -> Texture {
    let frame = Rect::of_size(canvas.width(), canvas.height());
    let centre = (
        bounds.x + bounds.width as i32 / 2,
        bounds.y + bounds.height as i32 / 2,
    );
    let side = (2 * bounds.width.max(bounds.height)).clamp(WINDOW / 2, WINDOW);
    let half = side as i32 / 2;
    let rect = Rect::new(centre.0 - half, centre.1 - half, side, side).clip(&frame);
    if rect.width < 24 || rect.height < 24 {
        return Texture::default();
    }
    let codes = Codes::of(canvas, &rect);
    Texture {
        blur: blur(&codes),
        grain: grain(&codes),
    }
}

impl Texture {
    /// Blur that the sampling filter must take in to be as soft as the photograph, at most `most` pixels.
    pub fn softness(&self, most: f64) -> f64 {
        (self.blur * self.blur - SHARP * SHARP).max(0.0).sqrt().min(most)
    }
}

/// Luma codes of a window.
struct Codes {
    width: usize,
    data: Vec<f32>,
}

impl Codes {
    fn of(canvas: &RgbImage, rect: &Rect) -> Self {
        let mut data = Vec::with_capacity(rect.width as usize * rect.height as usize);
        for y in rect.y..rect.bottom() {
            for x in rect.x..rect.right() {
                let [r, g, b] = canvas.get_pixel(x as u32, y as u32).0.map(f32::from);
                data.push(0.299 * r + 0.587 * g + 0.114 * b);
            }
        }
        Self {
            width: rect.width as usize,
            data,
        }
    }

    fn height(&self) -> usize {
        self.data.len() / self.width.max(1)
    }

    /// Blurred by [`REBLUR`]; the border of three pixels repeats its edge.
    fn blurred(&self) -> Self {
        let side: Vec<f32> = (0..=3)
            .map(|i| (-(i * i) as f32 / (2.0 * REBLUR * REBLUR)).exp())
            .collect();
        let sum = 2.0 * side.iter().sum::<f32>() - side[0];
        let (w, h) = (self.width, self.height());
        let pass = |data: &[f32], along_x: bool| -> Vec<f32> {
            let mut out = vec![0.0; data.len()];
            for y in 0..h {
                for x in 0..w {
                    let mut v = side[0] * data[y * w + x];
                    for (i, k) in side.iter().enumerate().skip(1) {
                        let (a, b) = if along_x {
                            (y * w + x.saturating_sub(i), y * w + (x + i).min(w - 1))
                        } else {
                            (y.saturating_sub(i) * w + x, (y + i).min(h - 1) * w + x)
                        };
                        v += k * (data[a] + data[b]);
                    }
                    out[y * w + x] = v / sum;
                }
            }
            out
        };
        Self {
            width: w,
            data: pass(&pass(&self.data, true), false),
        }
    }

    /// Central differences at an inner pixel.
    fn gradient(&self, x: usize, y: usize) -> (f32, f32) {
        let at = |x: usize, y: usize| self.data[y * self.width + x];
        (
            (at(x + 1, y) - at(x - 1, y)) / 2.0,
            (at(x, y + 1) - at(x, y - 1)) / 2.0,
        )
    }
}

/// Blur of the sharpest edges: a step blurred by `σ` loses gradient by the factor `√(σ² + σ₀²) / σ` when it is
/// blurred by `σ₀` once more (Zhuo and Sim, "Defocus map estimation from a single image", 2011).
fn blur(codes: &Codes) -> f64 {
    let again = codes.blurred();
    let (w, h) = (codes.width, codes.height());
    let mut found = Vec::new();
    for y in 4..h - 4 {
        for x in 4..w - 4 {
            let (gx, gy) = again.gradient(x, y);
            let strength = gx.hypot(gy);
            if strength < EDGE {
                continue;
            }
            // Crests only: beside the crest the ratio says nothing about the blur.
            let (dx, dy) = if gx.abs() > gy.abs() { (1, 0) } else { (0, 1) };
            let beside = |s: (usize, usize)| {
                let (a, b) = again.gradient(s.0, s.1);
                a.hypot(b)
            };
            if strength < beside((x - dx, y - dy)) || strength < beside((x + dx, y + dy)) {
                continue;
            }
            let (ox, oy) = codes.gradient(x, y);
            let ratio = f64::from(ox.hypot(oy) / strength);
            if ratio > 1.01 {
                found.push(f64::from(REBLUR) / (ratio * ratio - 1.0).sqrt());
            }
        }
    }
    if found.len() < FEWEST {
        return 0.0;
    }
    let at = found.len() / 5;
    let sharpest = *found.select_nth_unstable_by(at, f64::total_cmp).1;
    // A central difference is the slope averaged over two pixels, which itself blurs by a variance of 1/3.
    (sharpest * sharpest - 1.0 / 3.0).max(0.0).sqrt()
}

/// Grain of the smoothest parts, by the difference of two Laplacians (Immerkær, "Fast noise variance estimation", 1996)
/// over small blocks: folds, lashes and pores are in the rest.
fn grain(codes: &Codes) -> f64 {
    const BLOCK: usize = 8;
    let (w, h) = (codes.width, codes.height());
    let mut blocks = Vec::new();
    for top in (1..h.saturating_sub(BLOCK + 1)).step_by(BLOCK) {
        for left in (1..w.saturating_sub(BLOCK + 1)).step_by(BLOCK) {
            let (mut sum, mut mean) = (0.0, 0.0);
            for y in top..top + BLOCK {
                for x in left..left + BLOCK {
                    let row = |y: usize, k: [f32; 3]| {
                        let i = y * w + x;
                        k[0] * codes.data[i - 1] + k[1] * codes.data[i] + k[2] * codes.data[i + 1]
                    };
                    let v = row(y - 1, [1.0, -2.0, 1.0])
                        + row(y, [-2.0, 4.0, -2.0])
                        + row(y + 1, [1.0, -2.0, 1.0]);
                    sum += f64::from(v) * f64::from(v);
                    mean += f64::from(codes.data[y * w + x]);
                }
            }
            let n = (BLOCK * BLOCK) as f64;
            // Clipped black and white have no grain and say nothing.
            if (20.0..240.0).contains(&(mean / n)) {
                blocks.push((sum / n / 36.0).sqrt());
            }
        }
    }
    if blocks.is_empty() {
        return 0.0;
    }
    let at = blocks.len() / 4;
    let found = *blocks.select_nth_unstable_by(at, f64::total_cmp).1;
    if found < LEAST { 0.0 } else { found.min(MOST) }
}

/// Lays grain of `sigma` codes over the piece: the same for all channels, from the pixel's place and `seed` alone.
pub fn lay_grain(piece: &mut Warped, sigma: f64, seed: u64) {
    if sigma <= 0.0 {
        return;
    }
    for f in &mut piece.fragments {
        let noise = sigma as f32 * noise(f.x, f.y, seed);
        let alpha = f.color[3];
        for c in f.color.iter_mut().take(3) {
            let linear = *c / alpha.max(1e-6);
            // One code is worth this much light here.
            let code = encode_srgb8(linear);
            let step = decode_srgb8(code.saturating_add(1)) - decode_srgb8(code.saturating_sub(1));
            *c = (linear + 0.5 * step * noise).clamp(0.0, 1.0) * alpha;
        }
    }
}

/// Noise of variance 1: each pixel's own and a share of its four neighbours', as demosaicing leaves it.
fn noise(x: i32, y: i32, seed: u64) -> f32 {
    const SHARE: f32 = 0.35;
    let near = white(x - 1, y, seed) + white(x + 1, y, seed) + white(x, y - 1, seed) + white(x, y + 1, seed);
    (white(x, y, seed) + SHARE * near) / (1.0 + 4.0 * SHARE * SHARE).sqrt()
}

/// White noise of variance 1, nearly normal: four uniform values of a hash (the finaliser of Vigna's SplitMix64).
fn white(x: i32, y: i32, seed: u64) -> f32 {
    let mut z = seed
        .wrapping_add((x as u32 as u64) << 32 | y as u32 as u64)
        .wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^= z >> 31;
    let sum: u32 = (0..4).map(|k| (z >> (16 * k) & 0xFFFF) as u32).sum();
    // Four uniform values have the variance 1/3 on 0..=1.
    (sum as f32 / 65535.0 - 2.0) * 3f32.sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Slanted steps blurred by `sigma`, with grain of `sigma_codes`.
    fn picture(sigma: f64, sigma_codes: f64) -> RgbImage {
        let erf = |t: f64| {
            // Abramowitz and Stegun 7.1.26.
            let u = 1.0 / (1.0 + 0.327_591_1 * t.abs());
            let p = u
                * (0.254_829_592
                    + u * (-0.284_496_736 + u * (1.421_413_741 + u * (-1.453_152_027 + u * 1.061_405_429))));
            (1.0 - p * (-t * t).exp()).copysign(t)
        };
        RgbImage::from_fn(256, 256, |x, y| {
            let along = f64::from(x) + 0.21 * f64::from(y);
            let d = along % 96.0 - 48.0;
            // Up and down in turn, so that only the steps are edges.
            let side = if ((along / 96.0) as u32).is_multiple_of(2) {
                45.0
            } else {
                -45.0
            };
            let level = 120.0 + side * erf(d / (sigma * std::f64::consts::SQRT_2 * 1.022));
            let v = level + sigma_codes * f64::from(white(x as i32, y as i32, 7));
            image::Rgb([v.round().clamp(0.0, 255.0) as u8; 3])
        })
    }

    #[test]
    fn the_blur_of_edges_is_measured() {
        for sigma in [0.8, 1.2, 1.8, 2.5] {
            let found = measure(&picture(sigma, 0.0), &Rect::new(100, 100, 60, 60)).blur;
            assert!((found - sigma).abs() < 0.25 * sigma, "{found} for {sigma}");
        }
    }

    #[test]
    fn the_grain_is_measured_and_laid() {
        for sigma in [1.0, 2.5, 4.0] {
            let found = measure(&picture(2.0, sigma), &Rect::new(100, 100, 60, 60)).grain;
            assert!((found - sigma).abs() < 0.3 * sigma, "{found} for {sigma}");
        }
        let clean = measure(&picture(2.0, 0.0), &Rect::new(100, 100, 60, 60));
        assert_eq!(clean.grain, 0.0);
    }

    #[test]
    fn noise_has_mean_nought_and_variance_one() {
        let values: Vec<f64> = (0..40_000)
            .map(|i| f64::from(noise(i % 200, i / 200, 3)))
            .collect();
        let mean = values.iter().sum::<f64>() / 4e4;
        let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 4e4;
        assert!(
            mean.abs() < 0.02 && (variance - 1.0).abs() < 0.05,
            "{mean} {variance}"
        );
    }

    #[test]
    fn a_sharp_clean_picture_asks_for_nothing() {
        let texture = measure(&picture(0.5, 0.0), &Rect::new(100, 100, 60, 60));
        assert!(texture.softness(3.0) < 0.3, "{texture:?}");
    }
}
