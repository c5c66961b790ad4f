//! The work of a run: groups through threads, every output to its file and its line.

mod ending;
mod settle;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use serde_json::{Value, json};

use super::engine::{Missed, RunOptions, Watcher, outputs};
use super::folder::Folder;
use super::inputs::Inputs;
use super::journal::Journal;
use super::record::{InputRecord, Record};
use super::schedule::{Costs, Schedule, Task, Waiting};
use super::summary::Summary;
use super::task::{Base, Group, Stop, Worker};
pub use ending::file_of;

#[derive(Default)]
struct Sink {
    /// Outputs that ended.
    count: usize,
    ended: Ended,
}

/// One run under way.
pub struct Work<'a, W: Worker> {
    worker: &'a W,
    groups: &'a [Group],
    folder: &'a Folder,
    options: &'a RunOptions<'a>,
    watcher: &'a dyn Watcher,
    inputs: Inputs,
    made_by: Arc<Value>,
    /// The run is one of its own, not a job among many.
    lasting: bool,
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

/// What a run comes to. The records themselves are in the manifest: a run of a season is not held in memory.
#[derive(Debug, Default)]
pub struct Ended {
    pub summary: Summary,
    pub missed: Missed,
    /// By path, the records of outputs that were kept while the preset's words for them changed.
    pub relabelled: BTreeMap<String, Record>,
    /// The manifest, still open.
    pub journal: Option<Journal>,
}

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
            made_by: Arc::new(worker.fingerprint()),
            lasting: journal.is_some(),
            earlier,
            sink: Mutex::new(Sink {
                count: 0,
                ended: Ended {
                    journal,
                    ..Ended::default()
                },
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
        // Without a journal this is one of many short runs, and the next may need what this one does.
        if self.lasting {
            self.worker.begin(&active);
        }
        self.work(&active);
        let halted = self.halted.into_inner().unwrap_or_else(PoisonError::into_inner);
        let stopped = self.options.stop.load(Ordering::SeqCst);
        let Sink { count, mut ended } = self.sink.into_inner().unwrap_or_else(PoisonError::into_inner);
        let summary = &mut ended.summary;
        summary.outputs = total;
        summary.left = total - count.min(total);
        let stopped = (stopped && summary.left > 0).then(|| "stopped".to_owned());
        summary.halted = halted.or(stopped);
        summary.shard = self.options.shard.to_string();
        ended
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
                                if let Some(group) = group.filter(|_| self.lasting) {
                                    self.worker.opened(group);
                                }
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

    fn lock_halted(&self) -> std::sync::MutexGuard<'_, Option<String>> {
        self.halted.lock().unwrap_or_else(PoisonError::into_inner)
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
