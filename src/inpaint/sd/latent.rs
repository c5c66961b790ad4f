//! The four models of an export, one call each.

use super::SdError;
use super::folder::Export;
use crate::infer::{Graph, Tensor};

/// First of `steps` steps to be taken at a strength.
///
/// # Errors
/// None is left.
pub fn first_step(steps: usize, strength: f64) -> Result<usize, SdError> {
    let taken = ((steps as f64 * strength) as usize).min(steps);
    if taken == 0 {
        return Err(SdError(format!(
            "{steps} steps at strength {strength} are none: give more of either"
        )));
    }
    Ok(steps - taken)
}

/// Text embedding of a prompt, [1, tokens, width].
pub fn embed(export: &Export, prompt: &str) -> Result<Tensor, SdError> {
    let ids = export.tokens.ids(prompt)?;
    let input = Tensor {
        shape: vec![1, ids.len()],
        data: ids.iter().map(|id| *id as f32).collect(),
    };
    let inputs = [("input_ids", &input)];
    let outputs = run(&export.text, &inputs)?;
    // The last hidden states come first in some exports, by name in others; the pooled ones have two axes.
    let states = outputs.into_iter().find(|(name, tensor)| {
        tensor.shape.len() == 3 && (name == "last_hidden_state" || !name.starts_with("hidden_states"))
    });
    states
        .map(|(_, tensor)| tensor)
        .ok_or_else(|| SdError("the text encoder gives no hidden states".into()))
}

/// Scaled latent of a picture, at the mode of the encoder's distribution.
pub fn encode(export: &Export, picture: &Tensor, shape: &[usize; 4]) -> Result<Vec<f32>, SdError> {
    let outputs = run(&export.encoder, &[("sample", picture)])?;
    let len: usize = shape.iter().product();
    // Mean and logarithm of variance, or a latent that the model drew itself.
    let tensor = outputs
        .into_iter()
        .map(|(_, tensor)| tensor)
        .find(|tensor| tensor.data.len() == 2 * len || tensor.data.len() == len);
    let tensor = tensor.ok_or_else(|| SdError(format!("the encoder gives no latent of {shape:?}")))?;
    Ok(tensor.data.iter().take(len).map(|v| v * export.scaling).collect())
}

/// Picture of a scaled latent, 0..=1.
pub fn decode(export: &Export, latent: Vec<f32>, shape: &[usize; 4]) -> Result<Tensor, SdError> {
    let input = Tensor {
        shape: shape.to_vec(),
        data: latent.iter().map(|v| v / export.scaling).collect(),
    };
    let wanted = [1, 3, shape[2] * export.factor, shape[3] * export.factor];
    let outputs = run(&export.decoder, &[("latent_sample", &input)])?;
    let tensor = outputs
        .into_iter()
        .map(|(_, tensor)| tensor)
        .find(|t| t.shape == wanted);
    let mut tensor = tensor.ok_or_else(|| SdError(format!("the decoder gives no picture of {wanted:?}")))?;
    for v in &mut tensor.data {
        // What is no number stays so, to be seen by who judges the result.
        *v = (*v / 2.0 + 0.5).clamp(0.0, 1.0);
    }
    Ok(tensor)
}

/// The U-Net's answer for one latent.
pub fn unet(
    export: &Export,
    sample: &Tensor,
    time: f32,
    text: &Tensor,
    guidance: f64,
    len: usize,
) -> Result<Vec<f32>, SdError> {
    let axes = |name: &str| {
        let port = export.unet.inputs().iter().find(|p| p.name == name);
        port.map(|p| p.shape.len())
    };
    let time = Tensor {
        // A scalar in some exports.
        shape: if axes("timestep") == Some(0) {
            vec![]
        } else {
            vec![1]
        },
        data: vec![time],
    };
    let mut inputs = vec![
        ("sample", sample),
        ("timestep", &time),
        ("encoder_hidden_states", text),
    ];
    let embedding = export
        .guidance_channels
        .map(|width| guidance_embedding(guidance - 1.0, width));
    if let (Some(embedding), Some(_)) = (&embedding, axes("timestep_cond")) {
        inputs.push(("timestep_cond", embedding));
    }
    let outputs = run(&export.unet, &inputs)?;
    let tensor = outputs
        .into_iter()
        .map(|(_, tensor)| tensor)
        .find(|t| t.data.len() == len);
    tensor
        .map(|t| t.data)
        .ok_or_else(|| SdError(format!("the U-Net gives no {len} values")))
}

/// Sines and cosines of the guidance, as latent consistency models take it: Vaswani et al., "Attention is all you need",
/// 2017, section 3.5.
pub fn guidance_embedding(guidance: f64, width: usize) -> Tensor {
    let half = width / 2;
    let step = 10_000f64.ln() / half.saturating_sub(1).max(1) as f64;
    let angle = |i: usize| guidance * 1000.0 * (-(i as f64) * step).exp();
    let mut data: Vec<f32> = (0..half).map(|i| angle(i).sin() as f32).collect();
    data.extend((0..half).map(|i| angle(i).cos() as f32));
    data.resize(width, 0.0);
    Tensor {
        shape: vec![1, width],
        data,
    }
}

fn run(
    graph: &std::sync::Arc<dyn Graph>,
    inputs: &[(&str, &Tensor)],
) -> Result<Vec<(String, Tensor)>, SdError> {
    graph.run(inputs).map_err(|e| SdError(e.to_string()))
}
