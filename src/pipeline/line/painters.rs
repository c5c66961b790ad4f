//! The engines that a plan's composites are repainted by, each loaded once.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};

use crate::infer::Engine;
use crate::inpaint::sd::{SchedulerKind, SdSettings};
use crate::inpaint::{Choice, Painter};
use crate::preset::Plan;
use crate::preset::settings::{Inpaint, InpaintEngine, InpaintWord, Settings};

/// Parts of an export whose files decide what it paints.
const PARTS: [&str; 6] = [
    "unet",
    "vae_encoder",
    "vae_decoder",
    "text_encoder",
    "tokenizer",
    "scheduler",
];

pub struct Painters {
    opened: Vec<(Choice, Arc<dyn Painter>)>,
    /// What the weights are, for the keys of results; nothing where nothing is repainted.
    pub fingerprint: Option<Value>,
}

impl Painters {
    /// Loads what the plan's composites ask for.
    ///
    /// # Errors
    /// A sentence that names the look.
    pub fn open(plan: &Plan, engine: &Arc<dyn Engine>) -> Result<Self, String> {
        let mut painters = Self {
            opened: Vec::new(),
            fingerprint: None,
        };
        let mut weights = Vec::new();
        for base in &plan.bases {
            let fail = |why: String| format!("`{}`: {why}", base.look);
            let choice = choice(&base.settings).map_err(fail)?;
            if painters.opened.iter().any(|(known, _)| *known == choice) {
                continue;
            }
            if let Some(painter) = choice.open(engine).map_err(fail)? {
                weights.push(fingerprint(&choice).map_err(fail)?);
                painters.opened.push((choice, painter));
            }
        }
        if !weights.is_empty() {
            painters.fingerprint = Some(json!(weights));
        }
        Ok(painters)
    }

    /// The one for a composite.
    pub fn of(&self, settings: &Settings) -> Option<&dyn Painter> {
        let choice = choice(settings).ok()?;
        let found = self.opened.iter().find(|(known, _)| *known == choice);
        found.map(|(_, painter)| painter.as_ref())
    }
}

fn choice(settings: &Settings) -> Result<Choice, String> {
    let engine = match &settings.inpaint {
        Some(Inpaint::Word(InpaintWord::Off)) => return Ok(Choice::Off),
        None => return Ok(Choice::usual(settings.shadow.as_ref().map_or(1.0, |s| s.0))),
        Some(Inpaint::Word(InpaintWord::Band)) => {
            return Ok(Choice::Band {
                path: None,
                steps: None,
            });
        }
        Some(Inpaint::Engine(engine)) => engine,
    };
    let path = engine.path.as_ref().map(|path| path.resolved());
    let steps = engine
        .steps
        .map(|steps| usize::try_from(steps).unwrap_or(usize::MAX));
    match engine.engine {
        InpaintEngine::Band => Ok(Choice::Band { path, steps }),
        InpaintEngine::Sd => {
            let path = path.ok_or("inpaint: `sd` needs the `path` of an export")?;
            let usual = SdSettings::new(path);
            let scheduler = match &engine.scheduler {
                None => None,
                Some(name) => Some(SchedulerKind::parse(name).ok_or_else(|| {
                    let names = SchedulerKind::NAMES.map(|(name, _)| name).join(", ");
                    format!("inpaint: `{name}` is no scheduler: {names}")
                })?),
            };
            Ok(Choice::Sd(Box::new(SdSettings {
                prompt: engine.prompt.clone().unwrap_or(usual.prompt),
                negative_prompt: engine.negative_prompt.clone().unwrap_or(usual.negative_prompt),
                steps: steps.unwrap_or(usual.steps),
                strength: engine.strength.map_or(usual.strength, |v| v.0),
                guidance: engine.guidance.map_or(usual.guidance, |v| v.0),
                scheduler,
                path: usual.path,
            })))
        }
    }
}

/// BLAKE3 of all files that count.
fn fingerprint(choice: &Choice) -> Result<Value, String> {
    let mut files: Vec<PathBuf> = Vec::new();
    match choice {
        Choice::Off => {}
        // The program's own weights are told with its other models.
        Choice::Band { path, .. } => files.extend(path.clone()),
        Choice::Sd(settings) => {
            files.push(settings.path.join("model_index.json"));
            for part in PARTS {
                let folder = settings.path.join(part);
                let entries = std::fs::read_dir(&folder).map_err(|e| unreadable(&folder, &e))?;
                for entry in entries {
                    let path = entry.map_err(|e| unreadable(&folder, &e))?.path();
                    if path.is_file() {
                        files.push(path);
                    }
                }
            }
        }
    }
    files.sort();
    let mut hasher = blake3::Hasher::new();
    for path in &files {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let size = std::fs::metadata(path).map_err(|e| unreadable(path, &e))?.len();
        hasher.update(format!("{name} {size}\n").as_bytes());
        let file = std::fs::File::open(path).map_err(|e| unreadable(path, &e))?;
        hasher.update_reader(file).map_err(|e| unreadable(path, &e))?;
    }
    Ok(json!(hasher.finalize().to_hex().as_str()))
}

fn unreadable(path: &Path, error: &std::io::Error) -> String {
    format!("{}: {error}", path.display())
}
