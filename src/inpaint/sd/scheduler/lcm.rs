//! Multistep sampling of latent consistency models: Luo et al., "Latent consistency models: synthesizing high-resolution
//! images with few-step inference", 2023, algorithm 3.

use super::discrete::Discrete;
use super::{Scheduler, SchedulerConfig, SchedulerKind};

/// Standard deviation of clean latents that the boundary conditions assume.
const SIGMA_DATA: f64 = 0.5;

pub struct Lcm {
    at: Discrete,
    scaling: f64,
}

impl Lcm {
    pub fn new(config: &SchedulerConfig, steps: usize) -> Result<Self, String> {
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
        let times: Vec<f64> = (0..steps)
            .map(|i| {
                let place = (original as f64 * i as f64 / steps as f64).floor() as usize;
                ((original - place) * stride - 1) as f64
            })
            .collect();
        Ok(Self {
            at: Discrete::new(config, SchedulerKind::Lcm, &times)?,
            scaling: config.timestep_scaling,
        })
    }
}

impl Scheduler for Lcm {
    fn timesteps(&self) -> &[f32] {
        &self.at.timesteps
    }

    fn mix(&self, index: usize) -> (f32, f32) {
        self.at.mix(index)
    }

    fn step(
        &mut self,
        index: usize,
        output: &[f32],
        sample: &mut [f32],
        noise: &mut dyn FnMut(usize) -> Vec<f32>,
    ) {
        let mix = self.mix(index);
        let scaled = self.at.time(index) * self.scaling;
        let whole = scaled * scaled + SIGMA_DATA * SIGMA_DATA;
        let (skip, out_share) = (
            (SIGMA_DATA * SIGMA_DATA / whole) as f32,
            (scaled / whole.sqrt()) as f32,
        );
        for (x, out) in sample.iter_mut().zip(output) {
            let clean = self.at.split(*out, *x, mix).0;
            *x = out_share * clean + skip * *x;
        }
        if index + 1 < self.at.timesteps.len() {
            let (alpha, sigma) = self.mix(index + 1);
            for (x, n) in sample.iter_mut().zip(noise(output.len())) {
                *x = alpha * *x + sigma * n;
            }
        }
    }
}
