//! The engine `band`: a compact conditional diffusion model of the light that is missing or too much in a band.
//!
//! What the eye misses at a pasted edge is light: the soft dark line, the shadow's true depth, the glow of metal on skin.
//! The model therefore paints a gain of light, pixel by pixel, at three pixels per millimetre or the photograph's own scale, and
//! the photograph keeps its pores and grain. A photograph's tone curve compresses what is bright: the gain multiplies the odds
//! `v / (1 - v)` of a linear value, as the shadows that the program lays do. `onnx/train/band/` makes the weights. One input, one
//! output, f32:
//!
//! | name | shape | what |
//! |---|---|---|
//! | `input` | [`PIXELS`], 4 + [`COUNT`] | per pixel: α · change + σ · noise of red, green and blue; time, 0 clean ..= 1 noise; its [`features`] |
//! | → `change` | [`PIXELS`], 3 | the clean change: logarithm of the gain over [`CHANGE`], bounded by the model |
//!
//! α = cos(π time / 2), σ = sin(π time / 2). Steps are DDIM's (Song, Meng and Ermon, 2020) for a model that predicts what is clean.
//! One step gives the mean of what may be, which is nearer to the truth than any one draw of more steps.

use std::path::Path;
use std::sync::Arc;

use super::band::smooth;
use super::blur::{Window, blurred};
use super::features::{COUNT, SHOWS, features, off_piece_mm};
use super::lightest::lightest;
use super::{Painter, Reach, TileView};
use crate::imaging::pixel::{linear_to_srgb, photographed, srgb_to_linear};
use crate::infer::{Engine, Graph, InferError, ModelId, Tensor};

/// A change of the gain's logarithm by this much is one unit for the model: about as much as differs in a band, so that what
/// is learnt is of the size of the noise.
pub const CHANGE: f32 = 0.1;
/// Finest scale that is painted at, px per mm.
const FINEST: u32 = 3;
/// Millimetres of a tile.
const TILE_MM: u32 = 96;
/// Border of a tile that is only looked at: as far as features look.
const LOOKED_AT_MM: u32 = 14;
/// Pixels of one run of the model.
const PIXELS: usize = 512;
/// Numbers before a pixel's features.
const BEFORE: usize = 4;
/// The paint is blurred by this, mm: pixels without paint beside it get theirs.
const FINE_MM: f64 = 0.15;
/// What is left of the paint when it is blurred by this, mm, is taken as it is ...
const COARSE_MM: f64 = 0.7;
/// ... and what varies faster is made stronger by this, for the mean of what may be is smoother than any of it, ...
const FINE_GAIN: f32 = 1.4;
/// ... but this far from the piece less and less, and then not at all, mm: light from farther off is softer.
const FINE_NEAR_MM: (f32, f32) = (0.6, 1.8);
/// Less paint than this around is none.
const LEAST: f32 = 1e-3;
const INPUT: &str = "input";

/// The engine `band`.
pub struct Compact {
    model: Model,
    steps: usize,
}

/// Where the weights come from.
enum Model {
    /// The program's own.
    Own(Arc<dyn Engine>),
    File(Arc<dyn Graph>),
}

impl Compact {
    /// Steps when none are asked for.
    pub const STEPS: usize = 1;

    /// The program's own model; it is loaded when it is first run.
    pub fn own(steps: usize, engine: Arc<dyn Engine>) -> Self {
        Self::of(Model::Own(engine), steps)
    }

    fn of(model: Model, steps: usize) -> Self {
        Self {
            model,
            steps: steps.clamp(1, 100),
        }
    }

    /// Loads a model of this kind from a file.
    ///
    /// # Errors
    /// The file cannot be loaded, or its input is not the one above.
    pub fn open(path: &Path, steps: usize, engine: &dyn Engine) -> Result<Self, InferError> {
        let graph = engine.load(path)?;
        if !graph.inputs().iter().any(|port| port.name == INPUT) {
            return Err(InferError::Load {
                model: path.display().to_string(),
                why: format!("it has no input {INPUT}: it is no model of the band"),
            });
        }
        Ok(Self::of(Model::File(graph), steps))
    }

