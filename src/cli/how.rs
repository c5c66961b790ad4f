//! How a preset is run on this machine, shared by every command that makes pictures.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use clap::Args;
use serde_json::Value;

use super::{Exit, Global};
use crate::batch::{self, Base, Folder, FolderError, Missed, RunEnd, RunOptions, STATE, Shard, Watcher};
use crate::imaging::Limits;
use crate::pipeline::Pipeline;
use crate::pipeline::line::{Line, groups, made_by};
use crate::preset::Plan;
use crate::preset::values::Bytes;
use crate::qa::Check;

/// How work is done; nothing here changes a picture.
#[derive(Debug, Args)]
pub struct How {
    /// Pictures made at the same time; without it one per processor core
    #[arg(short, long, value_name = "N")]
    pub jobs: Option<usize>,
    /// Memory that open photographs and running jobs may take together
    #[arg(long, value_name = "SIZE", default_value = "2GiB")]
    pub memory: Bytes,
    /// Folder for located photographs; without it one inside the output folder
    #[arg(long, value_name = "DIR")]
    pub cache: Option<PathBuf>,
}

/// The part of a preset that this process does.
#[derive(Debug, Args)]
pub struct Part {
    /// Do part I of N; without it JOB_COMPLETION_INDEX of PARURE_SHARDS if both are set
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,
}

impl Part {
    /// Indexed jobs of Kubernetes count from 0.
    pub fn shard(&self) -> Result<Shard, Exit> {
        if let Some(shard) = self.shard {
            return Ok(shard);
        }
        let index = std::env::var("JOB_COMPLETION_INDEX").ok();
        let count = std::env::var("PARURE_SHARDS").ok();
        shard_of(index.as_deref(), count.as_deref()).map_err(Exit::usage)
    }
}

fn shard_of(index: Option<&str>, count: Option<&str>) -> Result<Shard, String> {
    let Some(index) = index else {
        return Ok(Shard::ALL);
    };
    let Some(count) = count else {
        return Err(
            "JOB_COMPLETION_INDEX is set: set PARURE_SHARDS to the number of parts, or give --shard".into(),
        );
    };
    let numbers = index
        .parse::<u32>()
        .ok()
        .and_then(|i| i.checked_add(1))
        .zip(count.parse().ok());
    numbers
        .and_then(|(index, count)| Shard::new(index, count).ok())
        .ok_or_else(|| "JOB_COMPLETION_INDEX must be below PARURE_SHARDS, both whole numbers".into())
}

/// Which outputs of a plan are made.
pub struct Which<'a> {
    pub shard: Shard,
    /// Even those that are whole from an earlier run.
    pub force: bool,
    /// Only these composites, when given.
    pub only: Option<&'a (dyn Fn(&Base) -> bool + Sync)>,
}

/// Memory for products that are kept for the next composite: so much a thread, and no more than one part in so many of
/// all that there is.
const PRODUCT_ROOM: u64 = 48 << 20;
const PRODUCT_SHARE: u64 = 8;

/// What is set up once and runs any number of plans.
pub struct Runner {
    pipeline: Pipeline,
    made_by: Value,
    jobs: usize,
    memory: u64,
    cache: Option<PathBuf>,
}

impl Runner {
    pub fn new(global: &Global, how: &How) -> Result<Self, Exit> {
        let jobs = match how.jobs {
            Some(0) => return Err(Exit::usage("--jobs 0: at least one is needed")),
            Some(n) if n > 512 => return Err(Exit::usage(format!("--jobs {n}: at most 512"))),
            Some(n) => n,
            None => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        };
        // Fails only when the pool exists already; it then has the same size.
        rayon::ThreadPoolBuilder::new()
            .num_threads(jobs)
            .build_global()
            .ok();
        let engine = global.engine()?;
        let made_by = made_by(engine.as_ref(), global.models.as_deref())
            .map_err(|error| Exit::usage(format!("cannot start the models: {error}")))?;
        Ok(Self {
            pipeline: Pipeline {
                engine,
                limits: Limits::default(),
            },
            made_by,
            jobs,
            memory: how.memory.0,
            cache: how.cache.clone(),
        })
    }

    /// Pictures made at the same time.
    pub fn jobs(&self) -> usize {
        self.jobs
    }

