//! Before, after and worn side by side.

use image::imageops::{crop_imm, replace};
use image::{Rgb, RgbImage};

use super::Pictures;

/// Space between the pictures, px.
const GAP: u32 = 6;

/// The part of the pictures around the jewelry at its own scale: before, after, worn.
pub fn before_after(pictures: &Pictures) -> RgbImage {
    let rect = &pictures.rect;
    let (width, height) = (rect.width.max(1), rect.height.max(1));
    let mut out = RgbImage::from_pixel(3 * width + 2 * GAP, height, Rgb([255; 3]));
    for (k, picture) in [&pictures.before, &pictures.after, &pictures.worn]
        .into_iter()
        .enumerate()
    {
        let part = crop_imm(picture, rect.x.max(0) as u32, rect.y.max(0) as u32, width, height).to_image();
        replace(&mut out, &part, i64::from(k as u32 * (width + GAP)), 0);
    }
    out
}
