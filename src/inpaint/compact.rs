//! The engine `band`: a compact conditional diffusion model of the change that a band needs.
//!
//! `onnx/train/band/` makes its weights. The model takes three inputs and gives one output, all f32 (or halves):
//!
//! | name | shape | what |
//! |---|---|---|
//! | `noisy` | 1, 3, h, w | α · change / [`CHANGE`] + σ · noise, the change in sRGB-encoded colour |
//! | `condition` | 1, 7, h, w | composite red, green, blue in −1..1; coverage by jewelry; band; shadow that was laid; scale |
//! | `time` | 1 | 0 clean ..= 1 noise; α = cos(π time / 2), σ = sin(π time / 2) |
//! | → `velocity` | 1, 3, h, w | α · noise − σ · change / [`CHANGE`] |
//!
//! The scale is log₂(px per mm) / 4 everywhere. Sides are multiples of 16. Steps are DDIM's (Song, Meng and Ermon, 2020)
//! for velocity (Salimans and Ho, 2022).

use std::path::Path;
use std::sync::Arc;

use super::{Painter, Reach, TileView};
use crate::infer::{Engine, Graph, InferError, Tensor};

/// A change of this much in sRGB-encoded colour is one unit for the model.
pub const CHANGE: f32 = 0.1;
/// Side of a tile, px.
const SIDE: u32 = 128;
/// Millimetres of a tile: the band on both sides of a chain, and skin that it does not touch.
const TILE_MM: f64 = 16.0;

/// The engine `band`.
pub struct Compact {
    graph: Arc<dyn Graph>,
    steps: usize,
}

impl Compact {
    /// Steps when none are asked for.
    pub const STEPS: usize = 4;

    /// Loads a model of this kind from a file.
    ///
    /// # Errors
    /// The file cannot be loaded, or its inputs are not those above.
    pub fn open(path: &Path, steps: usize, engine: &dyn Engine) -> Result<Self, InferError> {
        let graph = engine.load(path)?;
        for name in ["noisy", "condition", "time"] {
            if !graph.inputs().iter().any(|port| port.name == name) {
                return Err(InferError::Load {
                    model: path.display().to_string(),
                    why: format!("it has no input {name}: it is no model of the band"),
                });
            }
        }
        Ok(Self {
            graph,
            steps: steps.clamp(1, 100),
        })
    }
}

impl Painter for Compact {
    fn name(&self) -> &'static str {
        "band"
    }

    fn reach(&self) -> Reach {
        Reach {
            side: SIDE,
            mm: TILE_MM,
        }
    }

    fn paint(&self, view: &TileView) -> Result<Vec<[f32; 3]>, String> {
        let (side, plane) = (view.side, view.side * view.side);
        let mut condition = Vec::with_capacity(7 * plane);
        for k in 0..3 {
            condition.extend(view.picture.iter().map(|v| v[k] * 2.0 - 1.0));
        }
        condition.extend(&view.alpha);
        condition.extend(&view.band);
        condition.extend(&view.shadow);
        let scale = (view.px_per_mm.max(1e-3).log2() / 4.0) as f32;
        condition.resize(7 * plane, scale);
        let condition = Tensor {
            shape: vec![1, 7, side, side],
            data: condition,
        };
        let mut noisy = Tensor {
            shape: vec![1, 3, side, side],
            data: view.noise.gaussians(0, 3 * plane),
        };
        for step in 0..self.steps {
            let time = |step: usize| 1.0 - step as f32 / self.steps as f32;
            let input = Tensor {
                shape: vec![1],
                data: vec![time(step)],
            };
            let inputs = [("noisy", &noisy), ("condition", &condition), ("time", &input)];
            let outputs = self.graph.run(&inputs).map_err(|e| e.to_string())?;
            let velocity = outputs
                .into_iter()
                .next()
                .map(|(_, t)| t.data)
                .unwrap_or_default();
            if velocity.len() != noisy.data.len() {
                return Err(format!(
                    "{} values in place of {}",
                    velocity.len(),
                    noisy.data.len()
                ));
            }
            advance(&mut noisy.data, &velocity, time(step), time(step + 1));
        }
        let change = |i: usize, k: usize| noisy.data[k * plane + i] * CHANGE;
        Ok(view
            .picture
            .iter()
            .enumerate()
            .map(|(i, v)| std::array::from_fn(|k| v[k] + change(i, k)))
            .collect())
    }
}

/// One DDIM step from a time to an earlier one.
fn advance(noisy: &mut [f32], velocity: &[f32], from: f32, to: f32) {
    let at = |time: f32| {
        let angle = std::f32::consts::FRAC_PI_2 * time;
        (angle.cos(), angle.sin())
    };
    let ((alpha, sigma), (next_alpha, next_sigma)) = (at(from), at(to));
    for (x, v) in noisy.iter_mut().zip(velocity) {
        let (clean, noise) = (alpha * *x - sigma * v, sigma * *x + alpha * v);
        *x = next_alpha * clean + next_sigma * noise;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::infer::GraphPort;
    use crate::inpaint::Noise;

    /// Knows the change: gives the velocity that leads there from anywhere.
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
            let of = |name: &str| inputs.iter().find(|(n, _)| *n == name).unwrap().1;
            let (noisy, condition) = (of("noisy"), of("condition"));
            assert_eq!(condition.shape[1], 7);
            let plane = noisy.data.len() / 3;
            assert!(
                condition.data[6 * plane..]
                    .iter()
                    .all(|v| (*v - 0.75).abs() < 1e-6)
            );
            let angle = std::f32::consts::FRAC_PI_2 * of("time").data[0];
            let (alpha, sigma) = (angle.cos(), angle.sin());
            let clean = self.change / CHANGE;
            // noise = (x − α clean) / σ, v = α noise − σ clean.
            let velocity = noisy
                .data
                .iter()
                .map(|x| alpha * (x - alpha * clean) / sigma - sigma * clean)
                .collect();
            let tensor = Tensor {
                shape: noisy.shape.clone(),
                data: velocity,
            };
            Ok(vec![("velocity".into(), tensor)])
        }
    }

    #[test]
    fn the_steps_lead_to_what_the_model_says_is_clean() {
        let side = 16;
        let view = TileView {
            side,
            picture: vec![[0.5, 0.4, 0.3]; side * side],
            alpha: vec![0.0; side * side],
            band: vec![1.0; side * side],
            shadow: vec![0.0; side * side],
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
}
