use super::PictureError;

/// What a picture may ask of the machine. Checked from the header, before pixels are allocated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Width × height. Strict.
    pub max_pixels: u64,
    /// Bytes that the decoder may hold for its output and its own tables, and the largest file that is read.
    /// Strict for the output; best effort for the tables.
    pub max_bytes: u64,
    /// Read TIFF as well, whose many variants make it a wider door than the other formats.
    pub tiff: bool,
}

impl Default for Limits {
    /// 100 megapixels, 1 GiB, no TIFF.
    fn default() -> Self {
        Self {
            max_pixels: 100_000_000,
            max_bytes: 1 << 30,
            tiff: false,
        }
    }
}

impl Limits {
    /// Refuses a picture of no pixels or too many.
    pub(crate) fn check_size(&self, width: u32, height: u32) -> Result<(), PictureError> {
        if width == 0 || height == 0 {
            return Err(PictureError::damaged(format!(
                "the file declares a picture of {width} × {height} pixels"
            )));
        }
        if u64::from(width) * u64::from(height) > self.max_pixels {
            return Err(PictureError::limits(
                format!(
                    "the picture has {width} × {height} pixels, more than the limit of {} megapixels",
                    self.max_pixels as f64 / 1e6
                ),
                "scale it down, or raise the limit",
            ));
        }
        Ok(())
    }

    /// Refuses a picture whose decoding would hold `bytes`.
    pub(crate) fn check_bytes(&self, bytes: u64) -> Result<(), PictureError> {
        if bytes > self.max_bytes {
            return Err(PictureError::limits(
                format!(
                    "decoding would take {} MiB, more than the limit of {} MiB",
                    bytes >> 20,
                    self.max_bytes >> 20
                ),
                "scale it down, or raise the limit",
            ));
        }
        Ok(())
    }
}
