//! Name templates: `{sku}/{model}_{variant}`, and why no file leaves the output folder through one.

use super::issue::{At, Issues};

/// Placeholders of output names.
pub const NAME_KEYS: [&str; 6] = ["sku", "look", "model", "variant", "export", "hash"];
/// Placeholders of the metadata's description.
pub const TEXT_KEYS: [&str; 5] = ["sku", "look", "title", "model", "variant"];

/// Bytes of one part of a file name; most file systems take 255, and the extension and a temporary suffix need room.
const LONGEST_PART: usize = 150;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Key(String),
}

impl Template {
    /// Splits a template; placeholders must be among `keys`.
    pub fn parse(text: &At<String>, keys: &[&str], issues: &mut Issues) -> Option<Self> {
        let mut parts = Vec::new();
        let mut rest = text.value.as_str();
        while let Some(open) = rest.find(['{', '}']) {
            let (before, after) = rest.split_at(open);
            if !before.is_empty() {
                parts.push(Part::Text(before.to_owned()));
            }
            let Some((key, behind)) = after.strip_prefix('{').and_then(|inner| inner.split_once('}')) else {
                issues.push(
                    &text.place,
                    format!("`{}` has a brace without its partner", text.value),
                );
                return None;
            };
            if !keys.contains(&key) {
                issues.unknown(&text.place, "unknown placeholder", key, keys.iter().copied());
                return None;
            }
            parts.push(Part::Key(key.to_owned()));
            rest = behind;
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        Some(Self(parts))
    }

    /// Parses a template of file names: the fixed text, too, must stay inside the output folder.
    pub fn parse_name(text: &At<String>, issues: &mut Issues) -> Option<Self> {
        let template = Self::parse(text, &NAME_KEYS, issues)?;
        let sample = template.fill(|_| "x".into());
        let wrong = if sample.is_empty() {
            Some("is empty")
        } else if sample.starts_with('/')
            || sample.contains(['\\', ':', '\0'])
            || sample.chars().any(char::is_control)
        {
            Some(
                "must be a path inside the output folder: no leading `/`, no `\\`, `:` or control characters",
            )
        } else if sample
            .split('/')
            .any(|part| part.is_empty() || part.starts_with('.'))
        {
            Some(
                "must be a path inside the output folder: no `..`, no part that is empty or begins with a dot",
            )
        } else if sample.split('/').count() > 8 || sample.len() > 500 {
            Some("is too long or too deep")
        } else {
            None
        };
        if let Some(wrong) = wrong {
            issues.push(
                &text.place,
                format!("`{}` {wrong}", super::issue::shorten(&text.value)),
            );
            return None;
        }
        Some(template)
    }

    /// The text with every placeholder replaced.
    pub fn fill(&self, value: impl Fn(&str) -> String) -> String {
        let mut out = String::new();
        for part in &self.0 {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Key(key) => out.push_str(&value(key)),
            }
        }
        out
    }

    /// A file name: values are cleaned, so that they add no folders and nothing that a file system refuses.
    pub fn file_name(&self, value: impl Fn(&str) -> String) -> String {
        let name = self.fill(|key| clean(&value(key)));
        name.split('/').map(bounded).collect::<Vec<_>>().join("/")
    }
}

/// A value as part of a file name. What had to be changed gets a mark of what it was, so that `a/b` and `a_b` differ.
pub fn clean(value: &str) -> String {
    let safe = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '+' | '@');
    let mut out: String = value.chars().map(|c| if safe(c) { c } else { '_' }).collect();
    if out.starts_with('.') {
        out.replace_range(..1, "_");
    }
    // Windows drops trailing dots and keeps these names for devices.
    let device = ["con", "prn", "aux", "nul"].contains(&out.to_lowercase().as_str());
    if out.is_empty() || out.ends_with('.') || device {
        out.push('_');
    }
    if out == value {
        out
    } else {
        format!("{out}-{}", mark(value))
    }
}

fn bounded(part: &str) -> String {
    if part.len() <= LONGEST_PART {
        return part.to_owned();
    }
    let mut end = LONGEST_PART;
    while !part.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}-{}", part.get(..end).unwrap_or_default(), mark(part))
}

fn mark(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex().chars().take(6).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::preset::issue::Place;

    fn name(text: &str) -> Result<Template, String> {
        let place = Place {
            file: Path::new("p.yaml").into(),
            line: 3,
            column: 7,
        };
        let mut issues = Issues::default();
        Template::parse_name(&At::new(text.into(), place), &mut issues).ok_or_else(|| issues.to_string())
    }

    #[test]
    fn templates_that_leave_the_folder_are_refused() {
        for wrong in [
            "../{sku}",
            "/tmp/{sku}",
            "a/../../{sku}",
            "{sku}/..",
            "..",
            "a//b",
            "",
            ".hidden/{sku}",
            "c:{sku}",
            "a\\b",
            "{sku",
            "sku}",
            "{skuu}",
            "{}",
            "a\nb",
        ] {
            assert!(name(wrong).is_err(), "{wrong:?}");
        }
        assert_eq!(
            name("{modle}").expect_err("slip"),
            "p.yaml:3:7: unknown placeholder `modle` (did you mean `model`?)"
        );
    }

    #[test]
    fn values_cannot_add_folders() {
        let template = name("{sku}/{model}").expect("valid");
        for nasty in [
            "../../etc/passwd",
            "..",
            ".",
            "",
            "a/b",
            "a\\b",
            "C:",
            "con",
            "a\0b",
            "x\n",
            &"ü".repeat(400),
        ] {
            let out = template.file_name(|_| nasty.to_owned());
            let parts: Vec<&str> = out.split('/').collect();
            assert_eq!(parts.len(), 2, "{nasty:?} gave {out:?}");
            for part in parts {
                assert!(
                    !part.is_empty() && !part.starts_with('.') && part.len() <= 160,
                    "{nasty:?} gave {out:?}"
                );
            }
        }
    }

    #[test]
    fn different_values_give_different_names() {
        assert_ne!(clean("a/b"), clean("a_b"));
        assert_ne!(clean("a/b"), clean("a:b"));
        assert_eq!(clean("R-1.2_ß"), "R-1.2_ß");
        let long = "x".repeat(200);
        assert_ne!(bounded(&format!("{long}1")), bounded(&format!("{long}2")));
    }
}
