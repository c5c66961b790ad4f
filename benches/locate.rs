//! Locating with warm sessions in a photograph of 2048 × 2048 pixels.
//!
//! `face_and_ears` is to stay within 1.3 times `face_and_ears_models`: the two models that it runs, alone.

mod scene;

use std::path::Path;
use std::sync::{Arc, Mutex};

use criterion::{Criterion, criterion_group, criterion_main};
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
            let recorder = Recorder {
                engine: engine.as_ref(),
                runs: Mutex::default(),
            };
            let seen = locate(photo, &recorder, wants).expect("it runs");
            assert!(
                !seen.faces.is_empty() || !seen.hands.is_empty(),
                "{name} sees nobody"
            );
            let runs = recorder.runs.into_inner().expect("no panic held it");
            group.bench_function(format!("{name}_models"), |b| {
                b.iter_batched(
                    || runs.clone(),
                    |runs| {
                        for (model, input) in runs {
                            engine.run(model, input).expect("it runs");
                        }
                    },
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
criterion_main!(benches);
