use image::RgbImage;

/// File format a photograph came in, which is also what it is written back as unless told otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PhotoFormat {
    Jpeg,
    Png,
    WebP,
    Tiff,
}

/// A photograph, upright and in sRGB.
#[derive(Debug, Clone)]
pub struct Photo {
    /// Upright 8-bit sRGB pixels.
    pub pixels: RgbImage,
    /// 35 mm equivalent focal length in mm, from EXIF.
    pub focal_35mm: Option<f64>,
    pub format: PhotoFormat,
}

impl Photo {
    pub fn width(&self) -> u32 {
        self.pixels.width()
    }
    pub fn height(&self) -> u32 {
        self.pixels.height()
    }

    /// Focal length in pixels: the EXIF value against the 36 × 24 mm frame's diagonal, else a 50 mm lens.
    pub fn focal_px(&self) -> f64 {
        let diagonal = f64::from(self.width()).hypot(f64::from(self.height()));
        self.focal_35mm.unwrap_or(50.0) / 36f64.hypot(24.0) * diagonal
    }
}
