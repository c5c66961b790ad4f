//! The work of a run: groups through threads, every output to its file and its line.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use serde_json::{Value, json};

use super::engine::{RunOptions, Watcher, outputs};
use super::folder::{Folder, machine_is_full};
use super::inputs::Inputs;
use super::journal::Journal;
use super::record::{InputRecord, Record, Status};
use super::schedule::{Costs, Schedule, Task, Waiting};
use super::summary::Summary;
use super::task::{Base, Finished, Group, Output, Stop, Worker};

struct Sink {
    journal: Option<Journal>,
    ended: BTreeMap<String, Record>,
    summary: Summary,
}

/// One run under way.
pub struct Work<'a, W: Worker> {
    worker: &'a W,
    groups: &'a [Group],
    folder: &'a Folder,
    options: &'a RunOptions<'a>,
    watcher: &'a dyn Watcher,
    inputs: Inputs,
    made_by: Value,
    earlier: &'a BTreeMap<String, Record>,
    sink: Mutex<Sink>,
    halted: Mutex<Option<String>>,
}

/// A composite's outputs that are to be made, by number, with their keys and inputs.
type Todo = Vec<(usize, String, Vec<InputRecord>)>;

/// An open photograph, the work on it, and how long it took to open.
struct Scene<S> {
    scene: S,
    todo: BTreeMap<usize, Todo>,
    open_ms: f64,
}

/// Where composites stand in the order of the products: those with the same product have the same place.
struct Places<'a>(BTreeMap<&'a Path, usize>);

impl<'a> Places<'a> {
    fn of(groups: &'a [Group]) -> Self {
        let mut places = BTreeMap::new();
        for first in groups
            .iter()
            .flat_map(|g| &g.bases)
            .filter_map(|b| b.inputs.first())
        {
            let next = places.len();
            places.entry(first.as_path()).or_insert(next);
        }
        Self(places)
    }

    /// A composite of no product comes first.
    fn get(&self, base: &Base) -> usize {
        let first = base.inputs.first();
        first
            .and_then(|path| self.0.get(path.as_path()))
            .map_or(0, |place| place + 1)
    }
}

/// What a run comes to: the record of every output that ended, by its path; the counts; the manifest, still open.
pub type Ended = (BTreeMap<String, Record>, Summary, Option<Journal>);

impl<'a, W: Worker> Work<'a, W> {
    /// `earlier` are the records of earlier runs; without a journal nothing is written down.
    pub fn new(
        worker: &'a W,
        groups: &'a [Group],
        folder: &'a Folder,
        options: &'a RunOptions<'a>,
        watcher: &'a dyn Watcher,
        earlier: &'a BTreeMap<String, Record>,
        journal: Option<Journal>,
    ) -> Self {
        Self {
            worker,
            groups,
            folder,
            options,
            watcher,
            inputs: Inputs::default(),
            made_by: worker.fingerprint(),
            earlier,
            sink: Mutex::new(Sink {
                journal,
                ended: BTreeMap::new(),
                summary: Summary::default(),
            }),
            halted: Mutex::new(None),
        }
    }

    /// Does everything that is to be done.
    pub fn run(self) -> Ended {
        let total = outputs(self.groups)
            .filter(|(base, _)| self.options.has(base))
            .count();
        self.watcher.begin(total);
        let active: Vec<usize> = self
            .groups
            .iter()
            .enumerate()
            .filter(|(_, group)| group.bases.iter().any(|base| self.options.has(base)))
            .map(|(g, _)| g)
            .collect();
        self.work(&active);
        let halted = self.halted.into_inner().unwrap_or_else(PoisonError::into_inner);
        let stopped = self.options.stop.load(Ordering::SeqCst);
        let Sink {
            journal,
            ended,
            mut summary,
        } = self.sink.into_inner().unwrap_or_else(PoisonError::into_inner);
        summary.outputs = total;
        summary.left = total - ended.len().min(total);
        let stopped = (stopped && summary.left > 0).then(|| "stopped".to_owned());
        summary.halted = halted.or(stopped);
        summary.shard = self.options.shard.to_string();
        (ended, summary, journal)
    }

