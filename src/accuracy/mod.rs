//! Measures the program against people rendered with the real piece on.
//!
//! A truth folder holds scenes: one JSON each, and beside it the bare picture, the worn picture's jewelry mask, the
//! bare picture's hair and cloth masks, and the matched product pictures. See [`truth`] for the fields.

mod compare;
mod crops;
pub mod figures;
mod known;
pub mod light;
mod outline;
mod panels;
mod parts;
mod report;
mod scene;
pub mod seam;
pub mod truth;
pub mod worn;

use std::path::{Path, PathBuf};

pub use report::{Report, line, markdown, table, total};
pub use scene::{Options, SceneError, SceneResult, measure};

/// The scenes of a truth folder, by name.
///
/// # Errors
/// The folder cannot be read.
pub fn scenes(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut out = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let product = path.with_extension("png").exists();
        if path.extension().is_some_and(|e| e == "json") && !product {
            out.push(path);
        }
    }
    out.sort();
    Ok(out)
}
