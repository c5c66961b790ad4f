//! The command line as a user meets it: exit codes, lines, files left behind.

mod locate;
mod messages;
mod try_on;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value;

/// The program with its embedded engine, so that a library on the machine changes nothing here.
fn parure() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_parure"));
    command
        .env_remove("ORT_DYLIB_PATH")
        .env_remove("PARURE_LOG")
        .args(["--backend", "rten"]);
    command
}

fn sample(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(path)
}

/// Runs a command that prints JSON lines; gives its exit code, the objects and what it said on stderr.
fn json_lines(command: &mut Command) -> (i32, Vec<Value>, String) {
    let output = command.output().unwrap();
    let lines = String::from_utf8(output.stdout).unwrap();
    let objects = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}")))
        .collect();
    (
        output.status.code().unwrap(),
        objects,
        String::from_utf8(output.stderr).unwrap(),
    )
}

/// Asserts that `value` is an object with just the keys in `keys` (separated by spaces).
fn assert_keys(value: &Value, keys: &str, what: &str) {
    let object = value
        .as_object()
        .unwrap_or_else(|| panic!("{what} is no object: {value}"));
    let found: BTreeSet<&str> = object.keys().map(String::as_str).collect();
    let expected: BTreeSet<&str> = keys.split_whitespace().collect();
    assert_eq!(found, expected, "keys of {what}");
}

/// Names of the files in a folder, sorted; none when there is no such folder.
fn files_in(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// Writes a picture without people into `folder`: plain grey.
fn grey_picture(folder: &Path) -> PathBuf {
    let path = folder.join("grey.png");
    image::RgbImage::from_pixel(640, 480, image::Rgb([128; 3]))
        .save(&path)
        .unwrap();
    path
}

/// Writes a picture without people into `folder`: sky over hills over a field.
fn landscape(folder: &Path) -> PathBuf {
    let path = folder.join("landscape.png");
    image::RgbImage::from_fn(800, 600, |x, y| {
        let ridge = 300.0 + 60.0 * (f64::from(x) / 90.0).sin() + 25.0 * (f64::from(x) / 23.0).sin();
        image::Rgb(if f64::from(y) < ridge {
            [120 + (y / 6) as u8, 160 + (y / 8) as u8, 220]
        } else {
            [60 + (x * 7 % 31) as u8, 110 + (y * 5 % 37) as u8, 50]
        })
    })
    .save(&path)
    .unwrap();
    path
}