    fn work(&self, active: &[usize]) {
        let places = Places::of(self.groups);
        let costs = active
            .iter()
            .filter_map(|g| self.groups.get(*g))
            .map(|group| Costs {
                scene: self.worker.scene_bytes(group),
                composite: self.worker.composite_bytes(group),
                places: group.bases.iter().map(|base| places.get(base)).collect(),
            });
        let halted = || self.options.stop.load(Ordering::SeqCst) || self.lock_halted().is_some();
        let schedule: Schedule<Scene<W::Scene>> =
            Schedule::new(costs.collect(), self.options.memory, &halted);
        std::thread::scope(|scope| {
            for _ in 0..self.options.jobs.max(1) {
                scope.spawn(|| {
                    while let Some(task) = schedule.next() {
                        match task {
                            Task::Open(at) => {
                                let group = active.get(at).copied();
                                let scene = group.and_then(|group| self.open(group));
                                let bases = scene.iter().flat_map(|s| s.todo.keys());
                                let all = group.and_then(|group| self.groups.get(group));
                                let waiting = bases.filter_map(|b| {
                                    let place = places.get(all?.bases.get(*b)?);
                                    Some(Waiting { place, base: *b })
                                });
                                let waiting = waiting.collect();
                                schedule.opened(at, scene, waiting);
                            }
                            Task::Compose(at, waiting, scene) => {
                                if let Some(group) = active.get(at) {
                                    self.compose(*group, waiting.base, &scene);
                                }
                                drop(scene);
                                schedule.composed(at, waiting.place);
                            }
                        }
                    }
                });
            }
        });
    }

    /// Reads a photograph, settles what is whole already, and opens it if anything is left to do.
    fn open(&self, g: usize) -> Option<Scene<W::Scene>> {
        let group = self.groups.get(g)?;
        let start = Instant::now();
        let fail_all = |stop: &Stop| {
            for base in group.bases.iter().filter(|base| self.options.has(base)) {
                for output in &base.outputs {
                    self.end(
                        self.stopped(base, output, String::new(), Vec::new(), stop, Value::Null),
                        false,
                    );
                }
            }
        };
        let photo = match self.inputs.read(&group.photo) {
            Ok(photo) => photo,
            Err(stop) => {
                fail_all(&stop);
                return None;
            }
        };
        let mut common = vec![InputRecord {
            path: group.photo.display().to_string(),
            hash: photo.hash.clone(),
        }];
        for path in group.beside.iter().filter(|path| path.exists()) {
            match self.inputs.hash(path) {
                Ok(hash) => common.push(InputRecord {
                    path: path.display().to_string(),
                    hash,
                }),
                Err(stop) => {
                    fail_all(&stop);
                    return None;
                }
            }
        }
        let mut todo = BTreeMap::new();
        for (b, base) in group
            .bases
            .iter()
            .enumerate()
            .filter(|(_, base)| self.options.has(base))
        {
            let left = self.settle(base, &common);
            if !left.is_empty() {
                todo.insert(b, left);
            }
        }
        if todo.is_empty() {
            return None;
        }
        match guarded(|| self.worker.open(g, &photo, &self.inputs)) {
            Ok(scene) => Some(Scene {
                scene,
                todo,
                open_ms: ms(start),
            }),
            Err(stop) => {
                self.halt_if(&stop);
                for (b, left) in todo {
                    if let Some(base) = group.bases.get(b) {
                        self.end_all(base, left, &stop, json!({ "open": ms(start) }));
                    }
                }
                None
            }
        }
    }

