//! Laying fragments over the photograph in linear light.

use image::RgbImage;

use super::warp::{Fragment, Warped};
use crate::imaging::pixel::{decode_srgb8, encode_srgb8};

/// Lays the fragments over `canvas`. Pixels without a fragment are not written.
pub fn over(canvas: &mut RgbImage, piece: &Warped) {
    for Fragment { x, y, color, .. } in &piece.fragments {
        let (Ok(x), Ok(y)) = (u32::try_from(*x), u32::try_from(*y)) else {
            continue;
        };
        if let Some(px) = canvas.get_pixel_mut_checked(x, y) {
            let rest = 1.0 - color[3];
            for (v, c) in px.0.iter_mut().zip(color) {
                *v = encode_srgb8(c + rest * decode_srgb8(*v));
            }
        }
    }
}
