//! The engine `band`: a compact conditional diffusion model of the light that is missing or too much in a band.
//!
//! What the eye misses at a pasted edge is smooth: the soft dark line, the shadow's true depth, the glow of metal on skin.
//! The model therefore paints a change of colour on a grid of half a millimetre, and the photograph keeps its pores and
//! grain. `onnx/train/band/` makes the weights. One input, one output, f32; the sides are half of the tile's:
//!
//! | name | shape | what |
//! |---|---|---|
//! | `input` | 1, 36, [`GRID`], [`GRID`] | below |
//! | → `change` | 1, 3, [`GRID`], [`GRID`] | the clean change of sRGB-encoded colour over [`CHANGE`], bounded by the model |
//!
//! | channels | what |
//! |---|---|
//! | 0–2 | α · change + σ · noise, the change over [`CHANGE`] |
//! | 3 | time, 0 clean ..= 1 noise; α = cos(π time / 2), σ = sin(π time / 2) |
//! | 4–35 | eight planes, each of 2 × 2 pixels (row by row) as four channels: composite red, green, blue in −1..1; coverage by jewelry; band; shadow that was laid; height of the jewelry above the skin over [`HEIGHT_MM`], at most 1; log₂(px per mm) / 4 |
//!
//! Steps are DDIM's (Song, Meng and Ermon, 2020) for a model that predicts what is clean.

use std::path::Path;
use std::sync::Arc;

use super::resample::resize;
use super::{Painter, Reach, TileView};
use crate::infer::{Engine, Graph, InferError, Tensor};

/// A change of this much in sRGB-encoded colour is one unit for the model.
pub const CHANGE: f32 = 0.1;
/// Heights are told as shares of this.
pub const HEIGHT_MM: f32 = 10.0;
/// Side of a tile, px.
const SIDE: usize = 128;
/// Side of the grid that the change is painted on.
const GRID: usize = SIDE / 2;
/// Millimetres of a tile: 4 px per mm, whatever the photograph has.
const TILE_MM: f64 = 32.0;
/// Planes of the condition.
const PLANES: usize = 8;
const INPUT: &str = "input";

/// The engine `band`.
pub struct Compact {
    graph: Arc<dyn Graph>,
    steps: usize,
}

impl Compact {
    /// Steps when none are asked for.
    pub const STEPS: usize = 2;

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
        Ok(Self {
            graph,
            steps: steps.clamp(1, 100),
        })
    }

    /// The model's word on the clean change.
    fn clean(&self, input: &Tensor) -> Result<Vec<f32>, String> {
        let outputs = self.graph.run(&[(INPUT, input)]).map_err(|e| e.to_string())?;
        let clean = outputs
            .into_iter()
            .next()
            .map(|(_, t)| t.data)
            .unwrap_or_default();
        if clean.len() != 3 * GRID * GRID {
            return Err(format!("{} values in place of {}", clean.len(), 3 * GRID * GRID));
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
            side: SIDE as u32,
            mm: TILE_MM,
            smooth: true,
        }
    }

    fn paint(&self, view: &TileView) -> Result<Vec<[f32; 3]>, String> {
        let plane = GRID * GRID;
        let mut noisy = view.noise.gaussians(0, 3 * plane);
        let mut input = Tensor {
            shape: vec![1, 4 + 4 * PLANES, GRID, GRID],
            data: noisy.clone(),
        };
        input.data.resize(4 * plane, 1.0);
        condition(view, &mut input.data);
        for step in 0..self.steps {
            let time = |step: usize| 1.0 - step as f32 / self.steps as f32;
            input.data[..3 * plane].copy_from_slice(&noisy);
            input.data[3 * plane..4 * plane].fill(time(step));
            let clean = self.clean(&input)?;
            advance(&mut noisy, &clean, time(step), time(step + 1));
        }
        let change: Vec<[f32; 3]> = (0..plane)
            .map(|i| std::array::from_fn(|k| noisy[k * plane + i] * CHANGE))
            .collect();
        let change = resize(&change, GRID, SIDE);
        let changed = |(v, c): (&[f32; 3], &[f32; 3])| std::array::from_fn(|k| v[k] + c[k]);
        Ok(view.picture.iter().zip(&change).map(changed).collect())
    }
}

/// Appends the view's planes, 2 × 2 pixels to four channels.
fn condition(view: &TileView, input: &mut Vec<f32>) {
    let scale = (view.px_per_mm.max(1e-3).log2() / 4.0) as f32;
    let mut add = |of: &dyn Fn(usize) -> f32| {
        for (dy, dx) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            for y in 0..GRID {
                input.extend((0..GRID).map(|x| of((2 * y + dy) * SIDE + 2 * x + dx)));
            }
        }
    };
    for k in 0..3 {
        add(&|i| view.picture[i][k] * 2.0 - 1.0);
    }
    add(&|i| view.alpha[i]);
    add(&|i| view.band[i]);
    add(&|i| view.shadow[i]);
    add(&|i| (view.height_mm[i] / HEIGHT_MM).min(1.0));
    add(&|_| scale);
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
            assert_eq!(input.shape, [1, 36, GRID, GRID]);
            let plane = GRID * GRID;
            let channel = |k: usize| &input.data[k * plane..(k + 1) * plane];
            // Alpha numbers its pixels: the four channels are the places of a 2 × 2 block, row by row.
            for (k, (dy, dx)) in [(0, 0), (0, 1), (1, 0), (1, 1)].into_iter().enumerate() {
                let (x, y) = (5, 9);
                let at = (2 * y + dy) * SIDE + 2 * x + dx;
                assert_eq!(channel(16 + k)[y * GRID + x], at as f32);
            }
            assert!(channel(28).iter().all(|v| (*v - 0.3).abs() < 1e-6), "3 of 10 mm");
            assert!(
                channel(32).iter().all(|v| (*v - 0.75).abs() < 1e-6),
                "8 px per mm"
            );
            let tensor = Tensor {
                shape: vec![1, 3, GRID, GRID],
                data: vec![self.change / CHANGE; 3 * plane],
            };
            Ok(vec![("change".into(), tensor)])
        }
    }

    #[test]
    fn the_steps_lead_to_what_the_model_says_is_clean() {
        let view = TileView {
            side: SIDE,
            picture: vec![[0.5, 0.4, 0.3]; SIDE * SIDE],
            alpha: (0..SIDE * SIDE).map(|i| i as f32).collect(),
            band: vec![1.0; SIDE * SIDE],
            shadow: vec![0.0; SIDE * SIDE],
            height_mm: vec![3.0; SIDE * SIDE],
            px_per_mm: 8.0,
            noise: Noise::new(3, 4),
        };
        for steps in [1, 2, 4, 9] {
            let painter = Compact {
                graph: Arc::new(Oracle {
                    ports: Vec::new(),
                    change: -0.05,
                }),
                steps,
            };
            for got in painter.paint(&view).unwrap() {
                for (got, want) in got.iter().zip([0.45, 0.35, 0.25]) {
                    assert!((got - want).abs() < 1e-5, "{steps} steps: {got} for {want}");
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