    /// Ends the outputs of a composite that are whole already or whose inputs cannot be read; gives the others.
    fn settle(&self, base: &Base, common: &[InputRecord]) -> Todo {
        let mut left = Vec::new();
        let shared = self.hashes(&base.inputs);
        for (o, output) in base.outputs.iter().enumerate() {
            let own = self.hashes(&output.inputs);
            let (shared, own) = match (&shared, own) {
                (Ok(shared), Ok(own)) => (shared, own),
                (Err(stop), _) => {
                    self.end(
                        self.stopped(base, output, String::new(), common.to_vec(), stop, Value::Null),
                        false,
                    );
                    continue;
                }
                (_, Err(stop)) => {
                    self.end(
                        self.stopped(base, output, String::new(), common.to_vec(), &stop, Value::Null),
                        false,
                    );
                    continue;
                }
            };
            let inputs: Vec<InputRecord> = common.iter().chain(shared).cloned().chain(own).collect();
            let key = self.key(base, output, &inputs);
            match self.earlier.get(&output.path) {
                Some(record) if !self.options.force && record.key == key && self.is_whole(record) => {
                    let mut record = record.clone();
                    // Words may change without a pixel changing.
                    record.labels = output.labels.clone();
                    record.inputs = inputs;
                    self.end(record, true);
                }
                _ => left.push((o, key, inputs)),
            }
        }
        left
    }

    fn hashes(&self, paths: &[std::path::PathBuf]) -> Result<Vec<InputRecord>, Stop> {
        let record = |path: &std::path::PathBuf| {
            Ok(InputRecord {
                path: path.display().to_string(),
                hash: self.inputs.hash(path)?,
            })
        };
        paths.iter().map(record).collect()
    }

    /// The hash of everything that an output depends on. Names of input files are not part of it, their contents are.
    fn key(&self, base: &Base, output: &Output, inputs: &[InputRecord]) -> String {
        let hashes: Vec<&str> = inputs.iter().map(|i| i.hash.as_str()).collect();
        let content = json!([self.made_by, base.spec, base.seed, output.spec, hashes]).to_string();
        blake3::hash(content.as_bytes()).to_hex().to_string()
    }

    /// Whether an earlier record still holds: its file is there, byte for byte, or there is none to be there.
    fn is_whole(&self, record: &Record) -> bool {
        match (record.status, &record.hash) {
            (Status::Done | Status::Rejected, Some(hash)) => {
                self.folder.hash(&file_of(record.status, &record.path)).as_ref() == Some(hash)
            }
            (Status::Unfit, _) => true,
            _ => false,
        }
    }

    fn compose(&self, g: usize, b: usize, scene: &Scene<W::Scene>) {
        let base = self.groups.get(g).and_then(|group| group.bases.get(b));
        let Some((base, todo)) = base.zip(scene.todo.get(&b)) else {
            return;
        };
        let start = Instant::now();
        let composite = match guarded(|| self.worker.compose(&scene.scene, g, b, &self.inputs)) {
            Ok(composite) => composite,
            Err(stop) => {
                self.halt_if(&stop);
                let timings = json!({ "open": scene.open_ms, "compose": ms(start) });
                return self.end_all(base, todo.clone(), &stop, timings);
            }
        };
        let compose_ms = ms(start);
        for (o, key, inputs) in todo {
            let Some(output) = base.outputs.get(*o) else {
                continue;
            };
            let start = Instant::now();
            let finished = guarded(|| {
                self.worker
                    .finish(&scene.scene, &composite, (g, b, *o), key, &self.inputs)
            });
            let timings = json!({ "open": scene.open_ms, "compose": compose_ms, "finish": ms(start) });
            let record = match finished.and_then(|finished| self.write(base, output, key, inputs, finished)) {
                Ok(record) => Record {
                    timings_ms: timings,
                    ..record
                },
                Err(stop) => {
                    if self.halt_if(&stop) {
                        // Not a result of this job: it is left to be done.
                        return;
                    }
                    self.stopped(base, output, key.clone(), inputs.clone(), &stop, timings)
                }
            };
            self.end(record, false);
        }
    }

