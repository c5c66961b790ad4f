//! The `sd` engine against `diffusers` on a tiny pipeline of random weights: `tests/inpaint/make_fixture.py` made it and
//! recorded what `diffusers` paints with the same noise.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use parure::infer::{Backend, Engine, InferOptions, Tensor, open};
use parure::inpaint::sd::{Export, SchedulerKind, Sd, SdSettings};
use serde_json::Value;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/inpaint");
const SIDE: usize = 64;

struct Recorded {
    json: Value,
    values: Vec<f32>,
}

impl Recorded {
    fn open() -> Self {
        let bytes = std::fs::read(format!("{FOLDER}/expected.bin")).unwrap();
        Self {
            json: serde_json::from_str(&std::fs::read_to_string(format!("{FOLDER}/expected.json")).unwrap())
                .unwrap(),
            values: bytes
                .chunks_exact(4)
                .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
                .collect(),
        }
    }

    fn tensor(&self, name: &str) -> Tensor {
        let entry = &self.json["arrays"][name];
        let shape: Vec<usize> = entry["shape"]
            .as_array()
            .unwrap()
            .iter()
            .map(|n| n.as_u64().unwrap() as usize)
            .collect();
        let offset = entry["offset"].as_u64().unwrap() as usize;
        let len = shape.iter().product::<usize>();
        Tensor {
            shape,
            data: self.values[offset..offset + len].to_vec(),
        }
    }

    /// The picture as the pipeline takes it, [1, 3, side, side] in −1..1.
    fn picture(&self) -> Tensor {
        let image = self.tensor("image").data;
        let plane = SIDE * SIDE;
        Tensor {
            shape: vec![1, 3, SIDE, SIDE],
            data: (0..3 * plane)
                .map(|i| image[(i % plane) * 3 + i / plane] * 2.0 - 1.0)
                .collect(),
        }
    }
}

fn engine(backend: Backend) -> Arc<dyn Engine> {
    open(&InferOptions {
        backend,
        threads: Some(2),
        ..InferOptions::default()
    })
    .unwrap()
}

