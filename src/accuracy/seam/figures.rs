//! How a picture's band of skin compares with the worn picture's.

use image::RgbImage;

use crate::imaging::Lab;
use crate::imaging::pixel::decode_srgb8;
use crate::inpaint::Band;

/// Half the side of the square that a pixel's surroundings are averaged over, px.
const AROUND: i32 = 2;

/// The band of one picture held against the worn one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figures {
    /// Mean ΔE2000 over the band.
    pub delta_e: f64,
    /// Energy of the fine detail over the worn picture's.
    pub detail: f64,
}

impl Figures {
    pub fn of(picture: &RgbImage, worn: &RgbImage, band: &Band) -> Self {
        let (mut sum, mut count) = (0.0, 0.0f64);
        for (x, y) in pixels(band) {
            let lab = |image: &RgbImage| Lab::from_linear(image.get_pixel(x, y).0.map(decode_srgb8));
            sum += lab(picture).delta_e_2000(&lab(worn));
            count += 1.0;
        }
        Self {
            delta_e: sum / count.max(1.0),
            detail: detail(picture, band) / detail(worn, band).max(1e-12),
        }
    }
}

fn pixels(band: &Band) -> impl Iterator<Item = (u32, u32)> + '_ {
    let all = crate::inpaint::band::pixels(&band.weight.rect).zip(&band.weight.data);
    all.filter(|(_, weight)| **weight > 0.0)
        .map(|((x, y), _)| (x as u32, y as u32))
}

/// Mean square of what sets a pixel's luma off from the mean around it, over the band; only the band counts as around, so
/// that neither metal nor its edge is taken for the skin's grain.
fn detail(picture: &RgbImage, band: &Band) -> f64 {
    let luma = |x: u32, y: u32| {
        let [r, g, b] = picture.get_pixel(x, y).0.map(f64::from);
        (0.2126 * r + 0.7152 * g + 0.0722 * b) / 255.0
    };
    let (mut energy, mut count) = (0.0, 0.0f64);
    for (x, y) in pixels(band) {
        let (mut sum, mut n) = (0.0, 0.0);
        for dy in -AROUND..=AROUND {
            for dx in -AROUND..=AROUND {
                let (u, v) = (x as i32 + dx, y as i32 + dy);
                if band.weight.get(u, v) > 0.0 {
                    sum += luma(u as u32, v as u32);
                    n += 1.0;
                }
            }
        }
        energy += (luma(x, y) - sum / n).powi(2);
        count += 1.0;
    }
    energy / count.max(1.0)
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;
    use crate::imaging::{Mask, Rect};

    fn band() -> Band {
        let rect = Rect::of_size(40, 40);
        let mut weight = Mask::filled(rect, 0.0);
        weight.data[10 * 40..30 * 40].fill(1.0);
        let none = Mask::filled(rect, 0.0);
        Band {
            weight,
            rim: none.clone(),
            alpha: none.clone(),
            shadow: none.clone(),
            other: none,
            width_px: 8.0,
            px_per_mm: 3.0,
        }
    }

    /// A chequerboard of twice the contrast has four times the energy; what lies outside the band counts for nothing.
    #[test]
    fn energy_goes_by_the_square_of_the_contrast_in_the_band_alone() {
        let board = |by: u8, outside: u8| {
            RgbImage::from_fn(40, 40, |x, y| {
                let v = 120 + by * ((x + y) % 2) as u8;
                Rgb([if (10..30).contains(&y) { v } else { outside }; 3])
            })
        };
        let got = Figures::of(&board(20, 0), &board(10, 255), &band());
        assert!((got.detail - 4.0).abs() < 1e-9, "{got:?}");
        let same = Figures::of(&board(10, 7), &board(10, 99), &band());
        assert_eq!((same.delta_e, same.detail), (0.0, 1.0));
    }
}
