use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clap::Args;

use super::progress::Progress;
use super::{Exit, Global, plan};
use crate::batch::{self, Folder, FolderError, RunEnd, RunOptions, STATE, Shard};
use crate::imaging::Limits;
use crate::pipeline::Pipeline;
use crate::pipeline::line::{Line, groups};
use crate::preset::Plan;
use crate::preset::values::Bytes;

#[derive(Debug, Args)]
pub struct RunArgs {
    /// Preset to run
    #[arg(value_name = "PRESET")]
    pub preset: PathBuf,
    /// Output folder in place of the preset's
    #[arg(short, long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// Do everything again, even what is whole from an earlier run
    #[arg(long)]
    pub force: bool,
    #[command(flatten)]
    pub how: How,
}

/// How a run is run; nothing here changes a picture.
#[derive(Debug, Args)]
pub struct How {
    /// Pictures made at the same time; without it one per processor core
    #[arg(short, long, value_name = "N")]
    pub jobs: Option<usize>,
    /// Memory that open photographs and running jobs may take together
    #[arg(long, value_name = "SIZE", default_value = "2GiB")]
    pub memory: Bytes,
    /// Do part I of N; without it JOB_COMPLETION_INDEX of PARURE_SHARDS if both are set
    #[arg(long, value_name = "I/N")]
    pub shard: Option<Shard>,
    /// Folder for located photographs; without it one inside the output folder
    #[arg(long, value_name = "DIR")]
    pub cache: Option<PathBuf>,
    /// Print one JSON object per picture and line
    #[arg(long)]
    pub json: bool,
    /// Say nothing but errors
    #[arg(short, long)]
    pub quiet: bool,
}

impl How {
    pub fn jobs(&self) -> Result<usize, Exit> {
        match self.jobs {
            Some(0) => Err(Exit::usage("--jobs 0: at least one is needed")),
            Some(n) if n > 512 => Err(Exit::usage(format!("--jobs {n}: at most 512"))),
            Some(n) => Ok(n),
            None => Ok(std::thread::available_parallelism().map_or(1, std::num::NonZero::get)),
        }
    }

    /// The part that this process does. Indexed jobs of Kubernetes count from 0.
    pub fn shard(&self) -> Result<Shard, Exit> {
        if let Some(shard) = self.shard {
            return Ok(shard);
        }
        let (index, count) = (
            std::env::var("JOB_COMPLETION_INDEX"),
            std::env::var("PARURE_SHARDS"),
        );
        match (index, count) {
            (Ok(index), Ok(count)) => {
                let index = index.parse::<u32>().ok().and_then(|i| i.checked_add(1));
                let shard = index.zip(count.parse().ok()).map(|(i, n)| Shard::new(i, n));
                match shard {
                    Some(Ok(shard)) => Ok(shard),
                    _ => Err(Exit::usage(
                        "JOB_COMPLETION_INDEX must be below PARURE_SHARDS, both whole numbers",
                    )),
                }
            }
            (Ok(_), Err(_)) => Err(Exit::usage(
                "JOB_COMPLETION_INDEX is set: set PARURE_SHARDS too, or give --shard",
            )),
            _ => Ok(Shard::ALL),
        }
    }
}

pub fn run(global: &Global, args: &RunArgs) -> Result<(), Exit> {
    let plan = plan::read(&args.preset, args.output.clone())?;
    let stop = super::signals::stop_on_signals()?;
    let end = once(global, &plan, &args.how, args.force, &stop)?;
    finish(&end)
}

/// Runs a plan once.
pub fn once(
    global: &Global,
    plan: &Plan,
    how: &How,
    force: bool,
    stop: &Arc<AtomicBool>,
) -> Result<RunEnd, Exit> {
    let (jobs, shard) = (how.jobs()?, how.shard()?);
    let folder = Folder::take(&plan.folder, shard).map_err(|error| match &error {
        FolderError::Busy(_) => Exit::TryAgain(error.to_string()),
        FolderError::Io { error: io, .. } => Exit::output(io.kind(), error.to_string()),
    })?;
    // Fails when the pool exists already, as it does the second time: it then has the same size.
    rayon::ThreadPoolBuilder::new()
        .num_threads(jobs)
        .build_global()
        .ok();
    let pipeline = Pipeline {
        engine: global.engine()?,
        limits: Limits::default(),
    };
    let (groups, starts) = groups(plan);
    let cache = how
        .cache
        .clone()
        .unwrap_or_else(|| plan.folder.join(STATE).join("located"));
    let line = Line::new(plan, pipeline, starts, Some(cache)).map_err(Exit::usage)?;
    let progress = Progress::new(how.json, how.quiet);
    let options = RunOptions {
        jobs,
        memory: how.memory.0,
        shard,
        force,
        stop,
    };
    let mut end = batch::run(&line, &groups, &folder, &options, &progress)
        .map_err(|error| Exit::output(error.kind(), format!("{}: {error}", plan.folder.display())))?;
    end.summary.name = plan.name.clone();
    end.summary.preset = plan.preset.display().to_string();
    end.write(&folder, shard)
        .map_err(|error| Exit::output(error.kind(), format!("{}: {error}", plan.folder.display())))?;
    progress.end(&end.summary)?;
    Ok(end)
}

/// The exit of a run that has ended.
pub fn finish(end: &RunEnd) -> Result<(), Exit> {
    match (end.summary.exit_code(), &end.summary.halted) {
        (0, _) => Ok(()),
        (75, Some(why)) => Err(Exit::TryAgain(format!("{why}; run again to go on"))),
        _ => Err(Exit::SomeFailed),
    }
}