/// A folder that is the fixture with some of its files in place of others.
fn folder_with(swap: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    copy(&Path::new(FOLDER).join("sd"), folder.path());
    for (from, to) in swap {
        let to = folder.path().join(to);
        std::fs::remove_dir_all(&to).unwrap();
        copy(&Path::new(FOLDER).join(from), &to);
    }
    folder
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn settings(path: PathBuf, case: &Value) -> SdSettings {
    SdSettings {
        prompt: case["prompt"].as_str().unwrap().into(),
        negative_prompt: case["negative_prompt"].as_str().unwrap().into(),
        steps: case["steps"].as_u64().unwrap() as usize,
        strength: case["strength"].as_f64().unwrap(),
        guidance: case["guidance"].as_f64().unwrap(),
        scheduler: SchedulerKind::parse(case["scheduler"].as_str().unwrap()),
        ..SdSettings::new(path)
    }
}

/// The case painted here; rows of RGB, 0..=1.
fn paint(recorded: &Recorded, case: &Value, folder: &Path, engine: &dyn Engine) -> Vec<f32> {
    let sd = Sd::open(&settings(folder.to_path_buf(), case), engine).unwrap();
    let start = recorded.tensor("noise").data;
    let later = recorded.tensor("step_noises").data;
    // diffusers draws one after the other; here they are numbered by step, from the first that is taken.
    let steps = case["steps"].as_u64().unwrap() as usize;
    let first = steps - (steps as f64 * case["strength"].as_f64().unwrap()) as usize;
    let noise = |draw: u32, len: usize| match draw as usize {
        0 => start[..len].to_vec(),
        draw => later[(draw - 1 - first) * len..(draw - first) * len].to_vec(),
    };
    let out = sd
        .inpaint(&recorded.picture(), &recorded.tensor("mask").data, &noise)
        .unwrap();
    assert_eq!(out.shape, [1, 3, SIDE, SIDE]);
    let plane = SIDE * SIDE;
    (0..3 * plane)
        .map(|i| out.data[(i % 3) * plane + i / 3])
        .collect()
}

fn largest(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[test]
fn paints_as_diffusers_does_with_every_scheduler() {
    let recorded = Recorded::open();
    let engine = engine(Backend::Rten);
    let (nine, four) = (folder_with(&[]), folder_with(&[("unet4", "unet")]));
    let cases = recorded.json["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 16);
    for case in cases {
        let folder = if case["channels"] == 9 { &nine } else { &four };
        let got = paint(&recorded, case, folder.path(), engine.as_ref());
        let off = largest(&got, &recorded.tensor(case["key"].as_str().unwrap()).data);
        println!(
            "{} channels, {}, strength {}: {:.3}/255",
            case["channels"],
            case["scheduler"],
            case["strength"],
            off * 255.0
        );
        assert!(off <= 2.0 / 255.0, "{case}: {off}");
    }
}

/// So that the comparison above means something: schedulers and U-Nets do paint differently.
#[test]
fn the_recorded_pictures_differ_by_more_than_the_tolerance() {
    let recorded = Recorded::open();
    let cases = recorded.json["cases"].as_array().unwrap();
    let pictures: Vec<_> = cases
        .iter()
        .map(|case| recorded.tensor(case["key"].as_str().unwrap()).data)
        .collect();
    for (i, a) in pictures.iter().enumerate() {
        for (j, b) in pictures.iter().enumerate().skip(i + 1) {
            // DDIM and Euler solve the same equation, with little between them.
            let alike = ["ddim", "euler"];
            if [&cases[i], &cases[j]]
                .iter()
                .all(|c| alike.contains(&c["scheduler"].as_str().unwrap()))
                && cases[i]["strength"] == cases[j]["strength"]
                && cases[i]["channels"] == cases[j]["channels"]
            {
                continue;
            }
            assert!(largest(a, b) > 8.0 / 255.0, "{} and {}", cases[i], cases[j]);
        }
    }
}

#[test]
fn single_models_answer_as_in_torch() {
    let recorded = Recorded::open();
    let engine = engine(Backend::Rten);
    for (unet, channels) in [("sd/unet", 9), ("unet4", 4)] {
        let graph = engine
            .load(&Path::new(FOLDER).join(unet).join("model.onnx"))
            .unwrap();
        let time = Tensor {
            shape: vec![1],
            data: vec![321.0],
        };
        let inputs = [
            ("sample", &recorded.tensor(&format!("unet{channels}_sample"))),
            ("timestep", &time),
            ("encoder_hidden_states", &recorded.tensor("embedding")),
        ];
        let out = graph.run(&inputs).unwrap();
        let off = largest(
            &out[0].1.data,
            &recorded.tensor(&format!("unet{channels}_out")).data,
        );
        assert!(off <= 1e-3, "{unet}: {off}");
    }
    for (part, input, name, want) in [
        ("vae_encoder", recorded.picture(), "sample", "vae_parameters"),
        (
            "vae_decoder",
            recorded.tensor("noise"),
            "latent_sample",
            "vae_decoded",
        ),
    ] {
        let path = Path::new(FOLDER).join("sd").join(part).join("model.onnx");
        let out = engine.load(&path).unwrap().run(&[(name, &input)]).unwrap();
        let off = largest(&out[0].1.data, &recorded.tensor(want).data);
        assert!(off <= 1e-3, "{part}: {off}");
    }
}

#[test]
fn prompts_become_the_tokens_that_transformers_makes() {
    let recorded = Recorded::open();
    let export = Export::open(&Path::new(FOLDER).join("sd"), engine(Backend::Rten).as_ref()).unwrap();
    for case in recorded.json["tokens"].as_array().unwrap() {
        let text = case["text"].as_str().unwrap();
        let want: Vec<u32> = case["ids"]
            .as_array()
            .unwrap()
            .iter()
            .map(|id| id.as_u64().unwrap() as u32)
            .collect();
        assert_eq!(export.tokens.ids(text).unwrap(), want, "{text:?}");
    }
    assert!(export.tokens.ids(&"gold ".repeat(10_000)).is_err());
}

/// Halves as weights, inputs and outputs: the picture stays close to that of full floats.
#[test]
fn a_unet_of_halves_runs_too() {
    let recorded = Recorded::open();
    let folder = folder_with(&[("unet9_half", "unet")]);
    let case = &recorded.json["cases"][0];
    for backend in backends() {
        let got = paint(&recorded, case, folder.path(), engine(backend).as_ref());
        let off = largest(&got, &recorded.tensor(case["key"].as_str().unwrap()).data);
        assert!(off <= 2.0 / 255.0, "{backend:?}: {off}");
    }
}

#[test]
fn both_backends_paint_the_same_picture() {
    if backends().len() < 2 {
        eprintln!("skipped: set ORT_DYLIB_PATH to the ONNX Runtime library to compare the backends");
        return;
    }
    let recorded = Recorded::open();
    let folder = folder_with(&[]);
    let (rten, ort) = (engine(Backend::Rten), engine(Backend::Ort));
    for case in &recorded.json["cases"].as_array().unwrap()[..8] {
        let a = paint(&recorded, case, folder.path(), rten.as_ref());
        let b = paint(&recorded, case, folder.path(), ort.as_ref());
        let far = a
            .iter()
            .zip(&b)
            .filter(|(a, b)| (**a - **b).abs() > 1.0 / 255.0)
            .count();
        assert!(far * 1000 <= a.len(), "{case}: {far} of {}", a.len());
    }
}

fn backends() -> Vec<Backend> {
    match std::env::var_os("ORT_DYLIB_PATH") {
        Some(_) => vec![Backend::Rten, Backend::Ort],
        None => vec![Backend::Rten],
    }
}

#[test]
fn a_wrong_folder_gets_one_line_that_says_what_is_missing() {
    let engine = engine(Backend::Rten);
    let error = |path: &Path, change: fn(&mut SdSettings)| {
        let mut settings = SdSettings::new(path.to_path_buf());
        change(&mut settings);
        let error = Sd::open(&settings, engine.as_ref())
            .err()
            .expect("an error")
            .to_string();
        assert!(!error.contains('\n'), "{error}");
        error
    };
    let same = |_: &mut SdSettings| {};
    let empty = tempfile::tempdir().unwrap();
    assert!(error(&empty.path().join("none"), same).contains("no such folder"));
    assert!(error(empty.path(), same).contains("model_index.json is missing"));
    for (gone, wanted) in [
        ("unet/model.onnx", "unet/model.onnx"),
        ("vae_encoder/model.onnx", "vae_encoder/model.onnx"),
        ("tokenizer/merges.txt", "vocab.json and merges.txt"),
        (
            "scheduler/scheduler_config.json",
            "scheduler_config.json: not found",
        ),
    ] {
        let folder = folder_with(&[]);
        std::fs::remove_file(folder.path().join(gone)).unwrap();
        let error = error(folder.path(), same);
        assert!(error.contains(wanted), "{gone}: {error}");
    }
    let folder = folder_with(&[]);
    std::fs::write(folder.path().join("unet/model.onnx"), b"weights").unwrap();
    assert!(error(folder.path(), same).contains("unet/model.onnx"));
    let folder = folder_with(&[("sd/vae_decoder", "unet")]);
    assert!(
        error(folder.path(), same).contains("not for inpainting")
            || error(folder.path(), same).contains("unet")
    );
    let whole = Path::new(FOLDER).join("sd");
    assert!(error(&whole, |s| s.strength = 0.0).contains("strength"));
    assert!(error(&whole, |s| s.guidance = f64::NAN).contains("guidance"));
    assert!(error(&whole, |s| s.steps = 0).contains("steps"));
    let tired = SdSettings {
        steps: 2,
        strength: 0.3,
        ..SdSettings::new(whole)
    };
    assert!(
        Sd::open(&tired, engine.as_ref())
            .err()
            .expect("an error")
            .to_string()
            .contains("none")
    );
}
