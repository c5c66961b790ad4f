use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;

use crate::product::{Kind, ScaleSource};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// A picture was written.
    Done,
    /// The piece cannot be worn in this photograph; the reason says why.
    Unfit,
    /// The photograph could not be read, or the picture not be written.
    Failed,
}

/// What became of one photograph: one line of `parure try --json`.
#[derive(Debug, Clone, Serialize)]
pub struct TryResult {
    pub photo: PathBuf,
    pub product: PathBuf,
    pub kind: Kind,
    pub status: Status,
    /// `unfit`: the reason's name and a sentence; `failed`: the error.
    pub reason: Option<String>,
    pub output: Option<PathBuf>,
    pub scale: ScaleSource,
    /// At the first anchor.
    pub px_per_mm: Option<f64>,
    pub anchors: Vec<AnchorReport>,
    /// What became of the seam, where it was repainted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inpaint: Option<InpaintReport>,
    pub timings_ms: Timings,
}

#[derive(Debug, Clone, Serialize)]
pub struct AnchorReport {
    pub name: String,
    /// Pixels of the upright photo.
    pub position: [f64; 2],
    pub px_per_mm: f64,
}

#[derive(Debug, Clone, Serialize)]
pub struct InpaintReport {
    /// `band` or `sd`.
    pub engine: &'static str,
    /// Pixels that could change.
    pub pixels: usize,
    pub tiles: usize,
    /// Why tiles were left as they were.
    pub dropped: Vec<String>,
}

#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Timings {
    pub decode: f64,
    pub locate: f64,
    pub fit: f64,
    pub render: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inpaint: Option<f64>,
    pub encode: f64,
}

/// Milliseconds to a hundredth: more digits would only be noise.
pub fn ms(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e5).round() / 100.0
}

impl TryResult {
    /// The line that a person reads.
    pub fn sentence(&self) -> String {
        let photo = self.photo.display();
        let reason = self.reason.as_deref().unwrap_or("no reason given");
        match self.status {
            Status::Done => {
                let output = self.output.as_deref().unwrap_or(Path::new("?")).display();
                let assumed = match self.scale {
                    ScaleSource::Given => "",
                    ScaleSource::Assumed => " (size assumed: give --width-mm for true size)",
                };
                format!("{photo} -> {output}{assumed}")
            }
            Status::Unfit => format!("{photo}: no picture, {reason}"),
            Status::Failed => format!("{photo}: {reason}"),
        }
    }
}
