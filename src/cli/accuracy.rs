use std::path::PathBuf;

use clap::Args;

use super::{Exit, Global};
use crate::accuracy::{self, Options, SceneResult, Source};

#[derive(Debug, Args)]
pub struct AccuracyArgs {
    /// Folder with scenes: people rendered bare and with the real piece on
    #[arg(value_name = "FOLDER")]
    pub folder: PathBuf,
    /// Measure only scenes whose name contains this
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub only: String,
    /// Take portraits' anatomy from ground truth: what is left is the fit's own error
    #[arg(long)]
    pub perfect: bool,
    /// Hang chains of the length that is worn in the scene, where it differs from the length on record
    #[arg(long)]
    pub worn_length: bool,
    /// Write the report to this page
    #[arg(long, value_name = "FILE")]
    pub write: Option<PathBuf>,
    /// Write the dressed pictures into this folder
    #[arg(long, value_name = "DIR")]
    pub pictures: Option<PathBuf>,
}

pub fn run(global: &Global, args: &AccuracyArgs) -> Result<(), Exit> {
    let fail = |what: &str, why: &dyn std::fmt::Display| Exit::usage(format!("{what}: {why}"));
    let folder = args.folder.display().to_string();
    let scenes = accuracy::scenes(&args.folder).map_err(|e| fail(&folder, &e))?;
    let engine = global.engine()?;
    if let Some(dir) = &args.pictures {
        std::fs::create_dir_all(dir).map_err(|e| fail(&dir.display().to_string(), &e))?;
    }
    let options = Options {
        source: if args.perfect {
            Source::Perfect
        } else {
            Source::Located(engine.as_ref())
        },
        worn_length: args.worn_length,
        pictures: args.pictures.as_deref(),
    };
    let mut results: Vec<SceneResult> = Vec::new();
    for scene in scenes {
        let name = scene
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if !name.contains(args.only.as_str()) {
            continue;
        }
        match accuracy::measure(&scene, &options) {
            Ok(result) => {
                eprintln!("{}", accuracy::line(&result));
                results.push(result);
            }
            Err(error) => eprintln!("{name}: {error}"),
        }
    }
    if results.is_empty() {
        return Err(Exit::usage(format!("{folder}: no scene could be measured")));
    }
    print!("{}", accuracy::table(&accuracy::total(&results)));
    if let Some(page) = &args.write {
        std::fs::write(page, accuracy::markdown(&results, args.worn_length))
            .map_err(|e| fail(&page.display().to_string(), &e))?;
    }
    Ok(())
}
