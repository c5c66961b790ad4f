//! Any Stable Diffusion inpainting export in the usual ONNX folder layout, that the user brings.
//!
//! Rombach et al., "High-resolution image synthesis with latent diffusion models", 2022; the steps are those of
//! `diffusers`' inpainting pipeline. The encoder's distribution is taken at its mode, not drawn from.

mod folder;
mod latent;
pub mod scheduler;
mod tokens;

use std::path::PathBuf;

use super::{Painter, Reach, TileView};
use crate::infer::{Engine, Tensor};
pub use folder::Export;
pub use scheduler::SchedulerKind;

/// Why an export cannot be used, or failed: one line.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{0}")]
pub struct SdError(pub String);

/// What is asked of the model.
#[derive(Debug, Clone, PartialEq)]
pub struct SdSettings {
    /// Folder of the export.
    pub path: PathBuf,
    pub prompt: String,
    pub negative_prompt: String,
    /// Steps over the whole range of noise; `strength` of them are taken.
    pub steps: usize,
    /// How far towards pure noise the band is taken before it is painted anew, 0..=1. Low keeps what is there.
    pub strength: f64,
    /// How closely the prompt is followed; 1 and less not at all.
    pub guidance: f64,
    /// `None`: the export's own.
    pub scheduler: Option<SchedulerKind>,
}

impl SdSettings {
    pub fn new(path: PathBuf) -> Self {
        Self {
            path,
            prompt:
                "close-up photo of bare skin touched by jewelry, natural skin texture, soft contact shadow"
                    .into(),
            negative_prompt: "blurry, text, drawing".into(),
            steps: 20,
            strength: 0.35,
            guidance: 3.0,
            scheduler: None,
        }
    }
}

/// The engine `sd`.
pub struct Sd {
    export: Export,
    settings: SdSettings,
    kind: SchedulerKind,
    /// Text embeddings: of the prompt, and of the negative prompt where there is guidance.
    text: Tensor,
    negative: Option<Tensor>,
}

impl Sd {
    /// Loads an export and reads the prompts.
    ///
    /// # Errors
    /// The folder is not there or not an export that can be used, or the settings are out of range.
    pub fn open(settings: &SdSettings, engine: &dyn Engine) -> Result<Self, SdError> {
        if !(settings.strength > 0.0 && settings.strength <= 1.0) {
            return Err(SdError(format!(
                "strength is {}: give more than 0, and 1 at most",
                settings.strength
            )));
        }
        if !(settings.guidance.is_finite() && settings.guidance.abs() <= 100.0) {
            return Err(SdError(format!(
                "guidance is {}: give 0 to 100",
                settings.guidance
            )));
        }
        let export = Export::open(&settings.path, engine)?;
        let kind = settings
            .scheduler
            .unwrap_or(SchedulerKind::of_class(&export.scheduler.class_name));
        let in_scheduler = |why| SdError(format!("{}: {why}", settings.path.display()));
        scheduler::scheduler(kind, &export.scheduler, settings.steps).map_err(in_scheduler)?;
        latent::first_step(settings.steps, settings.strength)?;
        // A consistency model takes the guidance as an input instead.
        let guided = settings.guidance > 1.0 && export.guidance_channels.is_none();
        let text = latent::embed(&export, &settings.prompt)?;
        let negative = guided
            .then(|| latent::embed(&export, &settings.negative_prompt))
            .transpose()?;
        Ok(Self {
            export,
            settings: settings.clone(),
            kind,
            text,
            negative,
        })
    }

    pub fn scheduler(&self) -> SchedulerKind {
        self.kind
    }

    pub fn export(&self) -> &Export {
        &self.export
    }

