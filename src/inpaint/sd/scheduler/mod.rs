//! Schedulers: at which times the U-Net is asked, and how its answer makes the next latent.
//!
//! They follow the papers that each names and agree with `diffusers`, whose configuration files they read.

mod config;
mod ddim;
mod discrete;
mod dpm;
mod euler;
mod lcm;
#[cfg(test)]
mod tests;

pub use config::{Prediction, SchedulerConfig};

/// Which scheduler.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SchedulerKind {
    Ddim,
    Euler,
    /// DPM-Solver++ (2M).
    DpmSolver,
    Lcm,
}

impl SchedulerKind {
    /// Names for presets and the command line.
    pub const NAMES: [(&'static str, Self); 4] = [
        ("ddim", Self::Ddim),
        ("euler", Self::Euler),
        ("dpm++", Self::DpmSolver),
        ("lcm", Self::Lcm),
    ];

    pub fn parse(name: &str) -> Option<Self> {
        Self::NAMES
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, kind)| *kind)
    }

    pub fn name(self) -> &'static str {
        Self::NAMES
            .iter()
            .find(|(_, kind)| *kind == self)
            .map_or("", |(n, _)| n)
    }

    /// The one that an export's `_class_name` asks for; DDIM in place of those that are not offered, whose models it
    /// runs as well.
    pub fn of_class(class: &str) -> Self {
        match class {
            "EulerDiscreteScheduler" | "EulerAncestralDiscreteScheduler" => Self::Euler,
            "DPMSolverMultistepScheduler" | "DPMSolverSinglestepScheduler" => Self::DpmSolver,
            "LCMScheduler" => Self::Lcm,
            _ => Self::Ddim,
        }
    }
}

/// One run of a scheduler.
pub trait Scheduler {
    /// The times at which the U-Net is asked, falling.
    fn timesteps(&self) -> &[f32];

    /// Factor of pure noise that a run from the first step starts with.
    fn initial_sigma(&self) -> f32 {
        1.0
    }

    /// Factor for the latent before the U-Net sees it at step `index`.
    fn input_scale(&self, _index: usize) -> f32 {
        1.0
    }

    /// How much of an image and how much of noise a latent holds at step `index`.
    fn mix(&self, index: usize) -> (f32, f32);

    /// The latent after step `index`; `sample` becomes it. `noise` gives as many standard normal values as asked for;
    /// it is called at most once.
    fn step(
        &mut self,
        index: usize,
        output: &[f32],
        sample: &mut [f32],
        noise: &mut dyn FnMut(usize) -> Vec<f32>,
    );
}

/// A scheduler for `steps` steps over the whole range of noise.
///
/// # Errors
/// A sentence: no such number of steps with this configuration.
pub fn scheduler(
    kind: SchedulerKind,
    config: &SchedulerConfig,
    steps: usize,
) -> Result<Box<dyn Scheduler>, String> {
    let most = config.num_train_timesteps;
    if steps == 0 || steps > most {
        return Err(format!("{steps} steps: give from 1 to {most}"));
    }
    Ok(match kind {
        SchedulerKind::Ddim => Box::new(ddim::Ddim::new(config, steps)?),
        SchedulerKind::Euler => Box::new(euler::Euler::new(config, steps)?),
        SchedulerKind::DpmSolver => Box::new(dpm::DpmSolver::new(config, steps)?),
        SchedulerKind::Lcm => Box::new(lcm::Lcm::new(config, steps)?),
    })
}
