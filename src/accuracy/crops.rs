//! For the eye: the same part of several pictures side by side.

use image::imageops::{crop_imm, replace};
use image::{Rgb, RgbImage};

use crate::imaging::Rect;

/// White between two parts, pixels.
const GAP: u32 = 6;

/// The part of three pictures of one size, at their own scale.
pub fn side_by_side(pictures: [&RgbImage; 3], rect: &Rect) -> RgbImage {
    let (width, height) = (rect.width.max(1), rect.height.max(1));
    let mut out = RgbImage::from_pixel(3 * width + 2 * GAP, height, Rgb([255; 3]));
    for (k, picture) in pictures.into_iter().enumerate() {
        let part = crop_imm(picture, rect.x.max(0) as u32, rect.y.max(0) as u32, width, height).to_image();
        replace(&mut out, &part, i64::from(k as u32 * (width + GAP)), 0);
    }
    out
}
