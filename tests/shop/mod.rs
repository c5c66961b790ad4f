//! A small shop in a temporary folder: sample photographs at half size, sample products, presets, and the program.

// Each test file uses its own part of this.
#![allow(dead_code)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

pub struct Shop {
    dir: tempfile::TempDir,
}

/// The repository.
pub fn home() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A sample product's file, as YAML text.
pub fn product(name: &str) -> String {
    home().join("samples/products").join(name).display().to_string()
}

/// A sample photograph at half size, as JPEG bytes.
pub fn photo(name: &str) -> Vec<u8> {
    let path = home().join("samples/models").join(name);
    let picture = image::open(path).expect("sample").to_rgb8();
    let (w, h) = (picture.width() / 2, picture.height() / 2);
    let small = image::imageops::resize(&picture, w, h, image::imageops::FilterType::Triangle);
    let mut bytes = Vec::new();
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 92)
        .encode_image(&small)
        .expect("encodable");
    bytes
}

impl Shop {
    pub fn new() -> Self {
        Self {
            dir: tempfile::tempdir().expect("temp folder"),
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("parent")).expect("folder");
        std::fs::write(&path, bytes).expect("written");
        path
    }

    /// The program, to be run in the shop's folder.
    pub fn parure(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_parure"));
        command
            .args(args)
            .current_dir(self.dir.path())
            .env_remove("JOB_COMPLETION_INDEX")
            .env_remove("PARURE_SHARDS")
            .stdin(Stdio::null());
        command
    }

    pub fn run(&self, args: &[&str]) -> Ran {
        Ran::from(self.parure(args).output().expect("runs"))
    }

    /// Every picture under a folder, by its path inside.
    pub fn pictures(&self, folder: &str) -> BTreeMap<String, Vec<u8>> {
        let root = self.path(folder);
        let mut found = BTreeMap::new();
        collect(&root, &root, &mut found);
        found
    }

    /// The manifest's records.
    pub fn manifest(&self, folder: &str) -> Vec<Value> {
        let text = std::fs::read_to_string(self.path(folder).join("manifest.jsonl")).expect("manifest");
        text.lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect()
    }

    pub fn summary(&self, folder: &str) -> Value {
        let text = std::fs::read(self.path(folder).join("summary.json")).expect("summary");
        serde_json::from_slice(&text).expect("JSON")
    }
}

fn collect(root: &Path, folder: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for path in entries.map(|entry| entry.expect("entry").path()) {
        let name = path.file_name().expect("name").to_string_lossy().into_owned();
        if path.is_dir() {
            // The run's own notes are no pictures.
            if name != ".parure" {
                collect(root, &path, found);
            }
        } else if !name.starts_with("manifest") && !name.starts_with("summary") {
            let inside = path.strip_prefix(root).expect("inside").display().to_string();
            found.insert(inside, std::fs::read(&path).expect("readable"));
        }
    }
}

/// How the program ended.
pub struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Ran {
    /// Asserts the exit code; shows what was said otherwise.
    #[track_caller]
    pub fn code(self, code: i32) -> Self {
        assert_eq!(
            self.code,
            Some(code),
            "stdout:\n{}\nstderr:\n{}",
            self.out,
            self.err
        );
        self
    }

    /// The JSON lines of `--json`.
    pub fn lines(&self) -> Vec<Value> {
        self.out
            .lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect()
    }
}
