use std::io::Write;

use clap::{Args, ValueEnum};

use super::Exit;
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
}

pub fn run(args: &SchemaArgs) -> Result<(), Exit> {
    let schema = match args.of {
        Format::Preset => preset::json_schema(),
        Format::Plan => preset::report::json_schema(),
    };
    let text = serde_json::to_string_pretty(&schema)
        .map_err(|error| Exit::usage(format!("cannot print the schema: {error}")))?;
    writeln!(std::io::stdout(), "{text}").map_err(|error| Exit::stdout(&error))
}
