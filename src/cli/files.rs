//! Photographs named on the command line: files as they are, folders by their pictures.

use std::path::{Path, PathBuf};

use super::Exit;

const PICTURES: [&str; 4] = ["jpg", "jpeg", "png", "webp"];

/// Expands folders to the pictures in them, sorted by name; files are taken as given, whatever they are called.
///
/// # Errors
/// A path does not exist, or a folder cannot be read or holds no picture.
pub fn photographs(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Exit> {
    let mut photos = Vec::new();
    for path in paths {
        if path.is_dir() {
            let inside = pictures_in(path)?;
            if inside.is_empty() {
                return Err(Exit::usage(format!(
                    "{}: the folder holds no picture (.jpg, .jpeg, .png, .webp)",
                    path.display()
                )));
            }
            photos.extend(inside);
        } else if path.symlink_metadata().is_ok() {
            photos.push(path.clone());
        } else {
            return Err(Exit::usage(format!("{}: no such file or folder", path.display())));
        }
    }
    Ok(photos)
}

fn pictures_in(folder: &Path) -> Result<Vec<PathBuf>, Exit> {
    let unreadable = |error: std::io::Error| Exit::usage(format!("{}: {error}", folder.display()));
    let mut inside = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let hidden = path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with('.'));
        let picture = path
            .extension()
            .is_some_and(|ext| PICTURES.iter().any(|known| ext.eq_ignore_ascii_case(known)));
        if picture && !hidden && path.is_file() {
            inside.push(path);
        }
    }
    inside.sort();
    Ok(inside)
}

/// File stem for an output's name; what a file system may refuse is replaced.
pub fn stem(path: &Path) -> String {
    let stem = path
        .file_stem()
        .map(|s| s.to_string_lossy().into_owned())
        .unwrap_or_default();
    let clean: String = stem
        .chars()
        .map(|c| {
            if c.is_alphanumeric() || "-_.".contains(c) {
                c
            } else {
                '_'
            }
        })
        .collect();
    if clean.is_empty() { "photo".into() } else { clean }
}

/// Gives every photograph a base name of its own: `stem`, or `stem-2`, `stem-3` … when stems repeat.
pub fn unique_stems(photos: &[PathBuf]) -> Vec<String> {
    let mut taken = std::collections::BTreeSet::new();
    photos
        .iter()
        .map(|photo| {
            let base = stem(photo);
            let mut name = base.clone();
            let mut n = 1;
            // Compared in lower case: some file systems do not tell the cases apart.
            while !taken.insert(name.to_lowercase()) {
                n += 1;
                name = format!("{base}-{n}");
            }
            name
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_stems_get_numbers() {
        let photos = ["a/x.jpg", "b/x.png", "c/X.jpg", "d/x-2.jpg"].map(PathBuf::from);
        assert_eq!(unique_stems(&photos), ["x", "x-2", "X-3", "x-2-2"]);
    }

    #[test]
    fn stems_hold_no_path_characters() {
        assert_eq!(stem(Path::new("in/a b:c.jpg")), "a_b_c");
        assert_eq!(stem(Path::new("..")), "photo");
    }

    #[test]
    fn a_folder_gives_its_pictures_in_order() {
        let dir = tempfile::tempdir().expect("temp folder");
        for name in ["b.JPG", "a.png", "notes.txt", ".hidden.png"] {
            std::fs::write(dir.path().join(name), b"x").expect("write");
        }
        let found = photographs(&[dir.path().to_path_buf()]).expect("readable");
        let names: Vec<_> = found.iter().filter_map(|p| p.file_name()).collect();
        assert_eq!(names, ["a.png", "b.JPG"]);
    }

    #[test]
    fn a_missing_path_is_named() {
        let error = photographs(&[PathBuf::from("no/such.jpg")]).expect_err("missing");
        assert_eq!(error, Exit::Usage("no/such.jpg: no such file or folder".into()));
    }
}
