//! What the compact model is told of each pixel: planes blurred by Gaussians and looked up around it, all in millimetres, so
//! that the model knows no pixels. `onnx/train/band/features.py` computes the same.

use super::TileView;
use super::distance::distances;
use crate::imaging::pixel::srgb_to_linear;
use crate::imaging::split;

/// How far off a pixel is looked, and how blurred, mm.
const RINGS: [(f64, f64); 9] = [
    (0.25, 0.1),
    (0.5, 0.25),
    (1.0, 0.35),
    (1.6, 0.5),
    (2.4, 0.7),
    (3.4, 0.9),
    (5.0, 1.2),
    (8.0, 1.8),
    (13.0, 3.0),
];
/// Directions in which the coverage is looked up; every third one for the shadow.
const TURNS: usize = 12;
/// Blurs of coverage, shadow and the piece's colour at the pixel, mm.
const AROUND: [f64; 4] = [0.5, 1.0, 2.0, 4.0];
/// Blur of the skin's brightness, mm.
const SKIN_MM: f64 = 4.0;
/// Coverage from which a pixel is the piece's, wholly: what else its edge shows is no skin to tell light by.
pub const SHOWS: f32 = 0.1;
/// Longer distances from the piece are told as this, mm.
const FARTHEST_MM: f32 = 10.0;
/// Least share of what is averaged.
const LEAST: f32 = 1e-3;

/// Numbers that a pixel is told by.
pub const COUNT: usize = 3 + 5 * AROUND.len() + RINGS.len() * (TURNS + TURNS / 3);

/// The features of some pixels of a view, [`COUNT`] for each: distance from the piece, mm; shadow; how bright skin is around;
/// for each of [`AROUND`] coverage, shadow and the piece's mean colour; for each of [`RINGS`] the coverage in [`TURNS`] directions
/// from the right on towards below, and after every third the shadow there.
pub fn features(view: &TileView, pixels: &[usize]) -> Vec<f32> {
    let side = view.side;
    let px = |mm: f64| mm * view.px_per_mm;
    let light: Vec<[f32; 3]> = view.picture.iter().map(|p| p.map(srgb_to_linear)).collect();
    let mut out = vec![0.0; pixels.len() * COUNT];
    let mut column = 0;
    let mut add = |of: &dyn Fn(usize) -> f32| {
        for (row, pixel) in out.chunks_exact_mut(COUNT).zip(pixels) {
            row[column] = of(*pixel);
        }
        column += 1;
    };
    let shows: Vec<bool> = view.alpha.iter().map(|a| *a > SHOWS).collect();
    let far = distances(&shows, side);
    let alpha: Vec<f32> = shows.iter().map(|shows| f32::from(u8::from(*shows))).collect();
    add(&|i| (far[i] / view.px_per_mm.max(1e-6) as f32).min(FARTHEST_MM));
    add(&|i| view.shadow[i]);
    let skin = ratio(
        &blurred_of(side, px(SKIN_MM), |i| {
            (1.0 - alpha[i]) * light[i].iter().sum::<f32>() / 3.0
        }),
        &blurred_of(side, px(SKIN_MM), |i| 1.0 - alpha[i]),
    );
    add(&|i| skin[i]);
    for mm in AROUND {
        let covered = blurred_of(side, px(mm), |i| alpha[i]);
        let shaded = blurred_of(side, px(mm), |i| view.shadow[i]);
        add(&|i| covered[i]);
        add(&|i| shaded[i]);
        let colours: [Vec<f32>; 3] =
            std::array::from_fn(|k| ratio(&blurred_of(side, px(mm), |i| light[i][k] * alpha[i]), &covered));
        for colour in &colours {
            add(&|i| colour[i]);
        }
    }
    for (far, mm) in RINGS {
        let covered = blurred_of(side, px(mm), |i| alpha[i]);
        let shaded = blurred_of(side, px(mm), |i| view.shadow[i]);
        for k in 0..TURNS {
            let (sin, cos) = (std::f64::consts::TAU * k as f64 / TURNS as f64).sin_cos();
            let at = |plane: &[f32], i: usize| {
                let (x, y) = ((i % side) as f64, (i / side) as f64);
                looked_up(plane, side, x + px(far) * cos, y + px(far) * sin)
            };
            add(&|i| at(&covered, i));
            if k % 3 == 0 {
                add(&|i| at(&shaded, i));
            }
        }
    }
    out
}

