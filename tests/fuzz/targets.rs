//! What the fuzzers feed bytes to. The same functions run under `cargo fuzz` and in `tests/hostile_bytes.rs`.

// Each user of this file takes one or all of them.
#![allow(dead_code)]

use std::path::Path;

use parure::imaging::{Limits, Photo, decode_cutout};
use parure::preset::{Options, plan_text};
use parure::product::{Facts, Kind, read};

/// Limits under which no input may take long.
const LIMITS: Limits = Limits {
    max_pixels: 1 << 20,
    max_bytes: 64 << 20,
    tiff: true,
};

/// A preset, as if it lay in `folder`.
pub fn preset(bytes: &[u8], folder: &Path) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    match plan_text(text, &folder.join("p.yaml"), &Options::default()) {
        // Whatever is planned stays inside the output folder.
        Ok(plan) => {
            for output in plan.bases.iter().flat_map(|base| &base.outputs) {
                let inside = output
                    .path
                    .split('/')
                    .all(|part| !part.is_empty() && !part.starts_with('.'));
                assert!(inside, "{}", output.path);
            }
        }
        // Whatever is refused has a reason and a place.
        Err(issues) => assert!(
            issues
                .iter()
                .all(|issue| !issue.message.is_empty() && issue.place.line > 0)
        ),
    }
}

/// The front of all decoders.
pub fn decoder(bytes: &[u8]) {
    if let Ok(photo) = Photo::decode(bytes, &LIMITS) {
        let pixels = u64::from(photo.pixels.width()) * u64::from(photo.pixels.height());
        assert!((1..=LIMITS.max_pixels).contains(&pixels));
    }
    if let Ok(cutout) = decode_cutout(bytes, &LIMITS) {
        assert!(u64::from(cutout.width()) * u64::from(cutout.height()) <= LIMITS.max_pixels);
    }
}

/// A cut-out of up to 96 × 96 pixels drawn by the bytes, read as every kind of piece: first width and height, then runs
/// of a length and a grey value with alpha.
pub fn product(bytes: &[u8]) {
    let [width, height, runs @ ..] = bytes else {
        return;
    };
    let (width, height) = (u32::from(width % 96) + 1, u32::from(height % 96) + 1);
    let mut pixels = runs.chunks_exact(2).flat_map(|run| {
        let alpha = if run[1] < 64 { 0 } else { run[1] };
        std::iter::repeat_n([run[1], run[0], run[1] / 2, alpha], usize::from(run[0]) + 1)
    });
    let cutout = image::RgbaImage::from_fn(width, height, |_, _| {
        image::Rgba(pixels.next().unwrap_or_default())
    });
    for kind in [
        Kind::Earring,
        Kind::Necklace,
        Kind::Ring,
        Kind::Bracelet,
        Kind::Watch,
    ] {
        if let Ok(piece) = read(&cutout, kind, &Facts::default()) {
            assert!(
                piece.mm_per_px.is_finite() && piece.mm_per_px > 0.0,
                "{kind:?}: {}",
                piece.mm_per_px
            );
        }
    }
}
