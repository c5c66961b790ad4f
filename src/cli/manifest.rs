use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;

use super::Exit;
use crate::batch::{csv, read_all};

#[derive(Debug, Args)]
pub struct ManifestArgs {
    /// Output folder of a run, or its preset
    #[arg(value_name = "FOLDER_OR_PRESET")]
    of: PathBuf,
    /// Print a table for spreadsheets, DAM and PIM instead of one JSON object per line
    #[arg(long)]
    csv: bool,
}

/// Prints the manifest of a folder; those of shards together, as one run would have written it but for the order.
pub fn run(args: &ManifestArgs) -> Result<(), Exit> {
    let folder = folder(&args.of)?;
    let records = read_all(&folder).map_err(|error| Exit::usage(format!("{}: {error}", folder.display())))?;
    if records.is_empty() {
        return Err(Exit::usage(format!(
            "{}: no manifest of a run lies here",
            folder.display()
        )));
    }
    let text = if args.csv {
        csv::table(records.values())
    } else {
        let lines: Result<String, _> = records
            .values()
            .map(|record| serde_json::to_string(record).map(|line| line + "\n"))
            .collect();
        lines.map_err(|error| Exit::usage(format!("cannot print the manifest: {error}")))?
    };
    std::io::stdout()
        .write_all(text.as_bytes())
        .map_err(|error| Exit::stdout(&error))
}

fn folder(of: &Path) -> Result<PathBuf, Exit> {
    if of.is_dir() {
        return Ok(of.to_path_buf());
    }
    super::plan::read(of, None).map(|plan| plan.folder)
}
