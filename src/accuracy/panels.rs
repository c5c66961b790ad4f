//! A picture for the eye: ours, the worn one, and both outlines, side by side.

use image::{GrayImage, Rgb, RgbImage, imageops};

use super::outline;
use crate::imaging::Mask;

/// The dressed picture, the worn picture, and the worn picture with the outlines of the drawn jewelry in red, of the
/// worn jewelry in green, and of both in yellow.
pub fn beside(ours: &RgbImage, worn: &RgbImage, drawn: &[Mask], mask: &GrayImage) -> RgbImage {
    let (w, h) = ours.dimensions();
    let mut outlines = worn.clone();
    // Darker and gray, so that the lines stand out.
    for p in outlines.pixels_mut() {
        let gray = p.0.iter().map(|v| u32::from(*v)).sum::<u32>() / 5;
        *p = Rgb([gray as u8; 3]);
    }
    let mut draw = |silhouette: &GrayImage, channel: usize| {
        let edge = outline::edge(silhouette);
        for (p, e) in outlines.pixels_mut().zip(edge.pixels()) {
            if e[0] > 0 {
                let other = p.0[1 - channel];
                p.0 = [0, 0, 0];
                p.0[channel] = 255;
                // The first line is kept where the second crosses it.
                p.0[1 - channel] = if other == 255 { 255 } else { 0 };
            }
        }
    };
    for mask in drawn {
        draw(&outline::silhouette(mask, w, h), 0);
    }
    draw(&outline::solid(mask), 1);
    let mut out = RgbImage::new(3 * w, h);
    for (k, picture) in [ours, worn, &outlines].into_iter().enumerate() {
        imageops::replace(&mut out, picture, i64::from(w) * k as i64, 0);
    }
    out
}
