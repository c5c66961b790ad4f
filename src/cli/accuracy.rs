use std::path::{Path, PathBuf};

use clap::Args;

use super::{Exit, Global};
use crate::accuracy::{self, Options, Report, SceneResult};
use crate::product::Kind;

/// Where the page goes that a whole run writes.
const PAGE: &str = "docs/accuracy.md";

#[derive(Debug, Args)]
pub struct AccuracyArgs {
    /// Folder with scenes: people rendered bare and with the real piece on
    #[arg(value_name = "FOLDER")]
    pub folder: PathBuf,
    /// Measure only scenes whose name contains this
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub scene: String,
    /// Measure only this kind of jewelry
    #[arg(long, value_name = "KIND", value_parser = kind)]
    pub kind: Option<Kind>,
    /// Take the body parts from ground truth: what is left is the fit's own error
    #[arg(long)]
    pub known: bool,
    /// Hang chains of the length that is worn in the scene, where it differs from the length on record
    #[arg(long)]
    pub worn_length: bool,
    /// Measure light, shadow and edge instead of place: the worn picture's own jewelry is laid on the bare one
    #[arg(long, conflicts_with_all = ["known", "worn_length", "kind"])]
    pub light: bool,
    /// Measure the pass over the seam: the band of skin around the worn picture's own jewelry, before and after
    #[arg(long, conflicts_with_all = ["known", "worn_length", "light", "kind"])]
    pub seam: bool,
    /// With --seam: the model of the band in place of the program's own
    #[arg(long, value_name = "FILE", requires = "seam")]
    pub band: Option<PathBuf>,
    /// With --seam: write pairs to train the model of the band on into this folder, and measure nothing
    #[arg(long, value_name = "DIR", requires = "seam")]
    pub pairs: Option<PathBuf>,
    /// Time the fit at 2048 pixels (a run over everything does); with --light, the rendering; with --seam, the pass
    #[arg(long)]
    pub time: bool,
    /// Write the report to this page; a run over everything writes docs/accuracy.md
    #[arg(long, value_name = "FILE")]
    pub write: Option<PathBuf>,
    /// Write each dressed picture, the worn one and both outlines, side by side, into this folder; with --light: without
    /// light, with it, and worn; with --seam: before, after and worn
    #[arg(long, value_name = "DIR")]
    pub pictures: Option<PathBuf>,
}

fn kind(text: &str) -> Result<Kind, String> {
    serde_json::from_value(text.into())
        .map_err(|_| "one of earring, necklace, ring, bracelet, watch".to_owned())
}

impl AccuracyArgs {
    /// Nothing is left out and nothing is helped.
    fn whole(&self) -> bool {
        self.scene.is_empty() && self.kind.is_none() && !self.known
    }

    fn command(&self) -> String {
        let mut words = vec!["parure accuracy FOLDER".to_owned()];
        if !self.scene.is_empty() {
            words.push(format!("--scene {}", self.scene));
        }
        if let Some(kind) = self.kind {
            words.push(format!("--kind {}", format!("{kind:?}").to_lowercase()));
        }
        let flags = [
            (self.known, "--known"),
            (self.worn_length, "--worn-length"),
            (self.time, "--time"),
        ];
        words.extend(flags.iter().filter(|(on, _)| *on).map(|(_, f)| (*f).to_owned()));
        words.join(" ")
    }
}

pub fn run(global: &Global, args: &AccuracyArgs) -> Result<(), Exit> {
    if args.seam {
        return super::accuracy_seam::run(global, args);
    }
    if args.light {
        return super::accuracy_light::run(global, args);
    }
    let folder = args.folder.display().to_string();
    let scenes = accuracy::scenes(&args.folder).map_err(|e| fail(&folder, &e))?;
    let engine = global.engine()?;
    if let Some(dir) = &args.pictures {
        std::fs::create_dir_all(dir).map_err(|e| fail(&dir.display().to_string(), &e))?;
    }
    let page = args
        .write
        .clone()
        .or_else(|| args.whole().then(|| PathBuf::from(PAGE)));
    let options = Options {
        engine: engine.as_ref(),
        known: args.known,
        worn_length: args.worn_length,
        kind: args.kind,
        time: args.time || args.whole(),
        pictures: args.pictures.as_deref(),
    };
    let mut report = Report {
        command: args.command(),
        located: Vec::new(),
        known: Vec::new(),
        bad: Vec::new(),
        worn_length: args.worn_length,
    };
    for scene in scenes.iter().filter(|s| name(s).contains(&args.scene)) {
        match accuracy::measure(scene, &options) {
            Ok(result) => {
                if !result.figures.rows().is_empty() {
                    eprintln!("{}", accuracy::line(&result));
                    report.located.push(result);
                }
            }
            Err(error) => {
                eprintln!("{}: {error}", name(scene));
                report.bad.push(format!("{}: {error}", name(scene)));
                continue;
            }
        }
        if page.is_some() && !args.known {
            report.known.extend(known(scene, &options));
        }
    }
    if report.located.is_empty() {
        return Err(Exit::usage(format!("{folder}: no scene could be measured")));
    }
    print!("{}", accuracy::table(&accuracy::total(&report.located)));
    if let Some(page) = &page {
        write(page, &accuracy::markdown(&report)).map_err(|e| fail(&page.display().to_string(), &e))?;
    }
    Ok(())
}

/// The scene again with its body parts known; what could be measured before can be again.
fn known(scene: &Path, options: &Options) -> Option<SceneResult> {
    let options = Options {
        known: true,
        pictures: None,
        ..*options
    };
    accuracy::measure(scene, &options).ok()
}

fn name(scene: &Path) -> String {
    scene
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

fn write(page: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = page.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(page, text)
}

fn fail(what: &str, why: &dyn std::fmt::Display) -> Exit {
    Exit::usage(format!("{what}: {why}"))
}