    /// The model's word on the clean change.
    fn clean(&self, input: &Tensor) -> Result<Vec<f32>, String> {
        let outputs = match &self.model {
            Model::Own(engine) => engine.run(ModelId::Band, input.clone()),
            Model::File(graph) => graph.run(&[(INPUT, input)]),
        };
        let clean = outputs
            .map_err(|e| e.to_string())?
            .into_iter()
            .next()
            .map(|(_, t)| t.data)
            .unwrap_or_default();
        let wanted = 3 * PIXELS;
        if clean.len() != wanted {
            return Err(format!("{} values in place of {wanted}", clean.len()));
        }
        Ok(clean)
    }
}

impl Painter for Compact {
    fn name(&self) -> &'static str {
        "band"
    }

    fn reach(&self) -> Reach {
        Reach {
            side: FINEST * TILE_MM,
            mm: f64::from(TILE_MM),
            margin: f64::from(LOOKED_AT_MM) / f64::from(TILE_MM),
            smooth: true,
        }
    }

    fn paint(&self, view: &TileView) -> Result<Vec<[f32; 3]>, String> {
        let side = view.side;
        let pixels: Vec<usize> = (0..side * side)
            .filter(|i| view.band[*i] > 0.0 && view.alpha[*i] <= SHOWS)
            .collect();
        let off_piece = off_piece_mm(view);
        let told = features(view, &pixels, &off_piece);
        let most = lightest(view, &pixels);
        // Red, green, blue, and where there is paint.
        let mut changes: [Vec<f32>; 4] = std::array::from_fn(|_| vec![0.0; side * side]);
        let told = told.chunks(PIXELS * COUNT).zip(most.chunks(PIXELS));
        for (some, (told, most)) in pixels.chunks(PIXELS).zip(told) {
            // Noise goes by the place, whatever else is painted.
            let mut noisy: Vec<f32> = some
                .iter()
                .flat_map(|i| view.noise.four(0, *i as u32).into_iter().take(3))
                .collect();
            noisy.resize(3 * PIXELS, 0.0);
            let mut input = Tensor {
                shape: vec![PIXELS, BEFORE + COUNT],
                data: vec![0.0; PIXELS * (BEFORE + COUNT)],
            };
            let rows = input.data.chunks_exact_mut(BEFORE + COUNT);
            for (row, told) in rows.zip(told.chunks_exact(COUNT)) {
                row[BEFORE..].copy_from_slice(told);
            }
            for step in 0..self.steps {
                let time = |step: usize| 1.0 - step as f32 / self.steps as f32;
                let rows = input.data.chunks_exact_mut(BEFORE + COUNT);
                for (row, noisy) in rows.zip(noisy.chunks_exact(3)) {
                    row[..3].copy_from_slice(noisy);
                    row[3] = time(step);
                }
                let clean = self.clean(&input)?;
                advance(&mut noisy, &clean, time(step), time(step + 1));
            }
            for ((i, most), change) in some.iter().zip(most).zip(noisy.chunks_exact(3)) {
                // What is no number stays so, and is found.
                let change = |k: usize| {
                    if change[k] > most / CHANGE {
                        most / CHANGE
                    } else {
                        change[k]
                    }
                };
                let paint = [change(0), change(1), change(2), 1.0];
                changes.iter_mut().zip(paint).for_each(|(plane, v)| plane[*i] = v);
            }
        }
        Ok(laid(view, &pixels, &off_piece, &changes))
    }
}

/// The picture with the paint of some pixels laid on. `changes`: red, green, blue, and where there is paint.
fn laid(view: &TileView, pixels: &[usize], off_piece: &[f32], changes: &[Vec<f32>; 4]) -> Vec<[f32; 3]> {
    let side = view.side;
    // As far as fine paint reaches.
    let window = Window::around(pixels, side, 3.0 * FINE_MM * view.px_per_mm);
    let blur = |mm: f64| {
        let sigma = mm * view.px_per_mm;
        changes
            .each_ref()
            .map(|plane| blurred(plane, side, sigma, &window))
    };
    let (fine, coarse) = (blur(FINE_MM), blur(COARSE_MM));
    let painted = view.picture.iter().enumerate().map(|(i, old)| {
        if fine[3][i] <= LEAST {
            return *old;
        }
        let near = 1.0 - smooth(FINE_NEAR_MM, off_piece[i]);
        std::array::from_fn(|k| {
            let [fine, coarse] = [&fine, &coarse].map(|of| of[k][i] / of[3][i].max(LEAST));
            let change = coarse + FINE_GAIN * near * (fine - coarse);
            lit(old[k], (change * CHANGE).exp())
        })
    });
    painted.collect()
}

