//! Against what `diffusers` computes; `tests/inpaint/make_fixture.py` recorded it.

use serde_json::Value;

use super::*;

struct Recorded {
    json: Value,
    values: Vec<f32>,
}

fn recorded() -> Recorded {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/inpaint");
    let bytes = std::fs::read(format!("{folder}/expected.bin")).unwrap();
    let json = std::fs::read_to_string(format!("{folder}/expected.json")).unwrap();
    Recorded {
        json: serde_json::from_str(&json).unwrap(),
        values: bytes
            .chunks_exact(4)
            .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
            .collect(),
    }
}

impl Recorded {
    fn array(&self, name: &str) -> &[f32] {
        let entry = &self.json["arrays"][name];
        let offset = entry["offset"].as_u64().unwrap() as usize;
        let shape = entry["shape"].as_array().unwrap();
        let len: u64 = shape.iter().map(|n| n.as_u64().unwrap()).product();
        &self.values[offset..offset + len as usize]
    }
}

/// As `fake_model` of the script that recorded.
fn fake_model(sample: f32, t: f32) -> f32 {
    0.5 * sample + 0.1 * (f64::from(t) / 200.0).cos() as f32
}

#[test]
fn all_schedulers_step_as_diffusers_does() {
    let recorded = recorded();
    let cases = recorded.json["schedulers"].as_array().unwrap();
    assert!(cases.len() > 80, "{}", cases.len());
    for case in cases {
        let key = case["key"].as_str().unwrap();
        let kind = SchedulerKind::parse(case["scheduler"].as_str().unwrap()).unwrap();
        let config: SchedulerConfig = serde_json::from_value(case["config"].clone()).unwrap();
        let steps = case["steps"].as_u64().unwrap() as usize;
        let mut scheduler = scheduler(kind, &config, steps).unwrap();
        let times = recorded.array(&format!("{key}_timesteps"));
        assert_eq!(scheduler.timesteps().len(), times.len(), "{case}");
        for (got, want) in scheduler.timesteps().iter().zip(times) {
            assert!((got - want).abs() < 1e-3, "{case}: time {got} for {want}");
        }
        let first = scheduler.initial_sigma();
        let mut sample: Vec<f32> = recorded
            .array(&format!("{key}_start"))
            .iter()
            .map(|x| x * first)
            .collect();
        let mut noises = recorded.array(&format!("{key}_noises")).chunks_exact(16);
        for (index, t) in times.iter().enumerate() {
            let scale = scheduler.input_scale(index);
            let output: Vec<f32> = sample.iter().map(|x| fake_model(x * scale, *t)).collect();
            scheduler.step(index, &output, &mut sample, &mut |_| {
                noises.next().unwrap().to_vec()
            });
        }
        let want = recorded.array(&format!("{key}_end"));
        let range = want.iter().fold(1f32, |m, v| m.max(v.abs()));
        for (got, want) in sample.iter().zip(want) {
            assert!((got - want).abs() < 2e-4 * range, "{case}: {got} for {want}");
        }
    }
}

#[test]
fn what_is_not_offered_is_said() {
    let config = |text: &str| serde_json::from_str::<SchedulerConfig>(text).unwrap();
    let plain = config("{}");
    for kind in SchedulerKind::NAMES.map(|(_, kind)| kind) {
        assert!(scheduler(kind, &plain, 0).is_err());
        assert!(scheduler(kind, &plain, 1001).is_err());
        assert!(scheduler(kind, &plain, 4).is_ok());
        assert_eq!(SchedulerKind::parse(kind.name()), Some(kind));
    }
    assert!(scheduler(SchedulerKind::Lcm, &plain, 51).is_err());
    for bad in [
        r#"{"rescale_betas_zero_snr": true}"#,
        r#"{"thresholding": true}"#,
        r#"{"trained_betas": [0.1, 0.2]}"#,
        r#"{"beta_start": 2.0, "beta_end": 3.0}"#,
        r#"{"num_train_timesteps": 0}"#,
    ] {
        assert!(scheduler(SchedulerKind::Ddim, &config(bad), 1).is_err(), "{bad}");
    }
}
