//! DDIM without added noise: Song, Meng and Ermon, "Denoising diffusion implicit models", 2020, equation 12.

use super::config::Spacing;
use super::discrete::{Discrete, shares};
use super::{Scheduler, SchedulerConfig, SchedulerKind};

pub struct Ddim {
    at: Discrete,
    /// ᾱ that the last step ends at.
    last: f64,
    /// Training times from one step to the next.
    stride: f64,
}

impl Ddim {
    pub fn new(config: &SchedulerConfig, steps: usize) -> Result<Self, String> {
        let kind = SchedulerKind::Ddim;
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
        let at = Discrete::new(config, kind, &times)?;
        Ok(Self {
            last: if config.set_alpha_to_one {
                1.0
            } else {
                at.alpha(0.0)
            },
            stride: (n / steps) as f64,
            at,
        })
    }
}

impl Scheduler for Ddim {
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
        _: &mut dyn FnMut(usize) -> Vec<f32>,
    ) {
        let mix = self.mix(index);
        let before = self.at.time(index) - self.stride;
        let (a, s) = shares(if before >= 0.0 {
            self.at.alpha(before)
        } else {
            self.last
        });
        for (x, out) in sample.iter_mut().zip(output) {
            let (clean, noise) = self.at.split(*out, *x, mix);
            *x = a * clean + s * noise;
        }
    }
}
