use std::path::PathBuf;

use clap::Args;

use super::how::{How, Part, Runner, Which};
use super::progress::{Progress, Voice};
use super::{Exit, Global, plan};
use crate::batch::RunEnd;

#[derive(Debug, Args)]
pub struct RunArgs {
    /// Preset to run
    #[arg(value_name = "PRESET")]
    preset: PathBuf,
    /// Output folder in place of the preset's
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Do everything again, even what is whole from an earlier run
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    part: Part,
    #[command(flatten)]
    how: How,
    #[command(flatten)]
    voice: Voice,
}

pub fn run(global: &Global, args: &RunArgs) -> Result<(), Exit> {
    let plan = plan::read(&args.preset, args.output.clone())?;
    let which = Which {
        shard: args.part.shard()?,
        force: args.force,
        only: None,
    };
    let stop = super::signals::stop_on_signals()?;
    let runner = Runner::new(global, &args.how)?;
    let progress = Progress::new(&args.voice);
    progress.announce(&plan);
    let end = runner.run(&plan, &which, &stop, &progress)?;
    progress.end(&end.summary)?;
    finish(&end)
}

/// The exit of a run that has ended.
pub fn finish(end: &RunEnd) -> Result<(), Exit> {
    match (end.summary.exit_code(), &end.summary.halted) {
        (0, _) => Ok(()),
        (75, Some(why)) => Err(Exit::TryAgain(format!("{why}; run again to go on"))),
        _ => Err(Exit::SomeFailed),
    }
}
