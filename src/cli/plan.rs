use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;

use super::Exit;
use crate::pipeline::line::shard_key;
use crate::preset::report::PlanReport;
use crate::preset::{self, Options, Plan};

#[derive(Debug, Args)]
pub struct PlanArgs {
    /// Preset to plan
    #[arg(value_name = "PRESET")]
    preset: PathBuf,
    /// Output folder in place of the preset's
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// Print one job for `parure work` per look and model, as NDJSON
    #[arg(long, conflicts_with = "json")]
    jobs: bool,
    /// List everything, not only the first lines
    #[arg(long)]
    all: bool,
}

/// Lines of each table unless all are asked for.
const ROWS: usize = 12;

pub fn run(args: &PlanArgs) -> Result<(), Exit> {
    let plan = read(&args.preset, args.output.clone())?;
    let report = PlanReport::new(&plan);
    let text = if args.jobs {
        jobs(&plan, args.output.as_deref())
    } else if args.json {
        let json = serde_json::to_string_pretty(&report);
        json.map_err(|error| Exit::usage(format!("cannot print the plan: {error}")))? + "\n"
    } else {
        report.page(if args.all { usize::MAX } else { ROWS })
    };
    std::io::stdout()
        .write_all(text.as_bytes())
        .map_err(|error| Exit::stdout(&error))
}

/// Jobs that together make what a run would.
fn jobs(plan: &Plan, output: Option<&Path>) -> String {
    let mut told = BTreeSet::new();
    let mut text = String::new();
    for base in &plan.bases {
        let model = plan.photos.get(base.photo).map_or("", |photo| photo.id.as_str());
        let id = shard_key(&base.look, model);
        if !told.insert(id.clone()) {
            continue;
        }
        let mut job =
            serde_json::json!({ "id": id, "preset": plan.preset, "look": base.look, "model": model });
        if let Some(output) = output {
            job["output"] = output.display().to_string().into();
        }
        text += &format!("{job}\n");
    }
    text
}

/// Plans a preset, or ends with every error in it.
pub fn read(preset: &Path, folder: Option<PathBuf>) -> Result<Plan, Exit> {
    preset::plan(preset, &Options { folder }).map_err(|issues| Exit::usage(refused(preset, &issues)))
}

/// What is wrong with a preset, for people.
pub fn refused(preset: &Path, issues: &preset::Issues) -> String {
    let s = if issues.len() == 1 { "" } else { "s" };
    format!("{}: {} error{s}\n{issues}", preset.display(), issues.len())
}
