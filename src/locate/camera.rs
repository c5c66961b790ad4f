//! The pinhole camera that relates pixels and millimetres.

use glam::{DVec2, DVec3};

/// Pinhole camera with square pixels and the principal point in the picture's middle.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Camera {
    /// Focal length in pixels.
    pub focal_px: f64,
    /// Principal point in pixels.
    pub centre: DVec2,
}

impl Camera {
    pub fn new(focal_px: f64, width: u32, height: u32) -> Self {
        Self {
            focal_px,
            centre: DVec2::new(f64::from(width), f64::from(height)) / 2.0,
        }
    }

    /// Projects a point in camera millimetres (x right, y down, z away) to pixels.
    pub fn project(&self, p: DVec3) -> DVec2 {
        self.centre + p.truncate() * (self.focal_px / p.z)
    }

    /// The point at depth `z` mm that projects to `pixel`.
    pub fn unproject(&self, pixel: DVec2, z: f64) -> DVec3 {
        ((pixel - self.centre) * (z / self.focal_px)).extend(z)
    }

    /// Pixels that one millimetre spans at depth `z` mm.
    pub fn px_per_mm(&self, z: f64) -> f64 {
        self.focal_px / z
    }
}
