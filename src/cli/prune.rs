use std::collections::BTreeSet;
use std::io::Write;
use std::path::PathBuf;

use clap::Args;

use super::{Exit, how, plan};
use crate::batch::{Folder, Shard, prune, read_all, stale};

#[derive(Debug, Args)]
pub struct PruneArgs {
    /// Preset whose output folder is looked at
    #[arg(value_name = "PRESET")]
    preset: PathBuf,
    /// Output folder in place of the preset's
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Delete what is listed; without it nothing is touched
    #[arg(long)]
    delete: bool,
    /// Print one JSON object per file and line
    #[arg(long)]
    json: bool,
}

/// Lists the pictures that earlier plans made and this one does not name, and deletes them when told to. A file whose
/// content is not what the manifest says was changed by someone: it is listed and never deleted.
pub fn run(args: &PruneArgs) -> Result<(), Exit> {
    let plan = plan::read(&args.preset, args.output.clone())?;
    if !plan.folder.is_dir() {
        return Ok(());
    }
    let folder = Folder::take(&plan.folder, Shard::ALL).map_err(how::folder_exit)?;
    let planned: BTreeSet<&str> = plan
        .bases
        .iter()
        .flat_map(|base| base.outputs.iter().map(|output| output.path.as_str()))
        .collect();
    let failed = |error: std::io::Error| how::unwritable(&plan.folder, &error);
    let earlier = read_all(&plan.folder).map_err(failed)?;
    let found = stale(&folder, &earlier, &planned);
    let deleted: BTreeSet<String> = if args.delete {
        prune(&folder, &found).map_err(failed)?.into_iter().collect()
    } else {
        BTreeSet::new()
    };
    let mut out = std::io::stdout().lock();
    for one in &found {
        let deleted = deleted.contains(&one.path);
        let line = if args.json {
            serde_json::json!({ "path": one.path, "changed_by_others": !one.ours, "deleted": deleted })
                .to_string()
        } else {
            let note = match (one.ours, deleted) {
                (false, _) => "  (changed since: kept)",
                (true, true) => "  (deleted)",
                (true, false) => "",
            };
            format!("{}{note}", one.path)
        };
        writeln!(out, "{line}").map_err(|error| Exit::stdout(&error))?;
    }
    Ok(())
}
