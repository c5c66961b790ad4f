//! How long the pass takes, and how much memory, on a photograph of 2048 × 2048.

use std::path::Path;
use std::time::Instant;

use image::imageops::FilterType;
use image::{GrayImage, RgbImage, imageops};

use super::Composite;
use crate::accuracy::light::speed::{SMALL, scaled};
use crate::accuracy::light::{open, shadow_only};
use crate::accuracy::scene::SceneError;
use crate::accuracy::worn::Worn;
use crate::imaging::Photo;
use crate::infer::Engine;
use crate::inpaint::Painter;
use crate::product::Kind;

/// The pass over one kind of piece: a pair of earrings is one.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    pub kind: Kind,
    /// Fastest of [`RUNS`] on the embedded backend, ms.
    pub ms: f64,
    /// The same on ONNX Runtime, where there is one.
    pub ort_ms: Option<f64>,
    /// Most memory that the process held during the pass over what it held before, MB; Linux alone tells.
    pub added_mb: Option<f64>,
}

const RUNS: usize = 3;

/// Times the pass over each kind of jewelry in the scene, enlarged, with a painter on either backend.
///
/// # Errors
/// A file is missing or cannot be read, or a model fails.
pub fn cost(
    json: &Path,
    engine: &dyn Engine,
    embedded: &dyn Painter,
    ort: Option<&dyn Painter>,
) -> Result<Vec<Cost>, SceneError> {
    let mut scene = open(json, engine)?;
    let scale = f64::from(SMALL.0) / f64::from(scene.photo.width());
    let colours = |image: &RgbImage| imageops::resize(image, SMALL.0, SMALL.1, FilterType::CatmullRom);
    let mask = |image: &GrayImage| imageops::resize(image, SMALL.0, SMALL.1, FilterType::Triangle);
    scene.photo = Photo {
        pixels: colours(&scene.photo.pixels),
        ..scene.photo
    };
    scene.worn = colours(&scene.worn);
    (scene.jewelry, scene.bare_skin) = (mask(&scene.jewelry), mask(&scene.bare_skin));
    let mut all: Vec<Worn> = std::mem::take(&mut scene.pieces);
    for worn in &mut all {
        worn.placement = scaled(&worn.placement, scale);
    }
    let mut kinds: Vec<Kind> = all.iter().map(|w| w.piece.kind).collect();
    kinds.dedup();
    let mut out = Vec::new();
    for kind in kinds {
        let (same, rest) = all.into_iter().partition(|w| w.piece.kind == kind);
        (scene.pieces, all) = (same, rest);
        let composite = Composite::of(&scene, &shadow_only());
        if composite.band().is_empty() {
            continue;
        }
        let fastest = |painter: &dyn Painter| {
            let runs = (0..RUNS).map(|_| {
                let start = Instant::now();
                composite.repainted(painter);
                start.elapsed().as_secs_f64() * 1000.0
            });
            runs.fold(f64::INFINITY, f64::min)
        };
        // The first pass, with whatever it loads: later ones find its memory still there.
        let added_mb = added(|| drop(composite.repainted(embedded)));
        out.push(Cost {
            kind,
            ms: fastest(embedded),
            ort_ms: ort.map(fastest),
            added_mb,
        });
    }
    Ok(out)
}

/// Peak of resident memory during `work` over what was resident before.
fn added(work: impl FnOnce()) -> Option<f64> {
    // Asks the kernel to count the peak anew.
    std::fs::write("/proc/self/clear_refs", "5").ok()?;
    let before = status("VmRSS:")?;
    work();
    Some((status("VmHWM:")? - before) / 1024.0)
}

fn status(field: &str) -> Option<f64> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(field))?;
    line.split_whitespace().next()?.parse().ok()
}
