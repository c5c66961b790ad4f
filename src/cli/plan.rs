use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;

use super::Exit;
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
    /// List everything, not only the first lines
    #[arg(long)]
    all: bool,
}

/// Lines of each table unless all are asked for.
const ROWS: usize = 12;

pub fn run(args: &PlanArgs) -> Result<(), Exit> {
    let plan = read(&args.preset, args.output.clone())?;
    let report = PlanReport::new(&plan);
    let text = if args.json {
        let json = serde_json::to_string_pretty(&report);
        json.map_err(|error| Exit::usage(format!("cannot print the plan: {error}")))? + "\n"
    } else {
        report.page(if args.all { usize::MAX } else { ROWS })
    };
    std::io::stdout()
        .write_all(text.as_bytes())
        .map_err(|error| Exit::stdout(&error))
}

/// Plans a preset, or ends with every error in it.
pub fn read(preset: &Path, folder: Option<PathBuf>) -> Result<Plan, Exit> {
    preset::plan(preset, &Options { folder }).map_err(|issues| {
        let s = if issues.len() == 1 { "" } else { "s" };
        Exit::usage(format!(
            "{}: {} error{s}\n{issues}",
            preset.display(),
            issues.len()
        ))
    })
}
