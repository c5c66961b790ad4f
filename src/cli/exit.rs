use std::path::Path;
use std::process::ExitCode;

use crate::imaging::{PictureError, PictureErrorKind};

/// How a command ends when not everything is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exit {
    /// Some jobs failed or were rejected; each has been reported.
    SomeFailed,
    /// The command, the preset or what they name is wrong.
    Usage(String),
    /// The machine could not: disk full, out of memory.
    TryAgain(String),
    /// Another run has the output folder.
    Busy(String),
}

impl Exit {
    pub fn usage(message: impl Into<String>) -> Self {
        Self::Usage(message.into())
    }

    /// An I/O failure of our own output: a full disk is worth another try, the rest is not.
    pub fn output(kind: std::io::ErrorKind, message: String) -> Self {
        use std::io::ErrorKind::{OutOfMemory, QuotaExceeded, StorageFull};
        match kind {
            StorageFull | QuotaExceeded | OutOfMemory => Self::TryAgain(message),
            _ => Self::Usage(message),
        }
    }

    /// A picture that could not be written.
    pub fn picture(error: &PictureError) -> Self {
        match error.kind {
            PictureErrorKind::Io(kind) => Self::output(kind, error.to_string()),
            _ => Self::Usage(error.to_string()),
        }
    }

    /// Nobody can read standard output any more.
    pub fn stdout(error: &std::io::Error) -> Self {
        Self::output(error.kind(), format!("standard output: {error}"))
    }

    /// Makes an output folder.
    pub fn create_folder(folder: &Path) -> Result<(), Self> {
        std::fs::create_dir_all(folder)
            .map_err(|error| Self::output(error.kind(), format!("{}: {error}", folder.display())))
    }

    /// What there is to say.
    pub fn message(&self) -> Option<String> {
        match self {
            Self::SomeFailed => None,
            Self::Usage(message) | Self::TryAgain(message) | Self::Busy(message) => Some(message.clone()),
        }
    }

    pub fn code(&self) -> u8 {
        match self {
            Self::SomeFailed => 1,
            Self::Usage(_) => 2,
            Self::TryAgain(_) | Self::Busy(_) => 75,
        }
    }
}

/// Prints the end's message and gives its exit code.
pub fn report(end: Result<(), Exit>) -> ExitCode {
    match end {
        Ok(()) => ExitCode::SUCCESS,
        Err(exit) => {
            if let Some(message) = exit.message() {
                eprintln!("error: {message}");
            }
            ExitCode::from(exit.code())
        }
    }
}