    /// The picture with the masked part painted anew. `picture` is [1, 3, h, w] in −1..1, `mask` [h · w] with 1 where to
    /// paint; the result is like `picture`, 0..=1. `noise` gives standard normal values: for draw 0 those of the start, for draw `i`
    /// those of step `i`.
    ///
    /// # Errors
    /// The sides are no multiple of the export's factor, or a model fails.
    pub fn inpaint(
        &self,
        picture: &Tensor,
        mask: &[f32],
        noise: &dyn Fn(u32, usize) -> Vec<f32>,
    ) -> Result<Tensor, SdError> {
        let export = &self.export;
        let &[1, 3, height, width] = picture.shape.as_slice() else {
            return Err(SdError(format!("a picture of shape {:?}", picture.shape)));
        };
        let factor = export.factor;
        if height == 0
            || width == 0
            || height % factor != 0
            || width % factor != 0
            || mask.len() != height * width
        {
            return Err(SdError(format!(
                "a picture of {width} × {height} pixels: give multiples of {factor}, and a mask of the same size"
            )));
        }
        let shape = [1, export.latent_channels, height / factor, width / factor];
        let plane = shape[2] * shape[3];
        let len = shape[1] * plane;

        let mut scheduler =
            scheduler::scheduler(self.kind, &export.scheduler, self.settings.steps).map_err(SdError)?;
        let times = scheduler.timesteps().to_vec();
        let first = latent::first_step(self.settings.steps, self.settings.strength)?;
        let from_noise = self.settings.strength >= 1.0;
        let extended = export.unet_channels != export.latent_channels;

        // The mask as the pixel at each latent's corner has it: nearest neighbour, as torch's interpolate.
        let small_mask: Vec<f32> = (0..plane)
            .map(|i| mask[(i / shape[3]) * factor * width + (i % shape[3]) * factor])
            .map(|m| if m >= 0.5 { 1.0 } else { 0.0 })
            .collect();
        let start = noise(0, len);
        let image = if extended && from_noise {
            None
        } else {
            Some(latent::encode(export, picture, &shape)?)
        };
        let mut sample = match &image {
            Some(image) if !from_noise => mixed(scheduler.mix(first), image, &start),
            _ => start.iter().map(|n| n * scheduler.initial_sigma()).collect(),
        };
        let condition = if extended {
            let mut masked = picture.clone();
            for channel in masked.data.chunks_exact_mut(mask.len()) {
                for (v, m) in channel.iter_mut().zip(mask) {
                    if *m >= 0.5 {
                        *v = 0.0;
                    }
                }
            }
            Some(latent::encode(export, &masked, &shape)?)
        } else {
            None
        };

        for index in first..times.len() {
            let scale = scheduler.input_scale(index);
            let mut input: Vec<f32> = sample.iter().map(|v| v * scale).collect();
            if let Some(condition) = &condition {
                input.extend(&small_mask);
                input.extend(condition);
            }
            let input = Tensor {
                shape: vec![1, export.unet_channels, shape[2], shape[3]],
                data: input,
            };
            let output = self.predict(&input, times[index], len)?;
            scheduler.step(index, &output, &mut sample, &mut |n| noise(index as u32 + 1, n));
            if let (false, Some(image)) = (extended, &image) {
                // A U-Net that was not taught to inpaint: what is kept is put back, as noisy as the rest.
                let kept = if index + 1 < times.len() {
                    mixed(scheduler.mix(index + 1), image, &start)
                } else {
                    image.clone()
                };
                for (channel, kept) in sample.chunks_exact_mut(plane).zip(kept.chunks_exact(plane)) {
                    for ((v, k), m) in channel.iter_mut().zip(kept).zip(&small_mask) {
                        *v = (1.0 - m) * k + m * *v;
                    }
                }
            }
        }
        latent::decode(export, sample, &shape)
    }

    /// The U-Net's answer, with guidance: Ho and Salimans, "Classifier-free diffusion guidance", 2022.
    fn predict(&self, input: &Tensor, time: f32, len: usize) -> Result<Vec<f32>, SdError> {
        let with_text = latent::unet(&self.export, input, time, &self.text, self.settings.guidance, len)?;
        let Some(negative) = &self.negative else {
            return Ok(with_text);
        };
        let without = latent::unet(&self.export, input, time, negative, self.settings.guidance, len)?;
        let guidance = self.settings.guidance as f32;
        Ok(without
            .iter()
            .zip(&with_text)
            .map(|(n, p)| n + guidance * (p - n))
            .collect())
    }
}

fn mixed((image_share, noise_share): (f32, f32), image: &[f32], noise: &[f32]) -> Vec<f32> {
    image
        .iter()
        .zip(noise)
        .map(|(i, n)| image_share * i + noise_share * n)
        .collect()
}

impl Painter for Sd {
    fn name(&self) -> &'static str {
        "sd"
    }

    fn reach(&self) -> Reach {
        Reach {
            side: self.export.side as u32,
            // A ring with its band and the finger around it; a latent is then well below a millimetre.
            mm: 40.0,
            margin: 1.0 / 16.0,
            smooth: false,
        }
    }

    fn paint(&self, view: &TileView) -> Result<Vec<[f32; 3]>, String> {
        let plane = view.side * view.side;
        let mut data = Vec::with_capacity(3 * plane);
        for k in 0..3 {
            data.extend(view.picture.iter().map(|v| v[k] * 2.0 - 1.0));
        }
        let picture = Tensor {
            shape: vec![1, 3, view.side, view.side],
            data,
        };
        // Whatever takes any of the new paint is painted.
        let mask: Vec<f32> = view
            .band
            .iter()
            .map(|w| if *w > 0.02 { 1.0 } else { 0.0 })
            .collect();
        let noise = |draw, len| view.noise.gaussians(draw, len);
        let painted = self.inpaint(&picture, &mask, &noise).map_err(|e| e.to_string())?;
        let channel = |k: usize| &painted.data[k * plane..(k + 1) * plane];
        let (r, g, b) = (channel(0), channel(1), channel(2));
        Ok((0..plane).map(|i| [r[i], g[i], b[i]]).collect())
    }
}
