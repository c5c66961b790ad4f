//! Multistep sampling of latent consistency models: Luo et al., "Latent consistency models: synthesizing high-resolution
//! images with few-step inference", 2023, algorithm 3.

use super::config::{Prediction, at, split};
use super::{Scheduler, SchedulerConfig, SchedulerKind};

/// Standard deviation of clean latents that the boundary conditions assume.
const SIGMA_DATA: f64 = 0.5;

pub struct Lcm {
    alphas: Vec<f64>,
    timesteps: Vec<f32>,
    prediction: Prediction,
    clip: Option<f32>,
    scaling: f64,
}

impl Lcm {
    pub fn new(config: &SchedulerConfig, steps: usize) -> Result<Self, String> {
        let kind = SchedulerKind::Lcm;
        let alphas = config.alphas(kind)?;
        let original = config
            .original_inference_steps
            .clamp(1, config.num_train_timesteps);
        if steps > original {
            return Err(format!(
                "{steps} steps: this model was distilled to {original}, give no more"
            ));
        }
        let stride = config.num_train_timesteps / original;
        // Evenly spaced places in the schedule of the distillation, from its end.
        let timesteps = (0..steps)
            .map(|i| {
                let place = (original as f64 * i as f64 / steps as f64).floor() as usize;
                ((original - place) * stride - 1) as f32
            })
            .collect();
        Ok(Self {
            alphas,
            timesteps,
            prediction: config.prediction_type,
            clip: config.clip(kind),
            scaling: config.timestep_scaling,
        })
    }

    fn time(&self, index: usize) -> f64 {
        self.timesteps.get(index).copied().map_or(0.0, f64::from)
    }
}

impl Scheduler for Lcm {
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
        noise: &mut dyn FnMut(usize) -> Vec<f32>,
    ) {
        let (alpha, sigma) = self.mix(index);
        let scaled = self.time(index) * self.scaling;
        let whole = scaled * scaled + SIGMA_DATA * SIGMA_DATA;
        let (skip, out_share) = (
            (SIGMA_DATA * SIGMA_DATA / whole) as f32,
            (scaled / whole.sqrt()) as f32,
        );
        for (x, out) in sample.iter_mut().zip(output) {
            let mut clean = split(self.prediction, *out, *x, alpha, sigma).0;
            if let Some(range) = self.clip {
                clean = clean.clamp(-range, range);
            }
            *x = out_share * clean + skip * *x;
        }
        if index + 1 < self.timesteps.len() {
            let (alpha, sigma) = self.mix(index + 1);
            for (x, n) in sample.iter_mut().zip(noise(output.len())) {
                *x = alpha * *x + sigma * n;
            }
        }
    }
}
