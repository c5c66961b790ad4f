//! Help, completions, and what is said about a wrong command.

use predicates::prelude::*;

use super::{parure, sample};

#[test]
fn wrong_commands_exit_with_2_and_say_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let cases: [(&[&str], &str); 9] = [
        (&["--kind", "tiara"], "earring, necklace, ring, bracelet, watch"),
        (&["--kind", "ring", "--width-mm", "-4"], "millimetres above 0"),
        (&["--kind", "ring", "--width-mm", "0"], "millimetres above 0"),
        (&["--kind", "ring", "--width-mm", "nan"], "millimetres above 0"),
        (&["--kind", "ring", "--scale", "-1"], "--scale"),
        (&["--kind", "ring", "--shadow", "-1"], "from 0 to 2"),
        (
            &["--kind", "ring", "--finger", "toe"],
            "thumb, index, middle, ring, pinky",
        ),
        (&["--kind", "ring", "--side", "up"], "left, right, both"),
        (&["--kind", "ring", "--format", "bmp"], "png, jpeg, webp"),
    ];
    for (args, expected) in cases {
        parure()
            .args(["try", "--product"])
            .arg(sample("products/band-gold.png"))
            .args(args)
            .arg(sample("models/hand-light.jpg"))
            .arg("-o")
            .arg(&out)
            .assert()
            .code(2)
            .stdout("")
            .stderr(predicate::str::contains(expected));
        assert!(!out.exists(), "{args:?} made a folder");
    }
}

#[test]
fn files_that_are_not_there_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let hand = sample("models/hand-light.jpg");
    let band = sample("products/band-gold.png");
    let missing = folder.path().join("no-such.png");
    for (product, photo) in [(&missing, &hand), (&band, &missing)] {
        parure()
            .args(["try", "--kind", "ring", "--product"])
            .arg(product)
            .arg(photo)
            .arg("-o")
            .arg(folder.path().join("out"))
            .assert()
            .code(2)
            .stderr(predicate::str::contains("no-such.png"));
    }
    let empty = folder.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    parure()
        .arg("locate")
        .arg(&empty)
        .assert()
        .code(2)
        .stderr(predicate::str::contains("empty").and(predicate::str::contains(".jpg, .jpeg, .png, .webp")));
}

#[test]
fn an_unusable_product_is_refused_with_advice() {
    let folder = tempfile::tempdir().unwrap();
    let clear = folder.path().join("clear.png");
    image::RgbaImage::new(64, 64).save(&clear).unwrap();
    let text = folder.path().join("text.png");
    std::fs::write(&text, "not a picture").unwrap();
    let opaque = sample("models/hand-light.jpg");
    for (product, name, advice) in [
        (&opaque, "hand-light.jpg", "remove the background"),
        (&clear, "clear.png", "transparent"),
        (&text, "text.png", "JPEG, PNG"),
    ] {
        parure()
            .args(["try", "--kind", "ring", "--product"])
            .arg(product)
            .arg(sample("models/hand-light.jpg"))
            .arg("-o")
            .arg(folder.path().join("out"))
            .assert()
            .code(2)
            .stderr(
                predicate::str::starts_with("error: ")
                    .and(predicate::str::contains(name))
                    .and(predicate::str::contains(advice)),
            );
    }
}

#[test]
fn every_command_explains_itself() {
    for command in ["try", "locate", "run", "plan", "schema", "models", "completions"] {
        parure()
            .args([command, "--help"])
            .assert()
            .success()
            .stdout(predicate::str::contains(format!("Usage: parure {command}")))
            .stderr("");
        parure()
            .arg("--help")
            .assert()
            .success()
            .stdout(predicate::str::contains(format!("  {command} ")));
    }
    parure()
        .arg("--help")
        .assert()
        .stdout(predicate::str::contains("Exit codes: 0 all done"));
    parure()
        .arg("--version")
        .assert()
        .success()
        .stdout(predicate::str::contains(env!("CARGO_PKG_VERSION")));
    parure().arg("drape").assert().code(2);
}

#[test]
fn every_shell_can_complete() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        parure()
            .args(["completions", shell])
            .assert()
            .success()
            .stdout(predicate::str::contains("parure").and(predicate::str::contains("inner-diameter-mm")));
    }
}

#[test]
fn models_are_listed_and_verified() {
    let intact = parure().args(["models", "--json"]).output().unwrap();
    assert!(intact.status.success());
    let lines = String::from_utf8(intact.stdout).unwrap();
    let models: Vec<serde_json::Value> = lines.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(models.len(), parure::infer::ModelId::ALL.len());
    for model in &models {
        super::assert_keys(model, "name place sha256 bytes error", "a model");
        assert_eq!(
            (&model["place"], &model["error"]),
            (&"embedded".into(), &serde_json::Value::Null)
        );
    }
}

#[test]
fn a_changed_model_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let name = "face_detection_short_range";
    let original = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("onnx/{name}.onnx"));
    let mut bytes = std::fs::read(original).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(folder.path().join(format!("{name}.onnx")), bytes).unwrap();
    parure()
        .arg("models")
        .arg("--models")
        .arg(folder.path())
        .assert()
        .code(1)
        .stdout(predicate::str::contains("UNUSABLE").and(predicate::str::contains("SHA-256")));
    parure()
        .arg("locate")
        .arg("--models")
        .arg(folder.path())
        .arg(sample("models/face-light-up.jpg"))
        .assert()
        .code(2)
        .stdout("")
        .stderr(
            predicate::str::contains(format!("{name}.onnx")).and(predicate::str::contains("models.yaml")),
        );
}

#[test]
fn a_backend_that_is_not_there_is_an_error_by_name_and_a_warning_in_auto() {
    let folder = tempfile::tempdir().unwrap();
    let library = folder.path().join("libonnxruntime.so");
    std::fs::write(&library, "not a library").unwrap();
    let photo = sample("models/hand-light.jpg");
    let locate = |backend: &str| {
        let mut command = assert_cmd::Command::new(env!("CARGO_BIN_EXE_parure"));
        command
            .args(["--backend", backend, "--ort-lib"])
            .arg(&library)
            .arg("locate")
            .arg(&photo);
        command.assert()
    };
    locate("ort")
        .code(2)
        .stderr(predicate::str::contains("libonnxruntime.so"));
    let auto = locate("auto").success();
    let stderr = String::from_utf8_lossy(&auto.get_output().stderr).into_owned();
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(stderr.contains("embedded backend is used"), "{stderr}");
}
