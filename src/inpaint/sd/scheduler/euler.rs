//! Euler's method on the probability flow: Karras et al., "Elucidating the design space of diffusion-based generative
//! models", 2022, algorithm 2 without churn. Latents are image + σ · noise.

use super::config::{FinalSigma, Prediction, Spacing, sigma_at};
use super::{Scheduler, SchedulerConfig, SchedulerKind};

pub struct Euler {
    timesteps: Vec<f32>,
    /// One more than the timesteps.
    sigmas: Vec<f32>,
    initial: f32,
    prediction: Prediction,
}

impl Euler {
    pub fn new(config: &SchedulerConfig, steps: usize) -> Result<Self, String> {
        let kind = SchedulerKind::Euler;
        let alphas = config.alphas(kind)?;
        let spacing = config.spacing(kind);
        let times: Vec<f64> = match spacing {
            Spacing::Leading => config.leading(steps, 0),
            Spacing::Trailing => config.trailing(steps),
            // Not rounded: the noise levels lie between those of the training.
            Spacing::Linspace => {
                let step = (config.num_train_timesteps - 1) as f64 / (steps.max(2) - 1) as f64;
                (0..steps).rev().map(|i| i as f64 * step).collect()
            }
        };
        let mut sigmas: Vec<f32> = times.iter().map(|t| sigma_at(&alphas, *t) as f32).collect();
        let highest = sigmas.iter().copied().fold(0.0, f32::max);
        sigmas.push(match config.final_sigmas_type {
            FinalSigma::Zero => 0.0,
            FinalSigma::SigmaMin => sigma_at(&alphas, 0.0) as f32,
        });
        Ok(Self {
            timesteps: times.iter().map(|t| *t as f32).collect(),
            initial: match spacing {
                Spacing::Leading => (highest * highest + 1.0).sqrt(),
                Spacing::Linspace | Spacing::Trailing => highest,
            },
            sigmas,
            prediction: config.prediction_type,
        })
    }

    fn sigma(&self, index: usize) -> f32 {
        self.sigmas.get(index).copied().unwrap_or(0.0)
    }
}

impl Scheduler for Euler {
    fn timesteps(&self) -> &[f32] {
        &self.timesteps
    }

    fn initial_sigma(&self) -> f32 {
        self.initial
    }

    fn input_scale(&self, index: usize) -> f32 {
        1.0 / (self.sigma(index).powi(2) + 1.0).sqrt()
    }

    fn mix(&self, index: usize) -> (f32, f32) {
        (1.0, self.sigma(index))
    }

    fn step(
        &mut self,
        index: usize,
        output: &[f32],
        sample: &mut [f32],
        _: &mut dyn FnMut(usize) -> Vec<f32>,
    ) {
        let (sigma, next) = (self.sigma(index), self.sigma(index + 1));
        let square = sigma * sigma + 1.0;
        for (x, out) in sample.iter_mut().zip(output) {
            let clean = match self.prediction {
                Prediction::Epsilon => *x - sigma * out,
                Prediction::VPrediction => *x / square - out * sigma / square.sqrt(),
                Prediction::Sample => *out,
            };
            *x += (*x - clean) / sigma * (next - sigma);
        }
    }
}