    /// `room` is the memory, bytes, for products that are kept.
    fn line<'p>(&self, plan: &'p Plan, room: u64) -> Result<Line<'p>, Exit> {
        let cache = self
            .cache
            .clone()
            .unwrap_or_else(|| plan.folder.join(STATE).join("located"));
        let (pipeline, made_by) = (self.pipeline.clone(), self.made_by.clone());
        Line::new(plan, pipeline, made_by, Some(cache), room).map_err(Exit::usage)
    }

    /// Bytes for products that are kept, all threads together.
    fn room(&self) -> u64 {
        (self.jobs as u64 * PRODUCT_ROOM).min(self.memory / PRODUCT_SHARE)
    }

    /// Runs a plan, or its part, and writes manifest and summary.
    pub fn run(
        &self,
        plan: &Plan,
        which: &Which,
        stop: &AtomicBool,
        watcher: &dyn Watcher,
    ) -> Result<RunEnd, Exit> {
        let line = self.line(plan, self.room())?;
        let folder = Folder::take(&plan.folder, which.shard).map_err(folder_exit)?;
        let options = RunOptions {
            jobs: self.jobs,
            memory: self.memory - self.room(),
            shard: which.shard,
            force: which.force,
            stop,
            only: which.only,
        };
        let failed = |error: std::io::Error| unwritable(&plan.folder, &error);
        let mut end = batch::run(&line, &groups(plan), &folder, &options, watcher).map_err(failed)?;
        end.summary.advice = advice(&end.missed);
        end.summary.name = plan.name.clone();
        end.summary.preset = plan.preset.display().to_string();
        if let Err(error) = end.write(&folder, which.shard) {
            // The pictures and their manifest are there: a full disk has been told of already.
            end.summary
                .halted
                .get_or_insert(format!("the summary cannot be written: {error}"));
        }
        Ok(end)
    }

    /// Makes some composites of a plan one after another, without a manifest.
    pub fn make(
        &self,
        plan: &Plan,
        only: &(dyn Fn(&Base) -> bool + Sync),
        stop: &AtomicBool,
        watcher: &dyn Watcher,
    ) -> Result<RunEnd, Exit> {
        let jobs = self.jobs.max(1) as u64;
        let line = self.line(plan, self.room() / jobs)?;
        let folder = Folder::share(&plan.folder).map_err(folder_exit)?;
        let options = RunOptions {
            jobs: 1,
            memory: (self.memory - self.room()) / jobs,
            shard: Shard::ALL,
            force: true,
            stop,
            only: Some(only),
        };
        Ok(batch::run_untold(
            &line,
            &groups(plan),
            &folder,
            &options,
            watcher,
        ))
    }
}

/// What to do about products that miss the same check on photograph after photograph: then it is not the photograph.
fn advice(missed: &Missed) -> Vec<String> {
    /// Photographs that make a habit.
    const HABIT: usize = 3;
    let often = missed.iter().filter(|(_, models)| models.len() >= HABIT);
    let told = often.filter_map(|((sku, reason), models)| {
        let check = Check::ALL.iter().find(|check| check.word() == reason)?;
        let what = reason.replace('_', " ");
        Some(format!(
            "{sku} misses {what} on {} photographs: {}",
            models.len(),
            check.advice()?
        ))
    });
    told.collect()
}

/// The exit when an output folder cannot be had.
pub fn folder_exit(error: FolderError) -> Exit {
    match &error {
        FolderError::Busy(_) => Exit::Busy(error.to_string()),
        FolderError::Io { error: io, .. } => Exit::output(io.kind(), error.to_string()),
    }
}

/// The exit when a file of the run cannot be read or written.
pub fn unwritable(folder: &Path, error: &std::io::Error) -> Exit {
    Exit::output(error.kind(), format!("{}: {error}", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_on_three_photographs_is_the_product_s() {
        let models = |n: usize| (0..n).map(|i| format!("m{i}")).collect();
        let missed = [
            (("R-1".to_owned(), "resolution".to_owned()), models(3)),
            (("R-1".to_owned(), "contact".to_owned()), models(9)),
            (("R-2".to_owned(), "resolution".to_owned()), models(2)),
        ];
        let told = advice(&missed.into_iter().collect());
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(
            told[0].starts_with("R-1 misses resolution on 3 photographs: "),
            "{}",
            told[0]
        );
    }

    #[test]
    fn indexed_jobs_count_from_zero() {
        assert_eq!(shard_of(None, None), Ok(Shard::ALL));
        assert_eq!(shard_of(None, Some("3")), Ok(Shard::ALL));
        assert_eq!(shard_of(Some("0"), Some("3")), Shard::new(1, 3));
        assert_eq!(shard_of(Some("2"), Some("3")), Shard::new(3, 3));
        for (index, count) in [
            ("3", Some("3")),
            ("x", Some("3")),
            ("0", None),
            ("0", Some("0")),
            ("-1", Some("2")),
        ] {
            assert!(shard_of(Some(index), count).is_err(), "{index} of {count:?}");
        }
    }
}
