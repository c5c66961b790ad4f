//! The usual folder layout of a Stable Diffusion export in ONNX.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use super::SdError;
use super::scheduler::SchedulerConfig;
use super::tokens::Tokens;
use crate::infer::{Engine, Graph};

/// Largest configuration file that is read.
const MAX_JSON: u64 = 16 << 20;

/// An export whose parts are loaded.
pub struct Export {
    pub unet: Arc<dyn Graph>,
    pub encoder: Arc<dyn Graph>,
    pub decoder: Arc<dyn Graph>,
    pub text: Arc<dyn Graph>,
    pub tokens: Tokens,
    pub scheduler: SchedulerConfig,
    /// Channels that the U-Net takes: 9 when it was trained to inpaint, else as many as a latent has.
    pub unet_channels: usize,
    pub latent_channels: usize,
    /// Pixels per latent, along one side.
    pub factor: usize,
    /// Side of the pictures that the model was trained on, px.
    pub side: usize,
    /// Latents are multiplied by this for the U-Net.
    pub scaling: f32,
    /// Length of the guidance embedding that a consistency model takes.
    pub guidance_channels: Option<usize>,
}

impl Export {
    /// Checks the folder and loads all models.
    ///
    /// # Errors
    /// One line: what is missing or wrong, where, and what to do.
    pub fn open(folder: &Path, engine: &dyn Engine) -> Result<Self, SdError> {
        if !folder.is_dir() {
            return Err(SdError(format!(
                "{}: no such folder of a model",
                folder.display()
            )));
        }
        let index = folder.join("model_index.json");
        if json(&index)?.is_none() {
            return Err(SdError(format!(
                "{}: no Stable Diffusion export in ONNX: model_index.json is missing; give the folder that holds unet/, \
                 vae_encoder/, vae_decoder/, text_encoder/, tokenizer/ and scheduler/",
                folder.display()
            )));
        }
        // All files first: a model takes a while to load.
        let paths: Vec<PathBuf> = ["unet", "vae_encoder", "vae_decoder", "text_encoder"]
            .iter()
            .map(|part| folder.join(part).join("model.onnx"))
            .collect();
        for path in &paths {
            if !path.is_file() {
                return Err(SdError(format!(
                    "{}: not found; the export must be in ONNX, with unet/, vae_encoder/, vae_decoder/ and text_encoder/",
                    path.display()
                )));
            }
        }
        let tokens = Tokens::open(&folder.join("tokenizer"))?;
        let scheduler = scheduler(&folder.join("scheduler/scheduler_config.json"))?;
        let unet_config = json(&folder.join("unet/config.json"))?.unwrap_or_default();
        let vae_config = match json(&folder.join("vae_decoder/config.json"))? {
            Some(config) => config,
            None => json(&folder.join("vae_encoder/config.json"))?.unwrap_or_default(),
        };
        let mut graphs = Vec::new();
        for path in &paths {
            graphs.push(engine.load(path).map_err(|e| SdError(e.to_string()))?);
        }
        let Ok([unet, encoder, decoder, text]) = <[Arc<dyn Graph>; 4]>::try_from(graphs) else {
            return Err(SdError("four models were to be loaded".into()));
        };

        let whole = |value: &Value| value.as_u64().and_then(|n| usize::try_from(n).ok());
        let port = |graph: &Arc<dyn Graph>, name: &str| {
            let port = graph.inputs().iter().find(|p| p.name == name);
            port.and_then(|p| p.shape.get(1).copied().flatten())
        };
        let latent_channels = whole(&vae_config["latent_channels"]).unwrap_or(4);
        let unet_channels = port(&unet, "sample")
            .or(whole(&unet_config["in_channels"]))
            .unwrap_or(latent_channels);
        if unet_channels != latent_channels && unet_channels != 2 * latent_channels + 1 {
            return Err(SdError(format!(
                "{}: a U-Net of {unet_channels} channels is not for inpainting: {latent_channels} or {} are",
                paths.first().map_or(folder, |p| p).display(),
                2 * latent_channels + 1
            )));
        }
        let blocks = vae_config["block_out_channels"].as_array().map_or(4, Vec::len);
        let factor = 1 << blocks.clamp(1, 7).saturating_sub(1);
        Ok(Self {
            unet,
            encoder,
            decoder,
            text,
            tokens,
            scheduler,
            unet_channels,
            latent_channels,
            factor,
            side: whole(&unet_config["sample_size"]).unwrap_or(64).clamp(1, 512) * factor,
            scaling: vae_config["scaling_factor"].as_f64().unwrap_or(0.182_15) as f32,
            guidance_channels: whole(&unet_config["time_cond_proj_dim"]),
        })
    }
}

fn scheduler(path: &Path) -> Result<SchedulerConfig, SdError> {
    let value = json(path)?.ok_or_else(|| SdError(format!("{}: not found in the export", path.display())))?;
    serde_json::from_value(value).map_err(|e| SdError(format!("{}: {e}", path.display())))
}

/// A JSON file; `None` when there is none.
pub(super) fn json(path: &Path) -> Result<Option<Value>, SdError> {
    let fail = |why: String| SdError(format!("{}: cannot be read: {why}", path.display()));
    match std::fs::metadata(path) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(fail(e.to_string())),
        Ok(meta) if meta.len() > MAX_JSON => return Err(fail(format!("it has {} bytes", meta.len()))),
        Ok(_) => {}
    }
    let text = std::fs::read_to_string(path).map_err(|e| fail(e.to_string()))?;
    serde_json::from_str(&text)
        .map(Some)
        .map_err(|e| fail(e.to_string()))
}
