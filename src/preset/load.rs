//! Preset files and their includes, read and laid over each other.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::decode::Decode;
use super::issue::{Issues, Place, shorten};
use super::parse::{self, Limits};
use super::schema::{Metadata, Output, Preset, Quality};
use super::settings::Settings;

/// Includes inside includes.
const DEEPEST: usize = 8;
/// Files of one preset.
const MOST: usize = 64;

/// Reads a preset and everything it includes. What is wrong is in `issues`; the rest is returned to be checked too.
pub fn load(path: &Path, issues: &mut Issues) -> Option<Preset> {
    let file: Arc<Path> = path.into();
    let start = Place {
        file: file.clone(),
        line: 1,
        column: 1,
    };
    let mut reader = Reader {
        issues,
        trail: Vec::new(),
        files: 0,
    };
    reader.read(&file, &start)
}

/// Reads a preset from text, as if it stood in `path`.
pub fn load_text(text: &str, path: &Path, issues: &mut Issues) -> Option<Preset> {
    let file: Arc<Path> = path.into();
    let mut reader = Reader {
        issues,
        trail: vec![identity(path)],
        files: 1,
    };
    reader.parse(text, &file)
}

struct Reader<'i> {
    issues: &'i mut Issues,
    /// Files that are being read, the outermost first.
    trail: Vec<PathBuf>,
    files: usize,
}

impl Reader<'_> {
    fn read(&mut self, file: &Arc<Path>, named_at: &Place) -> Option<Preset> {
        let identity = identity(file);
        if self.trail.contains(&identity) {
            self.issues
                .push(named_at, format!("{} includes itself", file.display()));
            return None;
        }
        self.files += 1;
        if self.trail.len() >= DEEPEST || self.files > MOST {
            let message = format!("more than {DEEPEST} includes inside each other, or {MOST} in all");
            self.issues.push(named_at, message);
            return None;
        }
        let text = match read_text(file, Limits::PRESET.bytes) {
            Ok(text) => text,
            Err(reason) => {
                self.issues
                    .push(named_at, format!("{}: {reason}", file.display()));
                return None;
            }
        };
        self.trail.push(identity);
        let preset = self.parse(&text, file);
        self.trail.pop();
        preset
    }

    fn parse(&mut self, text: &str, file: &Arc<Path>) -> Option<Preset> {
        let node = parse::parse(text, file, Limits::PRESET, self.issues)?;
        let mut preset = Preset::decode(&node, self.issues)?;
        match &preset.version {
            Some(version) if version.value == 1 => {}
            Some(version) => {
                let message = format!(
                    "version {} is not known: this program reads version 1",
                    version.value
                );
                self.issues.push(&version.place, message);
            }
            None => self.issues.hint(
                &node.place,
                "the preset needs its version",
                "begin with `version: 1`",
            ),
        }
        let mut below: Option<Preset> = None;
        for include in std::mem::take(&mut preset.include) {
            let path: Arc<Path> = include.resolved().into();
            if let Some(included) = self.read(&path, &include.0.place) {
                below = Some(match below {
                    Some(below) => over(included, below),
                    None => included,
                });
            }
        }
        Some(match below {
            Some(below) => over(preset, below),
            None => preset,
        })
    }
}

/// What tells two names of one file from two files.
fn identity(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_path_buf())
}

/// Reads a text file of bounded size. Only regular files: a pipe or device may never end.
pub fn read_text(path: &Path, most: usize) -> Result<String, String> {
    let meta = std::fs::metadata(path).map_err(|error| error.to_string())?;
    if !meta.is_file() {
        return Err("not a file".into());
    }
    if meta.len() > most as u64 {
        return Err(format!("{} bytes: at most {most} are read", meta.len()));
    }
    let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let line = error
            .as_bytes()
            .iter()
            .take(error.utf8_error().valid_up_to())
            .filter(|b| **b == b'\n');
        format!(
            "line {} is not UTF-8 text: save the file as UTF-8",
            line.count() + 1
        )
    })?;
    Ok(match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    })
}

/// Lays one preset over another: lists are appended, single values of `top` win.
fn over(top: Preset, base: Preset) -> Preset {
    fn append<T>(base: Vec<T>, top: Vec<T>) -> Vec<T> {
        base.into_iter().chain(top).collect()
    }
    Preset {
        version: top.version.or(base.version),
        name: top.name.or(base.name),
        include: Vec::new(),
        output: both(top.output, base.output, |t, b| Output {
            folder: t.folder.or(b.folder),
            name: t.name.or(b.name),
        }),
        metadata: both(top.metadata, base.metadata, |t, b| Metadata {
            creator: t.creator.or(b.creator),
            description: t.description.or(b.description),
            copyright: t.copyright.or(b.copyright),
            keywords: append(b.keywords, t.keywords),
        }),
        seed: top.seed.or(base.seed),
        quality: both(top.quality, base.quality, |t, b| Quality {
            tier: t.tier.or(b.tier),
            ignore: append(b.ignore, t.ignore),
        }),
        solo: top.solo.or(base.solo),
        products: append(base.products, top.products),
        models: append(base.models, top.models),
        looks: append(base.looks, top.looks),
        defaults: both(top.defaults, base.defaults, |t: Settings, b| t.over(&b)),
        overrides: append(base.overrides, top.overrides),
        variants: append(base.variants, top.variants),
        exports: append(base.exports, top.exports),
    }
}

fn both<T>(top: Option<T>, base: Option<T>, merge: impl FnOnce(T, T) -> T) -> Option<T> {
    match (top, base) {
        (Some(top), Some(base)) => Some(merge(top, base)),
        (top, base) => top.or(base),
    }
}

/// A path as an error quotes it.
pub fn quoted(path: &Path) -> String {
    format!("`{}`", shorten(&path.display().to_string()))
}
