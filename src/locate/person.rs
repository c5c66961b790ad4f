//! Person coverage of the whole photograph at model resolution.

use image::RgbImage;

use super::PersonMask;
use super::crop::{Border, Roi, Shrink, ValueRange, crop};
use super::outputs::Outputs;
use crate::imaging::{Mask, Rect};
use crate::infer::{Engine, InferError, ModelId};

/// Side of the model's input and output.
const SIZE: usize = 256;

/// Runs MediaPipe's selfie segmentation on the photograph, stretched to the model's square.
///
/// # Errors
/// When the model cannot be run.
pub fn find_person(photo: &RgbImage, engine: &dyn Engine) -> Result<PersonMask, InferError> {
    let roi = Roi::whole(photo.width(), photo.height());
    let input = crop(photo, &roi, SIZE, Border::Zero, ValueRange::Unit, Shrink::Smooth);
    let outputs = Outputs::new(ModelId::Selfie, engine.run(ModelId::Selfie, input)?);
    let mut grid = Mask::filled(Rect::of_size(SIZE as u32, SIZE as u32), 0.0);
    grid.data
        .copy_from_slice(outputs.get("activation_10", SIZE * SIZE)?);
    Ok(PersonMask {
        grid,
        photo: photo.dimensions(),
    })
}
