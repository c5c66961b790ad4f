//! Locating with warm sessions in a photograph of 2048 × 2048 pixels.
//!
//! Finding the face and its ears is to stay within 1.3 times the runs of models that it makes, alone. The two are told
//! apart by taking turns, because a machine's speed changes between one benchmark and the next.

mod scene;

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group};
use parure::imaging::Photo;
use parure::infer::{Engine, Graph, InferError, ModelId, Tensor};
use parure::locate::{Wants, locate};

/// Passes runs on and remembers what was run.
struct Recorder<'a> {
    engine: &'a dyn Engine,
    runs: Mutex<Vec<(ModelId, Tensor)>>,
}

impl Engine for Recorder<'_> {
    fn name(&self) -> &'static str {
        self.engine.name()
    }

    fn prepare(&self, models: &[ModelId]) {
        self.engine.prepare(models);
    }

    fn run(&self, model: ModelId, input: Tensor) -> Result<Vec<(String, Tensor)>, InferError> {
        let recorded = (model, input.clone());
        self.runs.lock().expect("no panic holds it").push(recorded);
        self.engine.run(model, input)
    }

    fn load(&self, path: &Path) -> Result<Arc<dyn Graph>, InferError> {
        self.engine.load(path)
    }
}

/// What locating runs, in order.
fn runs(engine: &dyn Engine, photo: &Photo, wants: Wants) -> Vec<(ModelId, Tensor)> {
    let recorder = Recorder {
        engine,
        runs: Mutex::default(),
    };
    let seen = locate(photo, &recorder, wants).expect("it runs");
    assert!(!seen.faces.is_empty() || !seen.hands.is_empty(), "nobody is seen");
    recorder.runs.into_inner().expect("no panic held it")
}

fn run_all(engine: &dyn Engine, runs: Vec<(ModelId, Tensor)>) {
    for (model, input) in runs {
        engine.run(model, input).expect("it runs");
    }
}

/// Prints how much longer finding the face and its ears takes than its models, in turns.
fn ratio() {
    const TURNS: usize = 200;
    let photo = scene::photo("face-light-up");
    for engine in scene::engines() {
        let engine = engine.as_ref();
        let runs = runs(engine, &photo, Wants::EARS);
        let (mut alone, mut whole) = (Vec::new(), Vec::new());
        for _ in 0..TURNS {
            let inputs = runs.clone();
            let start = Instant::now();
            run_all(engine, inputs);
            alone.push(start.elapsed());
            let start = Instant::now();
            locate(&photo, engine, Wants::EARS).expect("it runs");
            whole.push(start.elapsed());
        }
        let [alone, whole] = [alone, whole].map(|times| 1000.0 * median(times).as_secs_f64());
        println!(
            "face and ears, {}: models alone {alone:.1} ms, locating {whole:.1} ms, ratio {:.2}",
            engine.name(),
            whole / alone
        );
    }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn locating(c: &mut Criterion) {
    let (portrait, hand) = (scene::photo("face-light-up"), scene::photo("hand-light"));
    let hands = Wants {
        hands: true,
        ..Wants::default()
    };
    let cases = [
        ("face_and_ears", &portrait, Wants::EARS),
        ("hand", &hand, hands),
        ("all_of_a_portrait", &portrait, Wants::ALL),
    ];
    for engine in scene::engines() {
        let mut group = c.benchmark_group(format!("locate/{}", engine.name()));
        for (name, photo, wants) in cases {
            let runs = runs(engine.as_ref(), photo, wants);
            group.bench_function(format!("{name}_models"), |b| {
                b.iter_batched(
                    || runs.clone(),
                    |runs| run_all(engine.as_ref(), runs),
                    criterion::BatchSize::LargeInput,
                )
            });
            group.bench_function(name, |b| {
                b.iter(|| locate(photo, engine.as_ref(), wants).expect("it runs"))
            });
        }
        group.finish();
    }
}

fn settings() -> Criterion {
    Criterion::default()
        .sample_size(20)
        .warm_up_time(std::time::Duration::from_millis(500))
        .measurement_time(std::time::Duration::from_secs(3))
}

criterion_group! { name = benches; config = settings(); targets = locating }

fn main() {
    ratio();
    benches();
    Criterion::default().configure_from_args().final_summary();
}
