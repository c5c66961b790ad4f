//! Files that a pattern finds, within a bound on what is looked at: `/**` must not walk a whole machine.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use glob::{MatchOptions, Pattern};

/// Entries of folders that one pattern may look at.
const MOST: usize = 200_000;
/// Levels that `**` goes down.
const DEEPEST: usize = 32;

const OPTIONS: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: true,
};

/// The files that `pattern` finds, sorted. `*`, `?` and `[…]` stand for parts of one name, `**` for any folders, not
/// hidden ones and none behind symbolic links; folders that may not be read are left out.
///
/// # Errors
/// The end of a sentence: it is no pattern, or there is too much to look at.
pub fn files(pattern: &str) -> Result<Vec<PathBuf>, String> {
    Pattern::new(pattern).map_err(|error| format!("is not a pattern: {}", error.msg))?;
    walk(pattern, MOST)
}

fn walk(pattern: &str, most: usize) -> Result<Vec<PathBuf>, String> {
    let (root, rest) = match pattern.strip_prefix('/') {
        Some(rest) => (PathBuf::from("/"), rest),
        None => (PathBuf::new(), pattern),
    };
    let parts: Vec<&str> = rest.split('/').filter(|part| !part.is_empty()).collect();
    let mut walk = Walk {
        found: BTreeSet::new(),
        looked: 0,
        most,
    };
    walk.down(&root, &parts, 0)?;
    Ok(walk.found.into_iter().collect())
}

struct Walk {
    found: BTreeSet<PathBuf>,
    looked: usize,
    most: usize,
}

impl Walk {
    /// `depth` is how many levels `**` has gone down.
    fn down(&mut self, at: &Path, parts: &[&str], depth: usize) -> Result<(), String> {
        let Some((first, rest)) = parts.split_first() else {
            if at.is_file() {
                self.found.insert(at.to_path_buf());
            }
            return Ok(());
        };
        if *first == "**" {
            return self.any(at, rest, depth);
        }
        let pattern = Pattern::new(first).map_err(|error| format!("is not a pattern: {}", error.msg))?;
        if Pattern::escape(first) == *first {
            return self.down(&at.join(first), rest, depth);
        }
        for name in self.names(at)? {
            if pattern.matches_with(&name, OPTIONS) {
                self.down(&at.join(&name), rest, depth)?;
            }
        }
        Ok(())
    }

    /// `**`: this folder and all below it.
    fn any(&mut self, at: &Path, rest: &[&str], depth: usize) -> Result<(), String> {
        // At the end of a pattern it stands for every file as well.
        self.down(at, if rest.is_empty() { &["*"] } else { rest }, depth)?;
        if depth >= DEEPEST {
            return Ok(());
        }
        for name in self.names(at)? {
            let below = at.join(&name);
            if !name.starts_with('.') && below.is_dir() && !below.is_symlink() {
                self.any(&below, rest, depth + 1)?;
            }
        }
        Ok(())
    }

    /// Names in a folder, sorted; none when it is no folder.
    fn names(&mut self, folder: &Path) -> Result<Vec<String>, String> {
        let folder = if folder.as_os_str().is_empty() {
            Path::new(".")
        } else {
            folder
        };
        let mut names = Vec::new();
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            self.looked += 1;
            if self.looked > self.most {
                let most = self.most;
                return Err(format!(
                    "looks at more than {most} files: begin it at a folder further down"
                ));
            }
            names.extend(entry.file_name().into_string());
        }
        names.sort();
        Ok(names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A small tree; and what patterns find in it, worked out by hand.
    #[test]
    fn patterns_find_what_they_say() {
        let dir = tempfile::tempdir().expect("temp folder");
        for path in [
            "a.png",
            "b.jpg",
            ".hidden.png",
            "x/a.png",
            "x/y/c.png",
            ".h/d.png",
            "[1]/e.png",
        ] {
            let path = dir.path().join(path);
            std::fs::create_dir_all(path.parent().expect("folder")).expect("made");
            std::fs::write(path, "").expect("written");
        }
        #[cfg(unix)]
        std::os::unix::fs::symlink(dir.path(), dir.path().join("x/loop")).expect("link");
        let base = Pattern::escape(&dir.path().display().to_string());
        for (pattern, want) in [
            ("*.png", vec!["a.png"]),
            ("?.*", vec!["a.png", "b.jpg"]),
            ("*/a.png", vec!["x/a.png"]),
            ("**/*.png", vec!["[1]/e.png", "a.png", "x/a.png", "x/y/c.png"]),
            ("x/**", vec!["x/a.png", "x/y/c.png"]),
            ("x/../a.png", vec!["x/../a.png"]),
            ("[[]1]/*", vec!["[1]/e.png"]),
            ("[ab].???", vec!["a.png", "b.jpg"]),
            ("none/*", vec![]),
        ] {
            let found = files(&format!("{base}/{pattern}")).expect("a pattern");
            let found: Vec<&str> = found
                .iter()
                .map(|p| {
                    p.strip_prefix(dir.path())
                        .expect("inside")
                        .to_str()
                        .expect("text")
                })
                .collect();
            assert_eq!(found, want, "{pattern}");
        }
        assert!(files("a[").is_err());
    }

    #[test]
    fn too_much_to_look_at_is_refused() {
        let dir = tempfile::tempdir().expect("temp folder");
        for i in 0..20 {
            std::fs::write(dir.path().join(format!("{i}.txt")), "").expect("written");
        }
        let pattern = format!("{}/**/*.png", dir.path().display());
        assert!(walk(&pattern, 60).expect("enough").is_empty());
        let error = walk(&pattern, 30).expect_err("40 entries are looked at");
        assert!(error.contains("more than 30 files"), "{error}");
    }
}
