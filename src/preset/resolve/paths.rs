//! Names of the pictures: each is taken once.

use std::collections::BTreeSet;
use std::path::Path;

use crate::preset::issue::{Issues, Place};
use crate::preset::schema::Preset;

/// File names that are taken; compared in lower case, as some file systems do.
#[derive(Default)]
pub struct Paths {
    taken: BTreeSet<String>,
    told: usize,
}

impl Paths {
    pub fn count(&self) -> usize {
        self.taken.len()
    }

    pub fn take(&mut self, path: &str, preset: &Preset, issues: &mut Issues) {
        if path.starts_with("rejected/") && self.told < 3 {
            self.told += 1;
            let message = format!("`{path}`: the folder `rejected` is for pictures that miss their tier");
            issues.push(&self.place(preset), message);
        }
        if !self.taken.insert(path.to_lowercase()) && self.told < 3 {
            self.told += 1;
            let hint =
                "tell them apart with {sku} {look} {model} {variant} {export} or {hash} in `output: name`";
            issues.hint(
                &self.place(preset),
                format!("two pictures are called `{path}`"),
                hint,
            );
        }
    }

    pub fn place(&self, preset: &Preset) -> Place {
        let name = preset
            .output
            .as_ref()
            .and_then(|o| o.name.as_ref())
            .map(|n| n.place.clone());
        let version = preset.version.as_ref().map(|v| v.place.clone());
        name.or(version).unwrap_or(Place {
            file: Path::new("preset").into(),
            line: 1,
            column: 1,
        })
    }
}
