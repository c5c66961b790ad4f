//! The backends behind the one trait: the same numbers from both (where `ORT_DYLIB_PATH` leads to ONNX Runtime), shared
//! by threads, and only the models that are needed.

use std::sync::{Arc, Mutex};

use parure::imaging::{Limits, Photo};
use parure::infer::{Backend, Engine, Graph, InferError, InferOptions, ModelId, Tensor, manifest, open};
use parure::locate::{Wants, locate};
use parure::product::Kind;

fn engine(backend: Backend) -> Arc<dyn Engine> {
    open(&InferOptions {
        backend,
        ..InferOptions::default()
    })
    .unwrap()
}

/// A smooth pattern with edges, in the range that the model takes.
fn input(entry: &manifest::Entry) -> Tensor {
    let port = &entry.inputs[0];
    let [lo, hi] = port.range.unwrap();
    let (height, width) = (port.shape[1], port.shape[2]);
    let mut data = Vec::new();
    for y in 0..height {
        for x in 0..width {
            let (u, v) = (x as f32 / width as f32 - 0.5, y as f32 / height as f32 - 0.5);
            let disc = if u.hypot(v * 0.8) < 0.3 { 0.4 } else { 0.0 };
            for c in 0..port.shape[3] {
                let wave = ((u * 9.0 + c as f32).sin() * (v * 7.0).cos() + 1.0) * 0.3;
                data.push(lo + (hi - lo) * (wave + disc).min(1.0));
            }
        }
    }
    Tensor {
        shape: port.shape.clone(),
        data,
    }
}

#[test]
fn both_backends_agree() {
    if std::env::var_os("ORT_DYLIB_PATH").is_none() {
        eprintln!("skipped: set ORT_DYLIB_PATH to the ONNX Runtime library to compare the backends");
        return;
    }
    let (ort, rten) = (engine(Backend::Ort), engine(Backend::Rten));
    assert_eq!((ort.name(), rten.name()), ("ort", "rten"));
    for (id, entry) in ModelId::ALL.into_iter().zip(manifest::entries().unwrap()) {
        let (a, b) = (
            ort.run(id, input(entry)).unwrap(),
            rten.run(id, input(entry)).unwrap(),
        );
        assert_eq!(a.len(), b.len(), "{id}");
        for ((name, a), (other, b)) in a.iter().zip(&b) {
            assert_eq!((name, &a.shape), (other, &b.shape), "{id}");
            let range = a.data.iter().fold(1f32, |m, v| m.max(v.abs()));
            let worst = a
                .data
                .iter()
                .zip(&b.data)
                .map(|(a, b)| (a - b).abs())
                .fold(0.0, f32::max);
            println!("{id} {name}: {worst:.1e} of {range:.0}");
            assert!(worst < 5e-4 * range, "{id} {name}: {worst} of {range}");
        }
    }
}

/// Threads that ask for a model at the same time, before it is loaded, get the same answer.
#[test]
fn an_engine_is_shared_by_threads() {
    for backend in [Backend::Rten, Backend::Auto] {
        let engine = engine(backend);
        let entry = &manifest::entries().unwrap()[ModelId::FaceShort as usize];
        let answers: Vec<_> = std::thread::scope(|scope| {
            let run = || engine.run(ModelId::FaceShort, input(entry)).unwrap();
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(run)).collect();
            threads.into_iter().map(|t| t.join().unwrap()).collect()
        });
        assert!(answers.windows(2).all(|pair| pair[0] == pair[1]));
    }
}

/// Passes runs on and remembers which models were run.
struct Recorder {
    engine: Arc<dyn Engine>,
    run: Mutex<Vec<ModelId>>,
}

impl Engine for Recorder {
    fn name(&self) -> &'static str {
        self.engine.name()
    }

    fn prepare(&self, models: &[ModelId]) {
        self.engine.prepare(models);
    }

    fn load(&self, path: &std::path::Path) -> Result<Arc<dyn Graph>, InferError> {
        self.engine.load(path)
    }

    fn run(&self, model: ModelId, input: Tensor) -> Result<Vec<(String, Tensor)>, InferError> {
        {
            // Not held while the model runs: a thread that waits for the engine's pool may begin the other ear meanwhile.
            let mut run = self.run.lock().unwrap();
            if !run.contains(&model) {
                run.push(model);
            }
        }
        self.engine.run(model, input)
    }
}

/// Each kind of jewelry runs just the models that are prepared for it, in that order.
#[test]
fn only_the_models_that_a_kind_needs_are_run() {
    let engine = engine(Backend::Rten);
    for (kind, picture) in [
        (Kind::Earring, "portrait_front"),
        (Kind::Necklace, "portrait_front"),
        (Kind::Ring, "hand_back"),
        (Kind::Bracelet, "hand_back"),
        (Kind::Watch, "hand_back"),
    ] {
        let path = format!("{}/tests/reference/{picture}.webp", env!("CARGO_MANIFEST_DIR"));
        let photo = Photo::open(path.as_ref(), &Limits::default()).unwrap();
        let recorder = Recorder {
            engine: engine.clone(),
            run: Mutex::default(),
        };
        let wants = Wants::for_kinds([kind]);
        locate(&photo, &recorder, wants).unwrap();
        assert_eq!(recorder.run.into_inner().unwrap(), wants.models(), "{kind:?}");
    }
}
