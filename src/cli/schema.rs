use std::io::Write;

use clap::{Args, ValueEnum};
use schemars::schema_for;

use super::Exit;
use super::work::{Job, JobResult};
use crate::batch::{Record, Summary};
use crate::preset;

#[derive(Debug, Args)]
pub struct SchemaArgs {
    /// Which format
    #[arg(value_enum, default_value_t = Format::Preset)]
    of: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Presets, for editors that complete and check YAML
    Preset,
    /// `parure plan --json`
    Plan,
    /// One line of `manifest.jsonl`
    Manifest,
    /// `summary.json`
    Summary,
    /// One line that `parure work` reads
    Job,
    /// One line that `parure work` writes
    Result,
}

pub fn run(args: &SchemaArgs) -> Result<(), Exit> {
    let schema = match args.of {
        Format::Preset => preset::json_schema(),
        Format::Plan => preset::report::json_schema(),
        Format::Manifest => schema_for!(Record).to_value(),
        Format::Summary => schema_for!(Summary).to_value(),
        Format::Job => schema_for!(Job).to_value(),
        Format::Result => schema_for!(JobResult).to_value(),
    };
    let text = serde_json::to_string_pretty(&schema)
        .map_err(|error| Exit::usage(format!("cannot print the schema: {error}")))?;
    writeln!(std::io::stdout(), "{text}").map_err(|error| Exit::stdout(&error))
}
