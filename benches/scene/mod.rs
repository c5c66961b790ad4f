//! What the benches share: the sample pictures at working size, engines, pieces.

// Each bench takes what it needs.
#![allow(dead_code)]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use image::imageops::{FilterType, crop_imm, resize};
use parure::imaging::{Limits, Photo, open_cutout};
use parure::infer::{Backend, Engine, InferOptions};
use parure::product::{Facts, Kind, Piece, read};

/// Side of the photographs that are measured, pixels.
pub const SIDE: u32 = 2048;

fn sample(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(path)
}

/// The upper square of a sample photograph, enlarged to [`SIDE`].
pub fn photo(name: &str) -> Photo {
    let photo = Photo::open(&sample(&format!("models/{name}.jpg")), &Limits::default()).expect("a sample");
    let side = photo.width().min(photo.height());
    let square = crop_imm(&photo.pixels, 0, 0, side, side).to_image();
    Photo {
        pixels: resize(&square, SIDE, SIDE, FilterType::CatmullRom),
        ..photo
    }
}

/// A sample product with its true size.
pub fn piece(name: &str, kind: Kind, facts: &Facts) -> Piece {
    let cutout = open_cutout(&sample(&format!("products/{name}.png")), &Limits::default()).expect("a sample");
    read(&cutout, kind, facts).expect("a readable sample")
}

/// The engines of this machine: the embedded one, and ONNX Runtime where `ORT_DYLIB_PATH` leads to it.
pub fn engines() -> Vec<Arc<dyn Engine>> {
    let open = |backend| {
        let options = InferOptions {
            backend,
            ..InferOptions::default()
        };
        parure::infer::open(&options).expect("an engine")
    };
    let mut engines = vec![open(Backend::Rten)];
    if std::env::var_os("ORT_DYLIB_PATH").is_some() {
        engines.push(open(Backend::Ort));
    }
    engines
}
