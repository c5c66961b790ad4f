//! A folder that is watched: whatever appears is processed, once it is whole.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use clap::Args;

use super::how::{How, Runner, Which};
use super::progress::{Progress, Voice};
use super::{Exit, Global, plan};
use crate::batch::{Base, Record, Shard, Watcher};
use crate::pipeline::line::{groups, shard_key};
use crate::pipeline::sidecar_path;
use crate::preset::plan::BasePlan;
use crate::preset::settings::Background;
use crate::preset::{self, Options, Plan};

#[derive(Debug, Args)]
pub struct WatchArgs {
    /// Preset whose folders and patterns are watched
    #[arg(value_name = "PRESET")]
    preset: PathBuf,
    /// Output folder in place of the preset's
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Seconds between two looks
    #[arg(long, value_name = "SECONDS", default_value_t = 2.0, value_parser = seconds)]
    every: f64,
    /// Seconds that a file must have stayed the same: one that is still being copied is waited for
    #[arg(long, value_name = "SECONDS", default_value_t = 3.0, value_parser = seconds)]
    settle: f64,
    /// End when nothing has happened for so many seconds; without it only Ctrl-C ends it
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    idle_exit: Option<f64>,
    #[command(flatten)]
    how: How,
    #[command(flatten)]
    voice: Voice,
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(v) if (0.0..=86_400.0).contains(&v) => Ok(v),
        _ => Err("seconds from 0 to 86400 are needed".into()),
    }
}

/// What a file looks like from outside: length and time of change; `None` while it cannot be seen.
type Look = Option<(u64, SystemTime)>;

fn look(path: &Path) -> Look {
    let meta = std::fs::metadata(path).ok()?;
    Some((meta.len(), meta.modified().ok()?))
}

pub fn run(global: &Global, args: &WatchArgs) -> Result<(), Exit> {
    let stop = super::signals::stop_on_signals()?;
    let runner = Runner::new(global, &args.how)?;
    let mut seen = Seen::default();
    let mut told = String::new();
    let mut idle = Instant::now();
    let (mut done, mut failed) = (None, false);
    while !stop.load(Ordering::SeqCst) {
        // What the watch waits for besides files: it is no good end if it still does when the time is up.
        let mut wrong = None;
        let options = Options {
            folder: args.output.clone(),
        };
        match preset::plan(&args.preset, &options) {
            // A folder that is still empty, or a preset that is being edited: told once, and waited for.
            Err(issues) => {
                let text = plan::refused(&args.preset, &issues);
                if text != told && !args.voice.quiet {
                    eprintln!("waiting: {text}");
                }
                told.clone_from(&text);
                wrong = Some(Exit::usage(text));
                // What was being written is not planned any more.
                seen.waiting = false;
            }
            Ok(plan) => {
                let settle = Duration::from_secs_f64(args.settle);
                let files = seen.settled(&plan, settle, Instant::now());
                // A size that changes in a catalogue changes no picture's file.
                let state = Some((files, digest(&plan)));
                if state == done {
                    told.clear();
                } else if let Some((files, _)) = &state {
                    match round(&runner, args, &plan, &unsettled(&plan, files), &stop) {
                        Ok(some_failed) => {
                            (failed, done) = (some_failed, state);
                            told.clear();
                        }
                        // Somebody else works in the folder: a watch of weeks is not ended by that.
                        Err(Exit::Busy(why)) => {
                            if why != told && !args.voice.quiet {
                                eprintln!("waiting: {why}");
                            }
                            told.clone_from(&why);
                            wrong = Some(Exit::Busy(why));
                        }
                        Err(exit) => return Err(exit),
                    }
                    idle = Instant::now();
                }
            }
        }
        if seen.waiting {
            idle = Instant::now();
        }
        if args
            .idle_exit
            .is_some_and(|limit| idle.elapsed().as_secs_f64() >= limit)
        {
            return wrong.map_or_else(|| ended(failed), Err);
        }
        pause(args.every, &stop);
    }
    ended(failed)
}

fn ended(failed: bool) -> Result<(), Exit> {
    if failed { Err(Exit::SomeFailed) } else { Ok(()) }
}

/// Everything that decides the plan's pictures besides the contents of their files.
fn digest(plan: &Plan) -> blake3::Hash {
    blake3::hash(format!("{:?}", groups(plan)).as_bytes())
}

/// One run of what is whole; gives whether something failed.
fn round(
    runner: &Runner,
    args: &WatchArgs,
    plan: &Plan,
    unsettled: &BTreeSet<String>,
    stop: &AtomicBool,
) -> Result<bool, Exit> {
    let progress = News(Progress::new(&args.voice));
    let only = |base: &Base| !unsettled.contains(&base.shard_key);
    let which = Which {
        shard: Shard::ALL,
        force: false,
        only: Some(&only),
    };
    let end = runner.run(plan, &which, stop, &progress)?;
    if end.summary.kept < end.summary.outputs {
        progress.0.end(&end.summary)?;
    }
    match super::run::finish(&end) {
        Ok(()) => Ok(false),
        Err(Exit::SomeFailed) => Ok(true),
        // Ended on request, in the middle of a round: the next start goes on.
        Err(_) if stop.load(Ordering::SeqCst) => Ok(false),
        Err(exit) => Err(exit),
    }
}

