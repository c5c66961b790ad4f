//! The run as a whole: what is planned against what is there, the work between, the manifest at the end.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use super::folder::Folder;
use super::journal::{Journal, files, name, read_all, write_whole};
use super::record::{Record, Status};
use super::shard::Shard;
use super::stale::{remember, stale};
use super::summary::Summary;
use super::task::{Base, Group, Output, Worker};
use super::work::{Ended, Work};

/// How a run is run. Nothing here changes a picture.
pub struct RunOptions<'a> {
    pub jobs: usize,
    /// Bytes that open photographs and running jobs may take.
    pub memory: u64,
    pub shard: Shard,
    /// Do everything again.
    pub force: bool,
    /// Set to halt: what is in flight is finished.
    pub stop: &'a AtomicBool,
    /// Only these composites, when given.
    pub only: Option<&'a (dyn Fn(&Base) -> bool + Sync)>,
}

impl RunOptions<'_> {
    /// Whether this run makes this composite.
    pub fn has(&self, base: &Base) -> bool {
        self.shard.has(&base.shard_key) && self.only.is_none_or(|only| only(base))
    }
}

/// Told what happens, from many threads, one at a time.
pub trait Watcher: Sync {
    /// `outputs` files will be looked at.
    fn begin(&self, outputs: usize);
    /// An output has ended, or was found whole (`kept`).
    fn output(&self, record: &Record, kept: bool);
}

/// How a run ended.
#[derive(Debug)]
pub struct RunEnd {
    pub summary: Summary,
    pub missed: Missed,
}

/// By SKU and reason, the models on which pictures of one product alone were rejected.
pub type Missed = BTreeMap<(String, String), BTreeSet<String>>;

/// Notes what a rejected picture misses.
pub(super) fn note_missed(missed: &mut Missed, record: &Record) {
    // Of a look, the reasons do not tell whose they are.
    if let (Status::Rejected, [sku]) = (record.status, record.labels.skus.as_slice()) {
        for reason in record.reason.iter().flat_map(|reasons| reasons.split(", ")) {
            let models = missed.entry((sku.clone(), reason.to_owned())).or_default();
            models.insert(record.labels.model.clone());
        }
    }
}

/// Runs all groups, with a manifest: what is whole from an earlier run is kept.
///
/// # Errors
/// The manifest cannot be read or written before the run begins. Later failures are in the summary.
pub fn run<W: Worker>(
    worker: &W,
    groups: &[Group],
    folder: &Folder,
    options: &RunOptions,
    watcher: &dyn Watcher,
) -> std::io::Result<RunEnd> {
    let start = Instant::now();
    let planned: BTreeSet<&str> = outputs(groups).map(|(_, o)| o.path.as_str()).collect();
    let earlier = read_all(folder.root())?;
    // An output that moved to another name is remembered before anything else happens to the manifest.
    remember(
        folder.root(),
        earlier.values().filter(|r| !planned.contains(r.path.as_str())),
        &planned,
    )?;
    folder.sweep(planned.iter().copied(), options.shard);
    let journal = Journal::open(folder.root(), options.shard)?;

    let Ended {
        mut summary,
        missed,
        relabelled,
        journal,
    } = Work::new(worker, groups, folder, options, watcher, &earlier, Some(journal)).run();
    summary.stale = stale(folder, &earlier, &planned).len();
    finish(&mut summary, start);
    // In the plan's order; outputs that were not reached keep their earlier line.
    let lines = outputs(groups)
        .filter(|(base, _)| options.shard.has(&base.shard_key))
        .map(|(_, output)| output.path.as_str())
        .map(|path| (path, relabelled.get(path).or_else(|| earlier.get(path))));
    match journal.map(|journal| journal.compact(lines)) {
        Some(Err(error)) => {
            summary
                .halted
                .get_or_insert(format!("the manifest cannot be written: {error}"));
        }
        _ if options.shard.is_all() => forget_shards(folder),
        _ => {}
    }
    Ok(RunEnd { summary, missed })
}

/// Runs all groups without a manifest: everything is made, and the caller keeps the records that the watcher is told.
pub fn run_untold<W: Worker>(
    worker: &W,
    groups: &[Group],
    folder: &Folder,
    options: &RunOptions,
    watcher: &dyn Watcher,
) -> RunEnd {
    let start = Instant::now();
    let earlier = BTreeMap::new();
    let ended = Work::new(worker, groups, folder, options, watcher, &earlier, None).run();
    let (mut summary, missed) = (ended.summary, ended.missed);
    finish(&mut summary, start);
    RunEnd { summary, missed }
}

fn finish(summary: &mut Summary, start: Instant) {
    summary.seconds = start.elapsed().as_secs_f64();
    summary.per_second = (summary.done - summary.kept) as f64 / summary.seconds.max(1e-3);
}

/// A whole run has taken over what shards wrote before it.
fn forget_shards(folder: &Folder) {
    for path in files(folder.root()).unwrap_or_default() {
        if path.file_name().is_some_and(|n| n != name(Shard::ALL).as_str()) {
            // Left behind it would only say again what the manifest says.
            std::fs::remove_file(path).ok();
        }
    }
}

impl RunEnd {
    /// Writes `summary.json` beside the manifest.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, folder: &Folder, shard: Shard) -> std::io::Result<()> {
        let text = serde_json::to_vec_pretty(&self.summary)?;
        write_whole(
            &folder.root().join(format!("summary{}.json", shard.suffix())),
            &text,
        )
    }
}

pub(super) fn outputs(groups: &[Group]) -> impl Iterator<Item = (&Base, &Output)> {
    groups
        .iter()
        .flat_map(|g| g.bases.iter().flat_map(|b| b.outputs.iter().map(move |o| (b, o))))
}