/// An sRGB-encoded value when the odds of its linear light are multiplied.
fn lit(value: f32, gain: f32) -> f32 {
    linear_to_srgb(photographed(srgb_to_linear(value), 1.0 - gain))
}

/// One DDIM step from a time to an earlier one.
fn advance(noisy: &mut [f32], clean: &[f32], from: f32, to: f32) {
    let at = |time: f32| {
        let angle = std::f32::consts::FRAC_PI_2 * time;
        (angle.cos(), angle.sin())
    };
    let ((alpha, sigma), (next_alpha, next_sigma)) = (at(from), at(to));
    for (x, c) in noisy.iter_mut().zip(clean) {
        let noise = (*x - alpha * c) / sigma;
        // The last step ends at what is clean, exactly.
        *x = if to > 0.0 {
            next_alpha * c + next_sigma * noise
        } else {
            *c
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::infer::GraphPort;
    use crate::inpaint::Noise;

    /// Knows the change; checks what it is shown.
    struct Oracle {
        ports: Vec<GraphPort>,
        change: f32,
    }

    impl Graph for Oracle {
        fn inputs(&self) -> &[GraphPort] {
            &self.ports
        }
        fn outputs(&self) -> &[GraphPort] {
            &self.ports
        }
        fn run(&self, inputs: &[(&str, &Tensor)]) -> Result<Vec<(String, Tensor)>, InferError> {
            let (_, input) = inputs[0];
            assert_eq!(input.shape, [PIXELS, BEFORE + COUNT]);
            let data = input.data.chunks_exact(BEFORE + COUNT).flat_map(|row| {
                // The second feature is the shadow; what has one is to keep its green.
                let green = if row[BEFORE + 1] > 0.0 { 0.0 } else { self.change };
                [self.change, green, self.change].map(|v| v / CHANGE)
            });
            let tensor = Tensor {
                shape: vec![PIXELS, 3],
                data: data.collect(),
            };
            Ok(vec![("change".into(), tensor)])
        }
    }

    const SIDE: usize = 96;

    #[test]
    fn the_steps_lead_to_what_the_model_says_is_clean() {
        let n = SIDE * SIDE;
        let view = TileView {
            side: SIDE,
            picture: vec![[0.5, 0.4, 0.3]; n],
            alpha: (0..n).map(|i| f32::from(u8::from(i % SIDE < 10))).collect(),
            band: (0..n).map(|i| f32::from(u8::from(i % SIDE < 60))).collect(),
            shadow: (0..n).map(|i| if i % SIDE >= 30 { 0.5 } else { 0.0 }).collect(),
            other: vec![0.0; n],
            px_per_mm: 3.0,
            noise: Noise::new(3, 4),
        };
        for steps in [1, 2, 4, 9] {
            let painter = Compact {
                model: Model::File(Arc::new(Oracle {
                    ports: Vec::new(),
                    change: -std::f32::consts::LN_2,
                })),
                steps,
            };
            for (i, got) in painter.paint(&view).unwrap().iter().enumerate() {
                let x = i % SIDE;
                for (k, (got, old)) in got.iter().zip([0.5, 0.4, 0.3]).enumerate() {
                    let v = srgb_to_linear(old);
                    // Odds of v : 1 - v are halved.
                    let halved = linear_to_srgb(0.5 * v / (1.0 - 0.5 * v));
                    let want = match x {
                        // Within the piece and beyond the band only as far as the paint is blurred.
                        0..7 | 63.. => old,
                        10..23 => halved,
                        37..60 if k == 1 => old,
                        37..60 => halved,
                        _ => continue,
                    };
                    assert!((got - want).abs() < 1e-4, "{steps} steps, {x}: {got} for {want}");
                }
            }
        }
    }

    /// By hand: from pure noise 2 with clean 1, half way is cos 45° · 1 + sin 45° · 2.
    #[test]
    fn a_step_keeps_the_noise_that_it_found() {
        let mut noisy = [2.0];
        advance(&mut noisy, &[1.0], 1.0, 0.5);
        assert!((noisy[0] - 3.0 * 0.5f32.sqrt()).abs() < 1e-6, "{noisy:?}");
        advance(&mut noisy, &[1.0], 0.5, 0.25);
        let eighth = std::f32::consts::FRAC_PI_8;
        assert!(
            (noisy[0] - (eighth.cos() + 2.0 * eighth.sin())).abs() < 1e-5,
            "{noisy:?}"
        );
    }
}
