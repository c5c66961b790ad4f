//! What the compact model is told of each pixel: planes blurred by Gaussians and looked up around it, all in millimetres, so
//! that the model knows no pixels. `onnx/train/band/features.py` computes the same.

use rayon::prelude::*;

use super::TileView;
use super::blur::{Window, blurred};
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
/// Rings on which the model is told, too, how bright the piece is and what is neither skin nor piece: the first ones.
const NEAR: usize = 7;
/// Where it is told how much brighter the skin is than around the pixel: how far off, and how blurred, mm.
const LIT: [(f64, f64); 3] = [(2.0, 0.7), (4.0, 1.2), (8.0, 2.0)];
/// Directions in which all these are looked up; the shadow in every third one.
const TURNS: usize = 12;
/// Blurs of coverage, shadow and the piece's colour at the pixel, mm.
const AROUND: [f64; 4] = [0.5, 1.0, 2.0, 4.0];
/// Blur of the skin's brightness, mm.
const SKIN_MM: f64 = 4.0;
/// Coverage from which a pixel is the piece's, wholly: what else its edge shows is no skin to tell light by.
pub const SHOWS: f32 = 0.1;
/// Longer distances are told as this, mm.
const FARTHEST_MM: f32 = 10.0;
/// Least share of what is averaged, and least brightness.
const LEAST: f32 = 1e-3;
/// Share of skin from which its brightness is known.
const ENOUGH: f32 = 0.05;

/// Numbers that a pixel is told by.
pub const COUNT: usize =
    4 + 5 * AROUND.len() + RINGS.len() * (TURNS + TURNS / 3) + 2 * NEAR * TURNS + LIT.len() * TURNS;

/// How far each pixel of a view is from the piece, mm.
pub fn off_piece_mm(view: &TileView) -> Vec<f32> {
    off_mm(view, view.alpha.iter().map(|a| *a > SHOWS))
}

/// How far each pixel of a view is from what is marked, mm.
fn off_mm(view: &TileView, marked: impl Iterator<Item = bool>) -> Vec<f32> {
    let marked: Vec<bool> = marked.collect();
    let mut far = distances(&marked, view.side);
    far.iter_mut().for_each(|d| *d /= view.px_per_mm.max(1e-6) as f32);
    far
}

/// The features of some pixels of a view, [`COUNT`] for each: distance from the piece, mm; shadow; how bright skin is around;
/// distance from what is neither skin nor piece, mm; for each of [`AROUND`] coverage, shadow and the piece's mean colour; for each
/// of [`RINGS`], in [`TURNS`] directions from the right on towards below, the coverage, on the nearer ones what is neither and
/// the piece's brightness, and after every third the shadow there; for each of [`LIT`] the logarithm of how much brighter skin
/// is in each direction. `off_piece` is [`off_piece_mm`].
pub fn features(view: &TileView, pixels: &[usize], off_piece: &[f32]) -> Vec<f32> {
    let side = view.side;
    let planes = planes(view);
    // Nothing is blurred where nobody looks.
    let window = |far: f64| Window::around(pixels, side, far * view.px_per_mm);
    let blur = |whats: &[What], mm: f64, far: f64| -> Vec<Vec<f32>> {
        let window = window(far);
        let one = |what: &What| blurred(&planes[*what as usize], side, mm * view.px_per_mm, &window);
        whats.par_iter().map(one).collect()
    };
    let brightness = |mm: f64, far: f64| {
        let seen = blur(&[What::Lit, What::Skin], mm, far);
        let there: Vec<f32> = seen[0]
            .iter()
            .zip(&seen[1])
            .map(|(v, w)| v / w.max(LEAST))
            .collect();
        (there, seen)
    };
    let farthest = LIT.iter().map(|(far, _)| *far).fold(0.0, f64::max);
    let (skin, _) = brightness(SKIN_MM, farthest);
    let around: Vec<Vec<Vec<f32>>> = AROUND
        .par_iter()
        .map(|mm| blur(&What::AROUND, *mm, 0.0))
        .collect();
    let rings: Vec<Vec<Vec<f32>>> = RINGS
        .par_iter()
        .enumerate()
        .map(|(n, (far, mm))| blur(&What::RING[..if n < NEAR { 4 } else { 2 }], *mm, *far))
        .collect();
    let lit: Vec<Vec<f32>> = LIT
        .par_iter()
        .map(|(far, mm)| {
            let (there, seen) = brightness(*mm, *far);
            let ratio = |(i, there): (usize, &f32)| {
                if seen[1][i] <= ENOUGH {
                    return 0.0;
                }
                (there.max(LEAST) / skin[i].max(LEAST)).ln().clamp(-1.0, 1.0)
            };
            there.iter().enumerate().map(ratio).collect()
        })
        .collect();
    let steps = |far: f64| -> Vec<Step> {
        let at = |k: usize| std::f64::consts::TAU * k as f64 / TURNS as f64;
        (0..TURNS)
            .map(|k| Step::new(far * view.px_per_mm, at(k)))
            .collect()
    };
    let ring_steps = RINGS.map(|(far, _)| steps(far));
    let lit_steps = LIT.map(|(far, _)| steps(far));
    let off_other = off_mm(view, planes[What::Other as usize].iter().map(|o| *o > 0.5));
    let capped = |far: &[f32], i: usize| far[i].min(FARTHEST_MM);
    let mut out = vec![0.0; pixels.len() * COUNT];
    let rows = out.par_chunks_exact_mut(COUNT).zip(pixels).with_min_len(64);
    rows.for_each(|(row, &i)| {
        let mut places = row.iter_mut();
        let mut add = |v: f32| {
            if let Some(place) = places.next() {
                *place = v;
            }
        };
        for v in [
            capped(off_piece, i),
            view.shadow[i],
            skin[i],
            capped(&off_other, i),
        ] {
            add(v);
        }
        for planes in &around {
            let covered = planes[0][i];
            add(covered);
            add(planes[1][i]);
            planes[2..]
                .iter()
                .for_each(|colour| add(colour[i] / covered.max(LEAST)));
        }
        for (planes, steps) in rings.iter().zip(&ring_steps) {
            let (shaded, each) = (&planes[1], planes[..1].iter().chain(&planes[2..]));
            for (k, step) in steps.iter().enumerate() {
                each.clone().for_each(|plane| add(step.from(plane, side, i)));
                if k % 3 == 0 {
                    add(step.from(shaded, side, i));
                }
            }
        }
        for (plane, steps) in lit.iter().zip(&lit_steps) {
            steps.iter().for_each(|step| add(step.from(plane, side, i)));
        }
    });
    out
}

