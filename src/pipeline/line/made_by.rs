//! What made a picture: part of its key, so that another model makes another picture.

use std::path::Path;

use serde_json::{Map, Value, json};

use crate::infer::{Engine, InferError, manifest};

/// Program, backend with the build of its library, and the SHA-256 of every model that may be used: those of `models`, where it is given, before the
/// program's own.
///
/// # Errors
/// A manifest of models cannot be read.
pub fn made_by(engine: &dyn Engine, models: Option<&Path>) -> Result<Value, InferError> {
    let mut hashes = Map::new();
    for entry in manifest::entries()? {
        hashes.insert(entry.name.clone(), entry.sha256.clone().into());
    }
    if models.is_some() {
        for checked in manifest::verify(models)? {
            hashes.insert(
                checked.entry.name.clone(),
                checked.entry.sha256.to_lowercase().into(),
            );
        }
    }
    Ok(json!({
        "program": format!("parure {}", env!("CARGO_PKG_VERSION")),
        "backend": engine.name(),
        "runtime": engine.runtime(),
        "models": hashes,
    }))
}
