//! Which colours each class has in this very picture: smoothed histograms (Parzen windows) per class.

use super::Classes;
use super::cells::Rgb;

/// Bins of lightness and of the two chromaticities.
const BINS: [usize; 3] = [20, 24, 24];
/// Chromaticities are differences of encoded channels over lightness plus this: in deep shade they are noise.
const FLOOR: f32 = 0.15;
/// Weight of the even spread that every class is mixed with: no colour is impossible.
const EVEN: f32 = 0.02;
/// A class with less evidence than this many cells says nothing about colours.
const LEAST: f32 = 12.0;

/// Likelihoods of colours under each class.
pub(super) struct ColourModel {
    /// Per bin, likelihoods scaled so that they sum to 1 over the classes.
    table: Vec<Classes>,
}

impl ColourModel {
    /// Counts cells under the shares that they are believed to have; unsure cells count little.
    pub fn fit<'a>(samples: impl IntoIterator<Item = (&'a Rgb, &'a Classes, f32)>) -> Self {
        let mut table = vec![[0f32; 4]; BINS.iter().product()];
        let mut total: Classes = [0.0; 4];
        for (colour, shares, weight) in samples {
            let near = place(colour).map(|v| (v + 0.5).floor());
            if let Some(bin) = table.get_mut(index(near)) {
                for ((b, t), s) in bin.iter_mut().zip(&mut total).zip(shares) {
                    let sure = weight * (s * 1.6 - 0.6).max(0.0);
                    *b += sure;
                    *t += sure;
                }
            }
        }
        for axis in 0..3 {
            smooth(&mut table, axis);
        }
        let even = 1.0 / table.len() as f32;
        for bin in &mut table {
            let mut known = 0.0;
            let mut classes = 0.0;
            for (b, t) in bin.iter_mut().zip(total) {
                if t >= LEAST {
                    *b = (1.0 - EVEN) * *b / t + EVEN * even;
                    known += *b;
                    classes += 1.0;
                }
            }
            let mean = if classes > 0.0 { known / classes } else { 1.0 };
            for (b, t) in bin.iter_mut().zip(total) {
                if t < LEAST {
                    *b = mean;
                }
            }
            let sum: f32 = bin.iter().sum();
            bin.iter_mut().for_each(|b| *b /= sum);
        }
        Self { table }
    }

    /// Likelihoods of `colour` under the classes, scaled to sum to 1 (trilinear between bins).
    pub fn likelihood(&self, colour: &Rgb) -> Classes {
        let p = place(colour);
        // No bin is below 0: cutting off is rounding down.
        let low = p.map(|v| v as u32 as f32);
        let mut out: Classes = [0.0; 4];
        for corner in 0..8u8 {
            let mut weight = 1.0;
            let mut at = low;
            for axis in 0..3 {
                let t = p[axis] - low[axis];
                if corner >> axis & 1 == 1 {
                    at[axis] += 1.0;
                    weight *= t;
                } else {
                    weight *= 1.0 - t;
                }
            }
            if weight > 0.0
                && let Some(bin) = self.table.get(index(at))
            {
                for (o, b) in out.iter_mut().zip(bin) {
                    *o += weight * b;
                }
            }
        }
        out
    }
}

/// Position of a colour in bins, bin centres at whole numbers, inside the table.
fn place([r, g, b]: &Rgb) -> [f32; 3] {
    let light = (r + 2.0 * g + b) / 4.0;
    let scale = 1.0 / (light + FLOOR);
    let unit = [light, (r - g) * scale * 0.7 + 0.35, (g - b) * scale * 0.7 + 0.35];
    let mut out = [0.0; 3];
    for ((o, u), n) in out.iter_mut().zip(unit).zip(BINS) {
        *o = u.clamp(0.0, 1.0) * (n - 1) as f32;
    }
    out
}

fn index(bin: [f32; 3]) -> usize {
    let at = |axis: usize| (bin[axis] as usize).min(BINS[axis] - 1);
    (at(0) * BINS[1] + at(1)) * BINS[2] + at(2)
}

/// One binomial pass (1, 2, 1) / 4 along an axis; the ends keep their weight.
fn smooth(table: &mut [Classes], axis: usize) {
    let stride: usize = BINS[axis + 1..].iter().product();
    let mut before = vec![[0f32; 4]; stride];
    for block in table.chunks_exact_mut(stride * BINS[axis]) {
        before.copy_from_slice(&block[..stride]);
        for start in (0..block.len()).step_by(stride) {
            let after = (start + stride).min(block.len() - stride);
            for (k, before) in before.iter_mut().enumerate() {
                let (here, after) = (block[start + k], block[after + k]);
                block[start + k] =
                    std::array::from_fn(|c| 0.25 * before[c] + 0.5 * here[c] + 0.25 * after[c]);
                *before = here;
            }
        }
    }
}
