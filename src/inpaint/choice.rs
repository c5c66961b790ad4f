//! Which engine is to repaint, as presets and the command line name it.

use std::path::PathBuf;
use std::sync::Arc;

use super::Painter;
use super::compact::Compact;
use super::sd::{Sd, SdSettings};
use crate::infer::Engine;

/// What is asked for.
#[derive(Debug, Clone, PartialEq)]
pub enum Choice {
    /// The composite as it is.
    Off,
    /// The compact model: the program's own, or one from a file.
    Band {
        path: Option<PathBuf>,
        steps: Option<usize>,
    },
    /// A Stable Diffusion export.
    Sd(Box<SdSettings>),
}

impl Choice {
    /// The program's own model, when no engine is named. Who wants no shadow wants none from the seam either.
    pub fn usual(shadow_strength: f64) -> Self {
        if shadow_strength <= 0.0 {
            return Self::Off;
        }
        Self::Band {
            path: None,
            steps: None,
        }
    }

    /// Loads what is asked for; `None` when nothing is to be repainted.
    ///
    /// # Errors
    /// One line: why the engine cannot be had.
    pub fn open(&self, engine: &Arc<dyn Engine>) -> Result<Option<Arc<dyn Painter>>, String> {
        match self {
            Self::Off => Ok(None),
            Self::Band { path: None, steps } => {
                let own = Compact::own(steps.unwrap_or(Compact::STEPS), engine.clone());
                Ok(Some(Arc::new(own)))
            }
            Self::Band {
                path: Some(path),
                steps,
            } => Compact::open(path, steps.unwrap_or(Compact::STEPS), engine.as_ref())
                .map(|painter| Some(Arc::new(painter) as Arc<dyn Painter>))
                .map_err(|e| e.to_string()),
            Self::Sd(settings) => Sd::open(settings, engine.as_ref())
                .map(|painter| Some(Arc::new(painter) as Arc<dyn Painter>))
                .map_err(|e| e.to_string()),
        }
    }
}
