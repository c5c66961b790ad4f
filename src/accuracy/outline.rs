//! How far two silhouettes lie apart: the symmetric mean distance of their outlines.

use image::{GrayImage, Luma};
use imageproc::distance_transform::euclidean_squared_distance_transform;

use crate::imaging::Mask;

/// Coverage from which a pixel belongs to a silhouette: a chain thinner than a pixel still does.
pub const SOLID: f32 = 0.25;

/// A silhouette as an image of 255 and 0.
pub fn silhouette(mask: &Mask, width: u32, height: u32) -> GrayImage {
    GrayImage::from_fn(width, height, |x, y| {
        Luma([if mask.get(x as i32, y as i32) >= SOLID {
            255
        } else {
            0
        }])
    })
}

/// A coverage image as 255 and 0.
pub fn solid(image: &GrayImage) -> GrayImage {
    let mut out = image.clone();
    for p in out.pixels_mut() {
        p[0] = if f32::from(p[0]) / 255.0 >= SOLID { 255 } else { 0 };
    }
    out
}

/// Mean distance (pixels) from the outline of `a` to that of `b` and from that of `b` to that of `a`, averaged. `None`
/// when either is empty.
pub fn distance(a: &GrayImage, b: &GrayImage) -> Option<f64> {
    let (a, b) = (edge(a), edge(b));
    Some((one_way(&a, &b)? + one_way(&b, &a)?) / 2.0)
}

fn one_way(from: &GrayImage, to: &GrayImage) -> Option<f64> {
    if to.pixels().all(|p| p[0] == 0) {
        return None;
    }
    let field = euclidean_squared_distance_transform(to);
    let (mut sum, mut count) = (0.0, 0u32);
    for (p, d) in from.pixels().zip(field.pixels()) {
        if p[0] > 0 {
            sum += d[0].sqrt();
            count += 1;
        }
    }
    (count > 0).then(|| sum / f64::from(count))
}

/// Pixels of the silhouette that touch its outside; the picture's edge is no outside.
pub fn edge(image: &GrayImage) -> GrayImage {
    let (w, h) = image.dimensions();
    let outside = |x: i64, y: i64| {
        x >= 0
            && y >= 0
            && x < i64::from(w)
            && y < i64::from(h)
            && image.get_pixel(x as u32, y as u32)[0] == 0
    };
    GrayImage::from_fn(w, h, |x, y| {
        let (u, v) = (i64::from(x), i64::from(y));
        let on = image.get_pixel(x, y)[0] > 0
            && (outside(u - 1, v) || outside(u + 1, v) || outside(u, v - 1) || outside(u, v + 1));
        Luma([if on { 255 } else { 0 }])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(x0: u32, y0: u32, x1: u32, y1: u32) -> GrayImage {
        GrayImage::from_fn(64, 64, |x, y| {
            Luma([if (x0..x1).contains(&x) && (y0..y1).contains(&y) {
                255
            } else {
                0
            }])
        })
    }

    #[test]
    fn equal_silhouettes_are_zero_apart() {
        let a = block(10, 10, 30, 40);
        assert_eq!(distance(&a, &a), Some(0.0));
    }

    #[test]
    fn shifted_lines_are_their_shift_apart() {
        // One pixel wide and high as the picture: every nearest point lies straight across.
        let (a, b) = (block(20, 0, 21, 64), block(27, 0, 28, 64));
        assert_eq!(distance(&a, &b), Some(7.0));
    }

    #[test]
    fn nothing_is_no_distance_apart() {
        assert_eq!(distance(&block(0, 0, 0, 0), &block(1, 1, 9, 9)), None);
    }
}
