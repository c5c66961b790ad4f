use std::io::Write;

use clap::Args;
use serde_json::json;

use super::{Exit, Global};
use crate::infer::manifest;

#[derive(Debug, Args)]
pub struct ModelsArgs {
    /// Print one JSON object per model and line
    #[arg(long)]
    json: bool,
}

pub fn run(global: &Global, args: &ModelsArgs) -> Result<(), Exit> {
    let checked =
        manifest::verify(global.models.as_deref()).map_err(|error| Exit::usage(error.to_string()))?;
    let mut sound = true;
    let mut out = std::io::stdout().lock();
    for model in &checked {
        let line = if args.json {
            json!({
                "name": model.entry.name,
                "place": model.place,
                "sha256": model.entry.sha256,
                "bytes": model.result.as_ref().ok(),
                "error": model.result.as_ref().err().map(ToString::to_string),
            })
            .to_string()
        } else {
            let state = match &model.result {
                Ok(bytes) => format!("{bytes:>9} bytes, intact"),
                Err(error) => format!("UNUSABLE: {error}"),
            };
            format!("{:<34} {:<9} {state}", model.entry.name, model.place)
        };
        sound &= model.result.is_ok();
        writeln!(out, "{line}").map_err(|error| Exit::stdout(&error))?;
    }
    if sound { Ok(()) } else { Err(Exit::SomeFailed) }
}
