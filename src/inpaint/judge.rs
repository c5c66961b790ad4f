//! Whether a tile's new paint may be used at all.

use crate::imaging::Lab;
use crate::imaging::pixel::srgb_to_linear;

/// Mean colour of the band may move by no more than this, ΔE2000: contact shadows and glow move it by two or three.
const MAX_DELTA_E: f64 = 12.0;
/// New paint may differ from pixel to pixel by this many times what the old did, plus [`GRAIN`].
const MAX_ROUGHNESS: f64 = 4.0;
/// A difference between neighbours that no eye minds, sRGB-encoded: new paint may bring pores to skin that had none.
const GRAIN: f64 = 0.02;

/// Why a tile's new paint was not used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    #[error("the model failed: {0}")]
    Failed(String),
    #[error("the model gave {got} pixels in place of {wanted}")]
    Size { got: usize, wanted: usize },
    #[error("the model gave values that are no numbers")]
    NotFinite,
    #[error("its colour is {delta_e:.0} ΔE2000 from the skin around")]
    Far { delta_e: f64 },
    #[error("it is {times:.0} times as rough as the skin was")]
    Rough { times: f64 },
}

/// Compares the band's new paint with the old; both sRGB-encoded squares, `band` says where and how much it counts.
///
/// # Errors
/// The paint must not be used.
pub fn judge(old: &[[f32; 3]], new: &[[f32; 3]], band: &[f32], side: usize) -> Result<(), Fault> {
    if new.len() != old.len() {
        return Err(Fault::Size {
            got: new.len(),
            wanted: old.len(),
        });
    }
    if new.iter().flatten().any(|v| !v.is_finite()) {
        return Err(Fault::NotFinite);
    }
    let delta_e = mean(old, band).delta_e_2000(&mean(new, band));
    if delta_e > MAX_DELTA_E {
        return Err(Fault::Far { delta_e });
    }
    let (before, after) = (roughness(old, band, side), roughness(new, band, side));
    if after > MAX_ROUGHNESS * before + GRAIN {
        return Err(Fault::Rough {
            times: after / before.max(1e-3),
        });
    }
    Ok(())
}

fn mean(values: &[[f32; 3]], band: &[f32]) -> Lab {
    let (mut sum, mut weight) = ([0.0f64; 3], 1e-12);
    for (v, w) in values.iter().zip(band).filter(|(_, w)| **w > 0.0) {
        for k in 0..3 {
            sum[k] += f64::from(*w) * f64::from(srgb_to_linear(v[k].clamp(0.0, 1.0)));
        }
        weight += f64::from(*w);
    }
    Lab::from_linear(sum.map(|s| (s / weight) as f32))
}

/// Mean difference between neighbours in a row, both in the band.
fn roughness(values: &[[f32; 3]], band: &[f32], side: usize) -> f64 {
    let (mut sum, mut count) = (0.0f64, 1e-12);
    for (row, band) in values
        .chunks_exact(side.max(1))
        .zip(band.chunks_exact(side.max(1)))
    {
        for (v, w) in row.windows(2).zip(band.windows(2)) {
            if w[0] > 0.0 && w[1] > 0.0 {
                sum += (0..3).map(|k| f64::from((v[0][k] - v[1][k]).abs())).sum::<f64>() / 3.0;
                count += 1.0;
            }
        }
    }
    sum / count
}
