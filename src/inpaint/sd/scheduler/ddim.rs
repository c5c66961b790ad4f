//! DDIM without added noise: Song, Meng and Ermon, "Denoising diffusion implicit models", 2020, equation 12.

use super::config::{Prediction, Spacing, at, split};
use super::{Scheduler, SchedulerConfig, SchedulerKind};

pub struct Ddim {
    alphas: Vec<f64>,
    last: f64,
    /// Training times from one step to the next.
    stride: f64,
    timesteps: Vec<f32>,
    prediction: Prediction,
    clip: Option<f32>,
}

impl Ddim {
    pub fn new(config: &SchedulerConfig, steps: usize) -> Result<Self, String> {
        let kind = SchedulerKind::Ddim;
        let alphas = config.alphas(kind)?;
        let n = config.num_train_timesteps;
        let times = match config.spacing(kind) {
            Spacing::Leading => config.leading(steps, 0),
            Spacing::Trailing => config.trailing(steps),
            Spacing::Linspace => {
                let step = (n - 1) as f64 / (steps.max(2) - 1) as f64;
                (0..steps)
                    .rev()
                    .map(|i| (i as f64 * step).round_ties_even())
                    .collect()
            }
        };
        Ok(Self {
            last: if config.set_alpha_to_one {
                1.0
            } else {
                at(&alphas, 0.0)
            },
            alphas,
            stride: (n / steps) as f64,
            timesteps: times.iter().map(|t| *t as f32).collect(),
            prediction: config.prediction_type,
            clip: config.clip(kind),
        })
    }

    fn time(&self, index: usize) -> f64 {
        self.timesteps.get(index).copied().map_or(0.0, f64::from)
    }
}

impl Scheduler for Ddim {
    fn timesteps(&self) -> &[f32] {
        &self.timesteps
    }

    fn mix(&self, index: usize) -> (f32, f32) {
        let alpha = at(&self.alphas, self.time(index));
        (alpha.sqrt() as f32, (1.0 - alpha).sqrt() as f32)
    }

    fn step(
        &mut self,
        index: usize,
        output: &[f32],
        sample: &mut [f32],
        _: &mut dyn FnMut(usize) -> Vec<f32>,
    ) {
        let (alpha, sigma) = self.mix(index);
        let before = self.time(index) - self.stride;
        let next = if before >= 0.0 {
            at(&self.alphas, before)
        } else {
            self.last
        };
        let (a, s) = (next.sqrt() as f32, (1.0 - next).sqrt() as f32);
        for (x, out) in sample.iter_mut().zip(output) {
            let (mut clean, noise) = split(self.prediction, *out, *x, alpha, sigma);
            if let Some(range) = self.clip {
                clean = clean.clamp(-range, range);
            }
            *x = a * clean + s * noise;
        }
    }
}
