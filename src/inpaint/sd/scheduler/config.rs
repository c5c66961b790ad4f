//! `scheduler/scheduler_config.json`: how a model was taught noise.

use serde::Deserialize;

use super::SchedulerKind;

/// What the U-Net's answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Prediction {
    /// The noise.
    #[default]
    Epsilon,
    /// Velocity: Salimans and Ho, "Progressive distillation for fast sampling of diffusion models", 2022.
    VPrediction,
    /// The clean latent.
    Sample,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BetaSchedule {
    Linear,
    ScaledLinear,
    #[serde(rename = "squaredcos_cap_v2")]
    SquaredCosine,
}

/// How few timesteps are chosen from many: table 2 of Lin et al., "Common diffusion noise schedules and sample steps are
/// flawed", 2023.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Spacing {
    Linspace,
    Leading,
    Trailing,
}

/// Where the last step ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FinalSigma {
    #[default]
    Zero,
    SigmaMin,
}

/// The settings that count here; those that an export leaves out have each scheduler's own defaults.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct SchedulerConfig {
    #[serde(default, rename = "_class_name")]
    pub class_name: String,
    #[serde(default = "thousand")]
    pub num_train_timesteps: usize,
    #[serde(default)]
    pub(super) beta_start: Option<f64>,
    #[serde(default)]
    pub(super) beta_end: Option<f64>,
    #[serde(default)]
    pub(super) beta_schedule: Option<BetaSchedule>,
    #[serde(default)]
    pub(super) trained_betas: Option<Vec<f32>>,
    #[serde(default)]
    pub(super) prediction_type: Prediction,
    #[serde(default)]
    pub(super) timestep_spacing: Option<Spacing>,
    #[serde(default)]
    pub(super) steps_offset: i64,
    #[serde(default)]
    pub(super) clip_sample: Option<bool>,
    #[serde(default = "one")]
    pub(super) clip_sample_range: f32,
    #[serde(default = "yes")]
    pub(super) set_alpha_to_one: bool,
    #[serde(default)]
    pub(super) final_sigmas_type: FinalSigma,
    #[serde(default = "yes")]
    pub(super) lower_order_final: bool,
    #[serde(default)]
    pub(super) euler_at_final: bool,
    #[serde(default = "fifty")]
    pub(super) original_inference_steps: usize,
    #[serde(default = "ten")]
    pub(super) timestep_scaling: f64,
    #[serde(default)]
    rescale_betas_zero_snr: bool,
    #[serde(default)]
    thresholding: bool,
}

fn thousand() -> usize {
    1000
}
fn fifty() -> usize {
    50
}
fn ten() -> f64 {
    10.0
}
fn one() -> f32 {
    1.0
}
fn yes() -> bool {
    true
}

