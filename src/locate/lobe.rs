//! The lobe on the picture: a learnt template of its edges is slid over 64 mm around where the head's pose puts it.
//!
//! The template is a linear filter on oriented edges, fitted in closed form to rendered ears (`onnx/train/lobe`), as
//! correlation filters for landmarks are (Bolme et al., "Visual object tracking using adaptive correlation filters",
//! 2010): on pictures of people it did not learn from it answers within 1 mm in the median.

use glam::DVec2;
use image::RgbImage;

use super::Side;
use super::crop::{Border, Grid, Roi, Shrink, ValueRange};
use super::outputs::Outputs;
use super::project::sigmoid;
use crate::infer::{Engine, InferError, ModelId, Tensor};

/// Side of the model's input, pixels of one millimetre.
const SIZE: usize = 64;
/// Side of its map, cells, and of a cell, mm.
const CELLS: usize = 32;
const CELL_MM: f64 = 2.0;
/// Photo pixels that one tap of the crop may stand for.
const TAP_PX: f64 = 2.0;
/// The answer is a place's logit by this factor, against a Gaussian prior of this deviation (mm) around the middle.
const SHARP: f64 = 15.0;
const PRIOR_MM: f64 = 8.0;
/// Answer at which a lobe is as likely in sight as not, and how fast the odds change with it.
const IN_SIGHT: f64 = 0.27;
const IN_SIGHT_SLOPE: f64 = 25.0;
/// A lobe found farther than this from the patch's middle is looked at again from there, mm.
const LOOK_AGAIN_MM: f64 = 6.0;

/// A lobe on the picture.
#[derive(Debug, Clone, Copy)]
pub struct FoundLobe {
    /// Where it is pierced, pixels; without meaning where it is not seen.
    pub at: DVec2,
    /// Probability that it is in sight.
    pub seen: f64,
}

/// Looks for the lobe of a head that leans by `roll` (radians, clockwise) around `expected`.
///
/// # Errors
/// When the model cannot be run.
pub fn find_lobe(
    photo: &RgbImage,
    engine: &dyn Engine,
    expected: DVec2,
    px_per_mm: f64,
    roll: f64,
    side: Side,
) -> Result<FoundLobe, InferError> {
    let found = look(photo, engine, expected, px_per_mm, roll, side)?;
    if found.seen >= 0.5 && found.at.distance(expected) > LOOK_AGAIN_MM * px_per_mm {
        return look(photo, engine, found.at, px_per_mm, roll, side);
    }
    Ok(found)
}

fn look(
    photo: &RgbImage,
    engine: &dyn Engine,
    middle: DVec2,
    px_per_mm: f64,
    roll: f64,
    side: Side,
) -> Result<FoundLobe, InferError> {
    let mirrored = side == Side::Right;
    let input = patch(photo, middle, px_per_mm, roll, mirrored);
    let outputs = Outputs::new(ModelId::EarLobe, engine.run(ModelId::EarLobe, input)?);
    let (mut place, seen) = read(outputs.get("map", CELLS * CELLS)?);
    if mirrored {
        place.x = -place.x;
    }
    Ok(FoundLobe {
        at: middle + DVec2::from_angle(roll).rotate(place) * px_per_mm,
        seen,
    })
}

