use std::path::{Path, PathBuf};

/// Whose fault it is that a picture cannot be read or written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PictureErrorKind {
    /// The file is damaged: truncated, corrupt, or contradicting itself.
    Damaged,
    /// The file may be fine, but it is of a kind that is not read.
    Unsupported,
    /// The picture is larger than [`Limits`](super::Limits) allow.
    Limits,
    /// The file cannot be opened, read or written.
    Io(std::io::ErrorKind),
}

/// Why a picture cannot be read or written: which file, why, and what to do about it.
#[derive(Debug, Clone, PartialEq)]
pub struct PictureError {
    pub kind: PictureErrorKind,
    /// Absent when the picture came as bytes.
    pub file: Option<PathBuf>,
    pub why: String,
    pub advice: String,
}

impl PictureError {
    pub(crate) fn damaged(why: impl Into<String>) -> Self {
        Self::new(PictureErrorKind::Damaged, why, "copy or export the picture again")
    }

    pub(crate) fn unsupported(why: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::new(PictureErrorKind::Unsupported, why, advice)
    }

    pub(crate) fn limits(why: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::new(PictureErrorKind::Limits, why, advice)
    }

    pub(crate) fn io(error: &std::io::Error, advice: impl Into<String>) -> Self {
        Self::new(PictureErrorKind::Io(error.kind()), error.to_string(), advice)
    }

    fn new(kind: PictureErrorKind, why: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            kind,
            file: None,
            why: why.into(),
            advice: advice.into(),
        }
    }

    /// Names the file, unless it is named already.
    pub(crate) fn at(mut self, file: &Path) -> Self {
        self.file.get_or_insert_with(|| file.to_owned());
        self
    }
}

impl std::fmt::Display for PictureError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{}: ", file.display())?;
        }
        write!(f, "{}; {}", self.why, self.advice)
    }
}

impl std::error::Error for PictureError {}
