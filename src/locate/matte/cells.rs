//! The photograph at a working scale.

use glam::DVec2;
use image::RgbImage;

use crate::imaging::Rect;

/// Encoded sRGB, 0..=1.
pub(super) type Rgb = [f32; 3];

/// Mean colours of square cells of whole pixels over a region.
pub(super) struct Cells {
    /// Region of the photograph that the cells cover; the last row and column may reach over its end.
    pub rect: Rect,
    /// Pixels along a cell's side.
    pub step: usize,
    pub width: usize,
    pub height: usize,
    pub colours: Vec<Rgb>,
}

impl Cells {
    /// Reads `rect`, which must lie inside the photo.
    pub fn read(photo: &RgbImage, rect: Rect, step: usize) -> Self {
        let step = step.max(1);
        let width = (rect.width as usize).div_ceil(step);
        let height = (rect.height as usize).div_ceil(step);
        let stride = photo.width() as usize * 3;
        let raw = photo.as_raw();
        let mut colours = Vec::with_capacity(width * height);
        let mut sums = vec![[0u32; 3]; width];
        for cy in 0..height {
            sums.fill([0; 3]);
            let y0 = rect.y as usize + cy * step;
            let y1 = (y0 + step).min(rect.y as usize + rect.height as usize);
            for y in y0..y1 {
                let start = y * stride + rect.x as usize * 3;
                let row = raw
                    .get(start..start + rect.width as usize * 3)
                    .unwrap_or_default();
                for (sum, cell) in sums.iter_mut().zip(row.chunks(step * 3)) {
                    for px in cell.chunks_exact(3) {
                        for (s, v) in sum.iter_mut().zip(px) {
                            *s += u32::from(*v);
                        }
                    }
                }
            }
            for (cx, sum) in sums.iter().enumerate() {
                let across = step.min(rect.width as usize - cx * step);
                let scale = 1.0 / (255.0 * (across * (y1 - y0)).max(1) as f32);
                colours.push(sum.map(|s| s as f32 * scale));
            }
        }
        Self {
            rect,
            step,
            width,
            height,
            colours,
        }
    }

    /// Photo position of the middle of cell (x, y).
    pub fn middle(&self, x: usize, y: usize) -> DVec2 {
        let corner = DVec2::new(f64::from(self.rect.x), f64::from(self.rect.y));
        corner + (DVec2::new(x as f64, y as f64) + 0.5) * self.step as f64
    }
}

/// Mean of the pixels around `p` on a grid of 3 × 3 taps over a square of `side` pixels; `None` outside the photo.
pub(super) fn patch(photo: &RgbImage, p: DVec2, side: f64) -> Option<Rgb> {
    let (w, h) = (f64::from(photo.width()), f64::from(photo.height()));
    if !(p.x >= 0.0 && p.y >= 0.0 && p.x < w && p.y < h) {
        return None;
    }
    let mut sum = [0u32; 3];
    for j in [-1.0, 0.0, 1.0] {
        for i in [-1.0, 0.0, 1.0] {
            let q = p + DVec2::new(i, j) * (side / 3.0);
            let q = q.clamp(DVec2::ZERO, DVec2::new(w - 1.0, h - 1.0));
            let px = photo.get_pixel(q.x as u32, q.y as u32).0;
            for (s, v) in sum.iter_mut().zip(px) {
                *s += u32::from(v);
            }
        }
    }
    Some(sum.map(|s| s as f32 / (9.0 * 255.0)))
}