fn ratio(values: &[f32], weights: &[f32]) -> Vec<f32> {
    let both = values.iter().zip(weights);
    both.map(|(v, w)| v / w.max(LEAST)).collect()
}

/// Value between the centres of a square's pixels; beyond its border the border goes on.
fn looked_up(plane: &[f32], side: usize, x: f64, y: f64) -> f32 {
    let last = side.saturating_sub(1);
    let along = |v: f64| {
        let (low, share) = split(v.clamp(0.0, last as f64));
        let low = (low.max(0) as usize).min(last);
        (low, (low + 1).min(last), share)
    };
    let ((x0, x1, u), (y0, y1, v)) = (along(x), along(y));
    let row = |y: usize| plane[y * side + x0] + (plane[y * side + x1] - plane[y * side + x0]) * u;
    row(y0) + (row(y1) - row(y0)) * v
}

/// A square of values blurred by a Gaussian of `sigma` pixels, cut at three of them; beyond its border the border goes on.
pub fn blurred_of(side: usize, sigma: f64, of: impl Fn(usize) -> f32) -> Vec<f32> {
    let reach = (3.0 * sigma).ceil().clamp(0.0, 4096.0) as usize;
    let weight = |d: f64| (-0.5 * (d / sigma.max(1e-6)).powi(2)).exp();
    let raw: Vec<f64> = (0..=2 * reach).map(|i| weight(i as f64 - reach as f64)).collect();
    let sum: f64 = raw.iter().sum();
    let kernel: Vec<f32> = raw.iter().map(|w| (w / sum) as f32).collect();
    let plane: Vec<f32> = (0..side * side).map(of).collect();
    let mut padded = vec![0.0; side + 2 * reach];
    let mut wide = Vec::with_capacity(plane.len());
    for row in plane.chunks_exact(side.max(1)) {
        let (Some(first), Some(last)) = (row.first(), row.last()) else {
            continue;
        };
        padded[..reach].fill(*first);
        padded[reach..reach + side].copy_from_slice(row);
        padded[reach + side..].fill(*last);
        wide.extend(
            padded
                .windows(kernel.len())
                .map(|w| w.iter().zip(&kernel).map(|(v, k)| v * k).sum::<f32>()),
        );
    }
    // Down the columns a whole row at a time.
    let mut out = vec![0.0; wide.len()];
    for (y, row) in out.chunks_exact_mut(side.max(1)).enumerate() {
        for (i, k) in kernel.iter().enumerate() {
            let from = (y + i).saturating_sub(reach).min(side - 1) * side;
            for (o, v) in row.iter_mut().zip(&wide[from..from + side]) {
                *o += k * v;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::inpaint::Noise;

    #[derive(Deserialize)]
    struct Recorded {
        side: usize,
        px_per_mm: f64,
        picture: Vec<[f32; 3]>,
        alpha: Vec<f32>,
        shadow: Vec<f32>,
        pixels: Vec<usize>,
        features: Vec<Vec<f32>>,
    }

    /// Against NumPy and OpenCV: `onnx/train/band/fixture.py` made the file.
    #[test]
    fn features_are_those_that_the_model_was_trained_on() {
        let text = include_str!("../../tests/inpaint/band_features.json");
        let recorded: Recorded = serde_json::from_str(text).unwrap();
        let n = recorded.side * recorded.side;
        let view = TileView {
            side: recorded.side,
            picture: recorded.picture,
            alpha: recorded.alpha,
            band: vec![1.0; n],
            shadow: recorded.shadow,
            height_mm: vec![0.0; n],
            px_per_mm: recorded.px_per_mm,
            noise: Noise::new(0, 0),
        };
        let got = features(&view, &recorded.pixels);
        assert_eq!(got.len(), recorded.features.len() * COUNT);
        for (got, want) in got.chunks_exact(COUNT).zip(&recorded.features) {
            for (k, (got, want)) in got.iter().zip(want).enumerate() {
                // OpenCV looks up at thirty-seconds of a pixel.
                assert!((got - want).abs() < 0.02, "feature {k}: {got} for {want}");
            }
        }
    }
}