/// What of a pixel is blurred.
#[derive(Clone, Copy)]
enum What {
    /// Share of bare skin.
    Skin,
    /// Brightness of bare skin, by its share.
    Lit,
    Coverage,
    Shadow,
    /// What is neither skin nor piece.
    Other,
    /// Brightness of the piece, by its share.
    Piece,
    /// Light of the piece, by its share.
    Red,
    Green,
    Blue,
}

impl What {
    /// For [`AROUND`].
    const AROUND: [Self; 5] = [Self::Coverage, Self::Shadow, Self::Red, Self::Green, Self::Blue];
    /// For [`RINGS`]; the first two for the farther ones.
    const RING: [Self; 4] = [Self::Coverage, Self::Shadow, Self::Other, Self::Piece];
}

/// A view's planes, in the order of [`What`].
fn planes(view: &TileView) -> [Vec<f32>; 9] {
    let mut planes: [Vec<f32>; 9] = std::array::from_fn(|_| Vec::with_capacity(view.alpha.len()));
    let pixels = view
        .picture
        .iter()
        .zip(&view.alpha)
        .zip(view.shadow.iter().zip(&view.other));
    for ((colour, alpha), (shadow, other)) in pixels {
        let [red, green, blue] = colour.map(srgb_to_linear);
        let bright = (red + green + blue) / 3.0;
        let values = if *alpha > SHOWS {
            [0.0, 0.0, 1.0, *shadow, 0.0, bright, red, green, blue]
        } else {
            let skin = 1.0 - other;
            [skin, skin * bright, 0.0, *shadow, *other, 0.0, 0.0, 0.0, 0.0]
        };
        planes.iter_mut().zip(values).for_each(|(plane, v)| plane.push(v));
    }
    planes
}

/// A step from a pixel to a place between the centres of others.
struct Step {
    across: (i64, f32),
    down: (i64, f32),
}

impl Step {
    /// `far` pixels off at an angle from the right on towards below.
    fn new(far: f64, angle: f64) -> Self {
        Self {
            across: split(far * angle.cos()),
            down: split(far * angle.sin()),
        }
    }

    /// The value of a square plane a step off pixel `i`; beyond its border the border goes on.
    fn from(&self, plane: &[f32], side: usize, i: usize) -> f32 {
        let last = side.saturating_sub(1) as i64;
        let at = |from: usize, low: i64| (from as i64).saturating_add(low).clamp(0, last) as usize;
        let (x, y) = (i % side, i / side);
        let (x0, x1) = (at(x, self.across.0), at(x, self.across.0 + 1));
        let row =
            |y: usize| plane[y * side + x0] + (plane[y * side + x1] - plane[y * side + x0]) * self.across.1;
        let (above, below) = (row(at(y, self.down.0)), row(at(y, self.down.0 + 1)));
        above + (below - above) * self.down.1
    }
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
        other: Vec<f32>,
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
            other: recorded.other,
            px_per_mm: recorded.px_per_mm,
            noise: Noise::new(0, 0),
        };
        let got = features(&view, &recorded.pixels, &off_piece_mm(&view));
        assert_eq!(got.len(), recorded.features.len() * COUNT);
        for (got, want) in got.chunks_exact(COUNT).zip(&recorded.features) {
            for (k, (got, want)) in got.iter().zip(want).enumerate() {
                // OpenCV looks up at thirty-seconds of a pixel.
                assert!((got - want).abs() < 0.02, "feature {k}: {got} for {want}");
            }
        }
    }
}
