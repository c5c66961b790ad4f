//! What schedulers share that stand on the training's own times.

use super::config::{Prediction, at, split};
use super::{SchedulerConfig, SchedulerKind};

/// Times among those of the training, and how a latent is read there.
pub struct Discrete {
    alphas: Vec<f64>,
    pub timesteps: Vec<f32>,
    prediction: Prediction,
    clip: Option<f32>,
}

impl Discrete {
    /// At `times`, falling.
    ///
    /// # Errors
    /// A sentence: the configuration's betas cannot be used.
    pub fn new(config: &SchedulerConfig, kind: SchedulerKind, times: &[f64]) -> Result<Self, String> {
        Ok(Self {
            alphas: config.alphas(kind)?,
            timesteps: times.iter().map(|t| *t as f32).collect(),
            prediction: config.prediction_type,
            clip: config.clip(kind),
        })
    }

    pub fn time(&self, index: usize) -> f64 {
        self.timesteps.get(index).copied().map_or(0.0, f64::from)
    }

    /// ᾱ at a time of the training.
    pub fn alpha(&self, time: f64) -> f64 {
        at(&self.alphas, time)
    }

    /// How much of an image and how much of noise a latent holds at step `index`.
    pub fn mix(&self, index: usize) -> (f32, f32) {
        shares(self.alpha(self.time(index)))
    }

    /// (clean latent within its range, noise) from the U-Net's answer for a latent of `mix`.
    pub fn split(&self, output: f32, sample: f32, mix: (f32, f32)) -> (f32, f32) {
        let (clean, noise) = split(self.prediction, output, sample, mix.0, mix.1);
        (self.clip.map_or(clean, |range| clean.clamp(-range, range)), noise)
    }
}

/// (√ᾱ, √(1 − ᾱ)).
pub fn shares(alpha: f64) -> (f32, f32) {
    (alpha.sqrt() as f32, (1.0 - alpha).sqrt() as f32)
}
