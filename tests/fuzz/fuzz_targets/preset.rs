#![no_main]
#[path = "../targets.rs"]
mod targets;

use std::sync::LazyLock;

static FOLDER: LazyLock<tempfile::TempDir> = LazyLock::new(|| tempfile::tempdir().expect("temp folder"));

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| targets::preset(bytes, FOLDER.path()));