    fn write(
        &self,
        base: &Base,
        output: &Output,
        key: &str,
        inputs: &[InputRecord],
        finished: Finished,
    ) -> Result<Record, Stop> {
        let (status, reason) = match finished.rejected.as_slice() {
            [] => (Status::Done, None),
            reasons => (Status::Rejected, Some(reasons.join(", "))),
        };
        self.folder
            .write(&file_of(status, &output.path), &finished.bytes)?;
        Ok(Record {
            path: output.path.clone(),
            status,
            reason,
            detail: finished.detail,
            key: key.to_owned(),
            hash: Some(blake3::hash(&finished.bytes).to_hex().to_string()),
            bytes: Some(finished.bytes.len() as u64),
            width: Some(finished.width),
            height: Some(finished.height),
            labels: output.labels.clone(),
            inputs: inputs.to_vec(),
            seed: base.seed,
            made_by: self.made_by.clone(),
            result: finished.result,
            timings_ms: Value::Null,
        })
    }

    fn stopped(
        &self,
        base: &Base,
        output: &Output,
        key: String,
        inputs: Vec<InputRecord>,
        stop: &Stop,
        timings_ms: Value,
    ) -> Record {
        Record {
            path: output.path.clone(),
            status: stop.status,
            reason: Some(stop.reason.clone()),
            detail: Some(stop.detail.clone()),
            key,
            hash: None,
            bytes: None,
            width: None,
            height: None,
            labels: output.labels.clone(),
            inputs,
            seed: base.seed,
            made_by: self.made_by.clone(),
            result: Value::Null,
            timings_ms,
        }
    }

    fn end_all(&self, base: &Base, todo: Todo, stop: &Stop, timings: Value) {
        if stop.try_again {
            return;
        }
        for (o, key, inputs) in todo {
            if let Some(output) = base.outputs.get(o) {
                self.end(
                    self.stopped(base, output, key, inputs, stop, timings.clone()),
                    false,
                );
            }
        }
    }

    /// Writes an output's line, removes a picture that it replaces, and tells.
    fn end(&self, record: Record, kept: bool) {
        if !kept
            && let Some(old) = self.earlier.get(&record.path)
            && let Some(hash) = &old.hash
            && old.has_file()
            && (!record.has_file() || old.status != record.status)
        {
            // An outdated picture under this name would be taken for the answer.
            self.folder.remove_if(&file_of(old.status, &old.path), hash);
        }
        let mut sink = self.sink.lock().unwrap_or_else(PoisonError::into_inner);
        // A kept output has its line already, unless a shard or another name wrote it: compacting sees to that.
        if !kept
            && let Some(journal) = &mut sink.journal
            && let Err(error) = journal.append(&record)
        {
            let what = if machine_is_full(error.kind()) {
                "the disk is full"
            } else {
                "the manifest cannot be written"
            };
            self.lock_halted().get_or_insert(format!("{what}: {error}"));
            return;
        }
        sink.summary.count(&record, kept);
        self.watcher.output(&record, kept);
        sink.ended.insert(record.path.clone(), record);
    }

    /// Halts the run when it is the machine that failed.
    fn halt_if(&self, stop: &Stop) -> bool {
        if stop.try_again {
            self.lock_halted()
                .get_or_insert(format!("{}: {}", stop.reason.replace('_', " "), stop.detail));
        }
        stop.try_again
    }

    fn lock_halted(&self) -> std::sync::MutexGuard<'_, Option<String>> {
        self.halted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where the file of an output lies: what misses its tier lies apart, so that it is not uploaded by accident.
pub fn file_of(status: Status, path: &str) -> String {
    match status {
        Status::Rejected => format!("rejected/{path}"),
        _ => path.to_owned(),
    }
}

/// A panic in one job is that job's failure.
fn guarded<T>(work: impl FnOnce() -> Result<T, Stop>) -> Result<T, Stop> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned()));
        Err(Stop::failed(
            "internal",
            format!("internal error: {}", text.unwrap_or_default()),
        ))
    })
}

fn ms(since: Instant) -> f64 {
    (since.elapsed().as_secs_f64() * 1e5).round() / 100.0
}
