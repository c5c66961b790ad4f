//! Files behind the preset's `file`, `folder` and `glob` keys.

use std::path::{Component, Path, PathBuf};

use super::issue::Issues;
use super::load::quoted;
use super::path::PathText;

/// Files that one folder or pattern may find.
const MOST: usize = 100_000;
const PICTURES: [&str; 6] = ["jpg", "jpeg", "png", "webp", "tif", "tiff"];

/// The one file that is named; it must exist.
pub fn file(path: &PathText, issues: &mut Issues) -> Option<PathBuf> {
    let resolved = path.resolved();
    match std::fs::metadata(&resolved) {
        Ok(meta) if meta.is_file() => Some(resolved),
        Ok(_) => {
            issues.push(&path.0.place, format!("{} is not a file", quoted(&resolved)));
            None
        }
        Err(error) => {
            let hint = similar(&resolved).map(|name| format!("did you mean `{name}`?"));
            let message = format!("{}: {}", quoted(&resolved), plain(&error));
            match hint {
                Some(hint) => issues.hint(&path.0.place, message, hint),
                None => issues.push(&path.0.place, message),
            }
            None
        }
    }
}

/// Pictures in a folder, not in folders below it, sorted by name.
pub fn folder(path: &PathText, issues: &mut Issues) -> Vec<PathBuf> {
    let resolved = path.resolved();
    let entries = match std::fs::read_dir(&resolved) {
        Ok(entries) => entries,
        Err(error) => {
            issues.push(&path.0.place, format!("{}: {}", quoted(&resolved), plain(&error)));
            return Vec::new();
        }
    };
    let files = entries
        .filter_map(|entry| entry.ok().map(|e| e.path()))
        .filter(|p| is_picture(p));
    bounded(files, path, issues)
}

/// Files that a pattern finds, sorted; nothing inside `output`, or a run would feed on its own pictures.
pub fn pattern(path: &PathText, output: &Path, issues: &mut Issues) -> Vec<PathBuf> {
    let base = path.0.place.file.parent().unwrap_or(Path::new(""));
    let full = if Path::new(&path.0.value).is_absolute() || base.as_os_str().is_empty() {
        path.0.value.clone()
    } else {
        format!(
            "{}/{}",
            glob::Pattern::escape(&base.to_string_lossy()),
            path.0.value
        )
    };
    let found = match super::walk::files(&full) {
        Ok(found) => found,
        Err(why) => {
            let message = format!("{} {why}", quoted(Path::new(&path.0.value)));
            issues.push(&path.0.place, message);
            return Vec::new();
        }
    };
    let output = output.canonicalize().ok();
    let outside = |p: &PathBuf| match (&output, p.canonicalize()) {
        (Some(output), Ok(p)) => !p.starts_with(output),
        _ => true,
    };
    bounded(
        found.into_iter().filter(|p| is_picture(p)).filter(outside),
        path,
        issues,
    )
}

fn bounded(files: impl Iterator<Item = PathBuf>, named: &PathText, issues: &mut Issues) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = files.take(MOST + 1).map(|path| tidy(&path)).collect();
    if files.is_empty() {
        let message = format!("{} holds no picture", quoted(Path::new(&named.0.value)));
        issues.hint(
            &named.0.place,
            message,
            format!("looked for .{}", PICTURES.join(", .")),
        );
    }
    if files.len() > MOST {
        let message = format!(
            "{} finds more than {MOST} pictures",
            quoted(Path::new(&named.0.value))
        );
        issues.push(&named.0.place, message);
        files.clear();
    }
    files.sort();
    files
}

fn is_picture(path: &Path) -> bool {
    let hidden = path
        .file_name()
        .is_some_and(|name| name.to_string_lossy().starts_with('.'));
    let known = path
        .extension()
        .is_some_and(|ext| PICTURES.iter().any(|known| ext.eq_ignore_ascii_case(known)));
    known && !hidden && path.is_file()
}

/// The same path without detours: `presets/../photos` is `photos`, unless `presets` is a link to somewhere else.
pub fn tidy(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        let back = part == Component::ParentDir
            && matches!(out.components().next_back(), Some(Component::Normal(_)))
            && !out.is_symlink();
        if back {
            out.pop();
        } else {
            out.push(part);
        }
    }
    if out.as_os_str().is_empty() {
        PathBuf::from(".")
    } else {
        out
    }
}

/// The file's name without its extension.
pub fn stem(path: &Path) -> String {
    path.file_stem()
        .map(|s| s.to_string_lossy().into_owned())
        .unwrap_or_default()
}

/// An operating system's error without its number.
fn plain(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "no such file or folder".into(),
        std::io::ErrorKind::PermissionDenied => "may not be read".into(),
        _ => error.to_string(),
    }
}

/// A file beside the missing one with nearly its name.
fn similar(missing: &Path) -> Option<String> {
    let wanted = missing.file_name()?.to_string_lossy().into_owned();
    let entries = std::fs::read_dir(missing.parent()?).ok()?;
    let mut names: Vec<String> = entries
        .take(2_000)
        .filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()))
        .collect();
    names.sort();
    let known: Vec<&str> = names.iter().map(String::as_str).collect();
    super::issue::nearest(&wanted, &known).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lose_their_detours() {
        for (path, tidied) in [
            ("presets/../photos/a.jpg", "photos/a.jpg"),
            ("../a", "../a"),
            ("a/../../b", "../b"),
            ("/a/./b/../c", "/a/c"),
            ("/..", "/.."),
            ("a/..", "."),
        ] {
            assert_eq!(tidy(Path::new(path)), Path::new(tidied), "{path}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn the_way_through_a_link_is_kept() {
        let dir = tempfile::tempdir().expect("temp folder");
        let link = dir.path().join("link");
        std::os::unix::fs::symlink("/usr/lib", &link).expect("link");
        assert_eq!(tidy(&link.join("../bin")), link.join("../bin"));
    }
}
