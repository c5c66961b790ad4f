//! What is wrong with a preset, and where.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// A place in a preset or catalogue; lines and columns count from 1, columns in characters.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    pub file: Arc<Path>,
    pub line: u32,
    pub column: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file.display(), self.line, self.column)
    }
}

/// A value with the place it was read from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct At<T> {
    pub value: T,
    pub place: Place,
}

impl<T> At<T> {
    pub fn new(value: T, place: Place) -> Self {
        Self { value, place }
    }
}

impl<T> std::ops::Deref for At<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.value
    }
}

/// One error in a preset.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Issue {
    pub place: Place,
    /// What is wrong, with the offending value.
    pub message: String,
    /// What was probably meant, or what to do.
    pub hint: Option<String>,
}

impl fmt::Display for Issue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)?;
        match &self.hint {
            Some(hint) => write!(f, " ({hint})"),
            None => Ok(()),
        }
    }
}

/// Errors that are kept; one more line says how many there were beyond.
const KEPT: usize = 200;

/// Errors collected while the reading goes on.
#[derive(Clone, Default, Debug)]
pub struct Issues {
    list: Vec<Issue>,
    beyond: usize,
}

impl Issues {
    pub fn push(&mut self, place: &Place, message: impl Into<String>) {
        self.add(place, message.into(), None);
    }

    pub fn hint(&mut self, place: &Place, message: impl Into<String>, hint: impl Into<String>) {
        self.add(place, message.into(), Some(hint.into()));
    }

    /// `what` is not one of `known`: says so, with the nearest name when one is near.
    pub fn unknown<'k>(
        &mut self,
        place: &Place,
        what: &str,
        given: &str,
        known: impl IntoIterator<Item = &'k str>,
    ) {
        let known: Vec<&str> = known.into_iter().collect();
        let hint = match nearest(given, &known) {
            Some(near) => Some(format!("did you mean `{near}`?")),
            None if known.is_empty() => None,
            None if known.len() <= 12 => Some(format!("known: {}", known.join(", "))),
            None => Some(format!("{} are known, none is like it", known.len())),
        };
        self.add(place, format!("{what} `{}`", shorten(given)), hint);
    }

    fn add(&mut self, place: &Place, message: String, hint: Option<String>) {
        if self.list.len() == KEPT {
            self.beyond += 1;
            return;
        }
        self.list.push(Issue {
            place: place.clone(),
            message,
            hint,
        });
    }

    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub fn len(&self) -> usize {
        self.list.len() + self.beyond
    }

    pub fn iter(&self) -> impl Iterator<Item = &Issue> {
        self.list.iter()
    }

    /// Sorts by place, so that the list reads like the file.
    pub fn sorted(mut self) -> Self {
        self.list.sort_by(|a, b| {
            (&a.place.file, a.place.line, a.place.column).cmp(&(&b.place.file, b.place.line, b.place.column))
        });
        self.list.dedup();
        self
    }
}

impl fmt::Display for Issues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, issue) in self.list.iter().enumerate() {
            if i > 0 {
                writeln!(f)?;
            }
            write!(f, "{issue}")?;
        }
        if self.beyond > 0 {
            write!(f, "\n… and {} more", self.beyond)?;
        }
        Ok(())
    }
}

impl std::error::Error for Issues {}

/// The known name that is nearest to `given`, if it is near enough to be a slip.
pub fn nearest<'k>(given: &str, known: &[&'k str]) -> Option<&'k str> {
    // The distance costs |given| × |known|: nobody mistypes a name of this length.
    if given.len() > 80 {
        return None;
    }
    let folded = given.to_lowercase().replace('-', "_");
    known
        .iter()
        .map(|name| {
            (
                strsim::damerau_levenshtein(&folded, &name.to_lowercase().replace('-', "_")),
                *name,
            )
        })
        .filter(|(distance, name)| *distance <= (name.chars().count().max(folded.chars().count()) / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
        // `width` for `width_mm`: the beginning of exactly one name.
        .or_else(|| {
            let mut begin = known
                .iter()
                .filter(|name| folded.len() >= 3 && name.starts_with(&folded));
            begin.next().filter(|_| begin.next().is_none()).copied()
        })
}

/// A value as an error quotes it: on one line, not too long.
pub fn shorten(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut short: String = text
        .chars()
        .take(LONGEST)
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect();
    if text.chars().nth(LONGEST).is_some() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_name() {
        let known = ["width_mm", "height_mm", "kind", "file"];
        assert_eq!(nearest("widht_mm", &known), Some("width_mm"));
        assert_eq!(nearest("width-mm", &known), Some("width_mm"));
        assert_eq!(nearest("Kind", &known), Some("kind"));
        assert_eq!(nearest("colour", &known), None);
    }

    #[test]
    fn quoted_values_stay_on_one_line() {
        assert_eq!(shorten("a\nb"), "a\u{fffd}b");
        assert_eq!(shorten(&"x".repeat(61)).chars().count(), 61);
    }

    #[test]
    fn more_errors_than_a_reader_can_take_are_counted() {
        let place = Place {
            file: Path::new("p.yaml").into(),
            line: 1,
            column: 1,
        };
        let mut issues = Issues::default();
        for i in 0..KEPT + 3 {
            issues.push(&place, format!("{i}"));
        }
        assert_eq!(issues.len(), KEPT + 3);
        assert!(issues.to_string().ends_with("… and 3 more"));
    }
}
