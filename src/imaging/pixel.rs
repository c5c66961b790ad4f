//! Linear-light premultiplied RGBA, and the sRGB transfer at the two ends.

use crate::imaging::Rect;

/// sRGB electro-optical transfer (IEC 61966-2-1): encoded 0..=1 to linear 0..=1.
pub fn srgb_to_linear(v: f32) -> f32 {
    if v <= 0.04045 {
        v / 12.92
    } else {
        ((v + 0.055) / 1.055).powf(2.4)
    }
}

/// Inverse of [`srgb_to_linear`]; the input is clamped to 0..=1.
pub fn linear_to_srgb(v: f32) -> f32 {
    let v = v.clamp(0.0, 1.0);
    if v <= 0.0031308 {
        v * 12.92
    } else {
        1.055 * v.powf(1.0 / 2.4) - 0.055
    }
}

/// Linear-light premultiplied RGBA f32 over a region.
#[derive(Debug, Clone)]
pub struct LinearImage {
    /// Where the pixels lie: in the photograph for layers, at (0, 0) for products.
    pub rect: Rect,
    /// Row-major, `rect.width * rect.height`, each `[r, g, b, a]` premultiplied.
    pub data: Vec<[f32; 4]>,
}

impl LinearImage {
    pub fn transparent(rect: Rect) -> Self {
        Self {
            rect,
            data: vec![[0.0; 4]; rect.width as usize * rect.height as usize],
        }
    }

    pub fn width(&self) -> usize {
        self.rect.width as usize
    }

    pub fn height(&self) -> usize {
        self.rect.height as usize
    }

    /// Pixel at region-local (x, y).
    pub fn at(&self, x: usize, y: usize) -> [f32; 4] {
        self.data[y * self.width() + x]
    }
}