impl SchedulerConfig {
    /// Share of the image's variance at each of the training's times (ᾱ), falling.
    ///
    /// # Errors
    /// A sentence: settings that are not offered, or no usable betas.
    pub(super) fn alphas(&self, kind: SchedulerKind) -> Result<Vec<f64>, String> {
        if self.rescale_betas_zero_snr {
            return Err("rescale_betas_zero_snr is not offered".into());
        }
        if self.thresholding {
            return Err("thresholding is not offered: it is not for latents".into());
        }
        let n = self.num_train_timesteps;
        if !(2..=100_000).contains(&n) {
            return Err(format!("num_train_timesteps is {n}"));
        }
        let lcm = kind == SchedulerKind::Lcm;
        let start = self.beta_start.unwrap_or(if lcm { 0.000_85 } else { 0.0001 });
        let end = self.beta_end.unwrap_or(if lcm { 0.012 } else { 0.02 });
        let schedule = self.beta_schedule.unwrap_or(if lcm {
            BetaSchedule::ScaledLinear
        } else {
            BetaSchedule::Linear
        });
        let between = |a: f64, b: f64, i: usize| a + (b - a) * i as f64 / (n - 1) as f64;
        let beta = |i: usize| match (&self.trained_betas, schedule) {
            (Some(betas), _) => betas.get(i).copied().map_or(f64::NAN, f64::from),
            (None, BetaSchedule::Linear) => between(start, end, i),
            (None, BetaSchedule::ScaledLinear) => between(start.sqrt(), end.sqrt(), i).powi(2),
            (None, BetaSchedule::SquaredCosine) => {
                let bar = |t: f64| ((t + 0.008) / 1.008 * std::f64::consts::FRAC_PI_2).cos().powi(2);
                let (a, b) = (i as f64 / n as f64, (i + 1) as f64 / n as f64);
                (1.0 - bar(b) / bar(a)).min(0.999)
            }
        };
        let mut product = 1.0;
        (0..n)
            .map(|i| {
                // In 32 bits, as models were trained: 1 − 0.999 is not a thousandth there.
                product *= f64::from(1.0 - beta(i) as f32);
                let fine = product > 0.0 && product < 1.0;
                fine.then_some(product)
                    .ok_or_else(|| "its betas are not those of a diffusion model".to_string())
            })
            .collect()
    }

    pub(super) fn spacing(&self, kind: SchedulerKind) -> Spacing {
        self.timestep_spacing.unwrap_or(match kind {
            SchedulerKind::Ddim | SchedulerKind::Lcm => Spacing::Leading,
            SchedulerKind::Euler | SchedulerKind::DpmSolver => Spacing::Linspace,
        })
    }

    /// Range that clean latents are kept in, if any.
    pub(super) fn clip(&self, kind: SchedulerKind) -> Option<f32> {
        let clip = self.clip_sample.unwrap_or(kind == SchedulerKind::Ddim);
        clip.then_some(self.clip_sample_range)
    }

    /// Times by the leading and the trailing rule, falling; `last` of them lies just below the first of `steps` + `extra`.
    pub(super) fn leading(&self, steps: usize, extra: usize) -> Vec<f64> {
        let ratio = (self.num_train_timesteps / (steps + extra)) as f64;
        let offset = self.steps_offset as f64;
        (extra..steps + extra)
            .rev()
            .map(|i| i as f64 * ratio + offset)
            .collect()
    }

    pub(super) fn trailing(&self, steps: usize) -> Vec<f64> {
        let n = self.num_train_timesteps as f64;
        let ratio = n / steps as f64;
        (0..steps)
            .map(|i| (n - i as f64 * ratio).round_ties_even() - 1.0)
            .collect()
    }
}

/// (clean latent, noise) from the U-Net's answer for a latent of `alpha` · image + `sigma` · noise.
pub(super) fn split(prediction: Prediction, output: f32, sample: f32, alpha: f32, sigma: f32) -> (f32, f32) {
    match prediction {
        Prediction::Epsilon => ((sample - sigma * output) / alpha, output),
        Prediction::VPrediction => (alpha * sample - sigma * output, alpha * output + sigma * sample),
        Prediction::Sample => (output, (sample - alpha * output) / sigma),
    }
}

/// ᾱ at a time, which is kept inside the training's.
pub(super) fn at(alphas: &[f64], t: f64) -> f64 {
    let last = alphas.len().saturating_sub(1);
    let i = (t.max(0.0) as usize).min(last);
    alphas.get(i).copied().unwrap_or(1.0)
}

/// σ / α at a time between those of the training, linearly.
pub(super) fn sigma_at(alphas: &[f64], t: f64) -> f64 {
    let last = alphas.len().saturating_sub(1) as f64;
    let t = t.clamp(0.0, last);
    let sigma = |t: f64| ((1.0 - at(alphas, t)) / at(alphas, t)).sqrt();
    let low = t.floor();
    let share = t - low;
    sigma(low) * (1.0 - share) + sigma((low + 1.0).min(last)) * share
}