/// Tells what is new: a folder that is watched for a week says each thing once.
struct News(Progress);

impl Watcher for News {
    fn begin(&self, outputs: usize) {
        self.0.begin(outputs);
    }

    fn output(&self, record: &Record, kept: bool) {
        if !kept {
            self.0.output(record, kept);
        }
    }
}

/// Waits, but no longer than a request to end.
fn pause(seconds: f64, stop: &AtomicBool) {
    let start = Instant::now();
    while start.elapsed().as_secs_f64() < seconds && !stop.load(Ordering::SeqCst) {
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Files as they were when last looked at, and since when they have been so.
#[derive(Debug, Default)]
struct Seen {
    files: BTreeMap<PathBuf, (Look, Instant)>,
    /// Some file has not settled yet.
    waiting: bool,
}

impl Seen {
    /// The plan's input files that have stayed the same for `settle`.
    fn settled(&mut self, plan: &Plan, settle: Duration, now: Instant) -> BTreeMap<PathBuf, Look> {
        let mut settled = BTreeMap::new();
        let mut files = BTreeMap::new();
        self.waiting = false;
        for path in inputs(plan) {
            let look = look(&path);
            let since = match self.files.get(&path) {
                Some((before, since)) if *before == look => *since,
                // A file that was there long before the program is whole already.
                None if rested(&look, settle) => now.checked_sub(settle).unwrap_or(now),
                _ => now,
            };
            if now.duration_since(since) >= settle {
                settled.insert(path.clone(), look);
            } else {
                self.waiting = true;
            }
            files.insert(path, (look, since));
        }
        self.files = files;
        settled
    }
}

fn rested(look: &Look, settle: Duration) -> bool {
    let age = look.and_then(|(_, modified)| modified.elapsed().ok());
    age.is_some_and(|age| age >= settle)
}

/// Every file that goes into the pictures of a plan, and those beside them that may.
fn inputs(plan: &Plan) -> Vec<PathBuf> {
    let photos = plan
        .photos
        .iter()
        .flat_map(|p| [p.path.clone(), sidecar_path(&p.path)]);
    let products = plan.products.iter().map(|p| p.path.clone());
    let pictures = plan
        .bases
        .iter()
        .flat_map(|base| &base.outputs)
        .filter_map(|output| match &output.background {
            Background::Picture(path) => Some(path.resolved()),
            _ => None,
        });
    let mut files: Vec<PathBuf> = photos.chain(products).chain(pictures).collect();
    files.push(plan.preset.clone());
    files.sort();
    files.dedup();
    files
}

/// The composites, by their shard keys, whose files have not settled.
fn unsettled(plan: &Plan, settled: &BTreeMap<PathBuf, Look>) -> BTreeSet<String> {
    let whole = |path: &Path| settled.get(path).is_some_and(Option::is_some);
    let ready = |base: &BasePlan| {
        let photo = plan.photos.get(base.photo);
        let mut products = base.pieces.iter().map(|piece| plan.products.get(piece.product));
        photo.is_some_and(|p| whole(&p.path) && settled.contains_key(&sidecar_path(&p.path)))
            && products.all(|p| p.is_some_and(|p| whole(&p.path)))
            && base.outputs.iter().all(|output| match &output.background {
                Background::Picture(path) => whole(&path.resolved()),
                _ => true,
            })
    };
    let waiting = plan.bases.iter().filter(|base| !ready(base));
    waiting
        .map(|base| {
            shard_key(
                &base.look,
                plan.photos.get(base.photo).map_or("", |p| p.id.as_str()),
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_growing_file_is_waited_for() {
        let dir = tempfile::tempdir().expect("temp folder");
        let path = |name: &str| dir.path().join(name);
        for name in ["a.png", "b.jpg"] {
            image::RgbImage::new(8, 8).save(path(name)).expect("picture");
        }
        let text = "version: 1\nproducts: [{file: a.png, kind: ring}]\nmodels: [{photo: b.jpg}]\n";
        std::fs::write(path("p.yaml"), text).expect("written");
        let plan = preset::plan(&path("p.yaml"), &Options::default()).expect("valid");
        let (settle, start) = (Duration::from_secs(3600), Instant::now());
        let mut seen = Seen::default();
        let after = |s: u64| start + Duration::from_secs(s);
        // New files: none has been seen to rest yet.
        assert!(seen.settled(&plan, settle, start).is_empty() && seen.waiting);
        std::fs::write(path("b.jpg"), "more").expect("written");
        let whole = seen.settled(&plan, settle, after(3600));
        assert!(whole.contains_key(&path("a.png")) && !whole.contains_key(&path("b.jpg")));
        assert_eq!(unsettled(&plan, &whole), BTreeSet::from(["a|b".to_owned()]));
        let whole = seen.settled(&plan, settle, after(7200));
        assert!(unsettled(&plan, &whole).is_empty() && !seen.waiting);
    }
}
