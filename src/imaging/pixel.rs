//! Linear-light premultiplied RGBA, and the sRGB transfer at the two ends.

use std::sync::LazyLock;

use glam::DVec2;

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

/// Linear value of each 8-bit sRGB code.
static DECODE: LazyLock<[f32; 256]> =
    LazyLock::new(|| std::array::from_fn(|code| srgb_to_linear(code as f32 / 255.0)));

/// `ENCODE_STEP[c]` is the linear value from which code `c + 1` is nearer than `c`.
static ENCODE_STEP: LazyLock<[f32; 255]> =
    LazyLock::new(|| std::array::from_fn(|code| srgb_to_linear((code as f32 + 0.5) / 255.0)));

/// A linear value of a photograph when `taken` of the light is lost, below 0 where light is gained; the light's loss is already to
/// the power of the curve's contrast.
///
/// A photograph is no linear record: its tone curve compresses what is bright. `v = s / (s + 1)`, with `s` a power of the light,
/// stands for such curves: the loss multiplies the odds `v / (1 - v)`, and shows the less the nearer the value is to white.
pub fn photographed(value: f32, taken: f32) -> f32 {
    let value = value.clamp(0.0, 1.0);
    let left = value * (1.0 - taken);
    left / (1.0 - value + left).max(1e-6)
}

/// Lowest code that a linear value in each of [`ENCODE_BINS`] equal bins can have.
static ENCODE_START: LazyLock<[u8; ENCODE_BINS]> = LazyLock::new(|| {
    std::array::from_fn(|bin| {
        let lowest = bin as f32 / ENCODE_BINS as f32;
        ENCODE_STEP.partition_point(|step| *step <= lowest) as u8
    })
});
const ENCODE_BINS: usize = 4096;

/// Linear value of an 8-bit sRGB code.
pub fn decode_srgb8(code: u8) -> f32 {
    DECODE[usize::from(code)]
}

/// Nearest 8-bit sRGB code of a linear value (clamped to 0..=1); the inverse of [`decode_srgb8`] on its values.
pub fn encode_srgb8(linear: f32) -> u8 {
    let bin = (linear.clamp(0.0, 1.0) * ENCODE_BINS as f32) as usize;
    let mut code = ENCODE_START[bin.min(ENCODE_BINS - 1)];
    while code < 255 && linear >= ENCODE_STEP[usize::from(code)] {
        code += 1;
    }
    code
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

    /// Coverage of the pixel that holds the region-local place `p`; `None` outside the region.
    pub fn alpha_at(&self, p: DVec2) -> Option<f32> {
        let inside = p.x >= 0.0 && p.y >= 0.0 && p.x < self.width() as f64 && p.y < self.height() as f64;
        inside.then(|| self.at(p.x as usize, p.y as usize)[3])
    }

    /// Pixel at region-local (x, y).
    pub fn at(&self, x: usize, y: usize) -> [f32; 4] {
        self.data[y * self.width() + x]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_bit_codes_survive_the_round_trip() {
        for code in 0..=255u8 {
            assert_eq!(encode_srgb8(decode_srgb8(code)), code);
        }
    }

    #[test]
    fn table_encoding_is_the_rounded_transfer() {
        for i in 0..=100_000 {
            let v = i as f32 / 100_000.0;
            let exact = linear_to_srgb(v) * 255.0;
            let got = f32::from(encode_srgb8(v));
            assert!((got - exact).abs() <= 0.5 + 1e-3, "{v}: {got} against {exact}");
        }
        assert_eq!(
            (encode_srgb8(-1.0), encode_srgb8(7.0), encode_srgb8(f32::NAN)),
            (0, 255, 0)
        );
    }
}
