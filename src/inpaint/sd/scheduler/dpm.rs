//! DPM-Solver++ (2M): Lu et al., "DPM-Solver++: fast solver for guided sampling of diffusion probabilistic models", 2022,
//! algorithm 2, by the midpoint.

use super::config::{FinalSigma, Prediction, Spacing, sigma_at, split};
use super::{Scheduler, SchedulerConfig, SchedulerKind};

/// With fewer steps than this the last is of first order.
const FEW: usize = 15;

pub struct DpmSolver {
    timesteps: Vec<f32>,
    /// One more than the timesteps.
    sigmas: Vec<f64>,
    prediction: Prediction,
    /// The last step is of first order.
    gentle_end: bool,
    /// The clean latent of the step before, and that step's index.
    before: Option<(usize, Vec<f32>)>,
}

impl DpmSolver {
    pub fn new(config: &SchedulerConfig, steps: usize) -> Result<Self, String> {
        let kind = SchedulerKind::DpmSolver;
        let alphas = config.alphas(kind)?;
        let times: Vec<f64> = match config.spacing(kind) {
            Spacing::Leading => config.leading(steps, 1),
            Spacing::Trailing => config.trailing(steps),
            Spacing::Linspace => {
                let step = (config.num_train_timesteps - 1) as f64 / steps as f64;
                (1..=steps)
                    .rev()
                    .map(|i| (i as f64 * step).round_ties_even())
                    .collect()
            }
        };
        let mut sigmas: Vec<f64> = times.iter().map(|t| sigma_at(&alphas, *t)).collect();
        let zero = config.final_sigmas_type == FinalSigma::Zero;
        sigmas.push(if zero { 0.0 } else { sigma_at(&alphas, 0.0) });
        Ok(Self {
            timesteps: times.iter().map(|t| *t as f32).collect(),
            sigmas,
            prediction: config.prediction_type,
            gentle_end: config.euler_at_final || (config.lower_order_final && steps < FEW) || zero,
            before: None,
        })
    }

    /// (α, σ, λ = ln α − ln σ) of a latent α · image + σ · noise.
    fn level(&self, index: usize) -> (f64, f64, f64) {
        let sigma = self.sigmas.get(index).copied().unwrap_or(0.0);
        let alpha = 1.0 / (sigma * sigma + 1.0).sqrt();
        (alpha, sigma * alpha, -sigma.ln())
    }
}

impl Scheduler for DpmSolver {
    fn timesteps(&self) -> &[f32] {
        &self.timesteps
    }

    fn mix(&self, index: usize) -> (f32, f32) {
        let (alpha, sigma, _) = self.level(index);
        (alpha as f32, sigma as f32)
    }

    fn step(
        &mut self,
        index: usize,
        output: &[f32],
        sample: &mut [f32],
        _: &mut dyn FnMut(usize) -> Vec<f32>,
    ) {
        let (alpha, sigma, lambda) = self.level(index);
        let (next_alpha, next_sigma, next_lambda) = self.level(index + 1);
        let clean: Vec<f32> = sample
            .iter()
            .zip(output)
            .map(|(x, out)| split(self.prediction, *out, *x, alpha as f32, sigma as f32).0)
            .collect();
        let h = next_lambda - lambda;
        let keep = (next_sigma / sigma) as f32;
        // 1 − e⁻ʰ is 1 when the step ends without noise, where λ is infinite.
        let add = (next_alpha * -(-h).exp_m1()) as f32;
        let at_end = index + 1 == self.timesteps.len() && self.gentle_end;
        let older = self
            .before
            .take()
            .filter(|(i, old)| !at_end && i + 1 == index && old.len() == clean.len());
        match older {
            Some((_, old)) => {
                let (_, _, old_lambda) = self.level(index - 1);
                let half = (0.5 * h / (lambda - old_lambda)) as f32;
                for ((x, now), old) in sample.iter_mut().zip(&clean).zip(&old) {
                    *x = keep * *x + add * (now + half * (now - old));
                }
            }
            None => {
                for (x, now) in sample.iter_mut().zip(&clean) {
                    *x = keep * *x + add * now;
                }
            }
        }
        self.before = Some((index, clean));
    }
}