/// The model's input: upright with the head, mirrored to a left ear; pixel `i` shows `i + ½ − 32` mm from the middle.
fn patch(photo: &RgbImage, middle: DVec2, px_per_mm: f64, roll: f64, mirrored: bool) -> Tensor {
    let taps = (px_per_mm / TAP_PX).ceil().clamp(1.0, 64.0) as usize;
    // The crop's pixels start at the region's corner and stand for whole photo pixels; here middles are meant.
    let to_middles = DVec2::from_angle(roll).rotate(DVec2::splat(0.5 / taps as f64 * px_per_mm)) - 0.5;
    let roi = Roi::square(middle + to_middles, SIZE as f64 * px_per_mm, roll);
    let mut data = vec![0f32; SIZE * SIZE * 3];
    let (border, range, shrink) = (Border::Replicate, ValueRange::Unit, Shrink::Plain);
    if let Some(fine) = Grid::new(photo, &roi, SIZE * taps, border, range, shrink) {
        let mut line = vec![0f32; SIZE * taps * 3];
        let share = 1.0 / (taps * taps) as f32;
        for row in 0..SIZE * taps {
            fine.read(row, &mut line);
            for (column, pixels) in line.chunks_exact(taps * 3).enumerate() {
                let x = if mirrored { SIZE - 1 - column } else { column };
                let at = (row / taps * SIZE + x) * 3;
                let out = &mut data[at..at + 3];
                for pixel in pixels.chunks_exact(3) {
                    for (o, v) in out.iter_mut().zip(pixel) {
                        *o += v * share;
                    }
                }
            }
        }
    }
    Tensor {
        shape: vec![1, SIZE, SIZE, 3],
        data,
    }
}

/// Place in mm from the patch's middle, and probability of being seen there.
fn read(answer: &[f32]) -> (DVec2, f64) {
    let logit = |i: usize, a: f32| {
        let cell = DVec2::new((i % CELLS) as f64, (i / CELLS) as f64) + 0.5 - CELLS as f64 / 2.0;
        let mm = cell * CELL_MM;
        (
            mm,
            SHARP * f64::from(a) - mm.length_squared() / (2.0 * PRIOR_MM * PRIOR_MM),
        )
    };
    let logits = || {
        answer
            .iter()
            .enumerate()
            .map(|(i, a)| (logit(i, *a), f64::from(*a)))
    };
    let most = logits().map(|((_, l), _)| l).fold(f64::NEG_INFINITY, f64::max);
    let (mut at, mut height, mut total) = (DVec2::ZERO, 0.0, 0.0);
    for ((mm, l), a) in logits() {
        let weight = (l - most).exp();
        at += mm * weight;
        height += a * weight;
        total += weight;
    }
    let seen = sigmoid(((height / total - IN_SIGHT) * IN_SIGHT_SLOPE) as f32);
    (at / total, seen)
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgb;

    #[test]
    fn a_peak_is_found_between_cells_and_nothing_is_not_seen() {
        let mut answer = vec![0f32; CELLS * CELLS];
        // Two equal peaks beside each other, in the row below the middle.
        for x in [17, 18] {
            answer[16 * CELLS + x] = 1.0;
        }
        let (at, seen) = read(&answer);
        // The prior draws a little towards the middle.
        assert!((at - DVec2::new(4.0, 1.0)).length() < 0.2, "{at}");
        assert!(seen > 0.99);
        assert!(read(&vec![0.0; CELLS * CELLS]).1 < 0.01);
    }

    /// A picture whose red is its x and green its y; the patch must show the places that it stands for.
    #[test]
    fn patches_show_the_places_they_stand_for() {
        let photo = RgbImage::from_fn(250, 250, |x, y| Rgb([x as u8, y as u8, 0]));
        let (middle, roll) = (DVec2::new(120.0, 130.0), 0.3);
        for (px_per_mm, mirrored) in [(1.0, false), (1.5, true), (2.7, false)] {
            let input = patch(&photo, middle, px_per_mm, roll, mirrored);
            for (x, y) in [(20, 30), (32, 32), (45, 25)] {
                let mut mm = DVec2::new(f64::from(x), f64::from(y)) + 0.5 - 32.0;
                if mirrored {
                    mm.x = -mm.x;
                }
                let expected = middle + DVec2::from_angle(roll).rotate(mm) * px_per_mm;
                let at = ((y * 64 + x) * 3) as usize;
                // Value `v` is that of the pixel whose middle lies at v + ½; values are rounded to whole numbers.
                let shown =
                    DVec2::new(f64::from(input.data[at]), f64::from(input.data[at + 1])) * 255.0 + 0.5;
                assert!(
                    (shown - expected).abs().max_element() < 0.75,
                    "{shown} for {expected}"
                );
            }
        }
    }
}
