//! `parure locate`.

use predicates::prelude::*;
use serde_json::Value;

use super::{assert_keys, grey_picture, json_lines, landscape, parure, sample};

fn locate(photo: &str) -> Value {
    let (code, mut objects, _) = json_lines(parure().args(["locate", "--json"]).arg(sample(photo)));
    assert_eq!((code, objects.len()), (0, 1));
    objects.remove(0)
}

fn assert_point<const N: usize>(value: &Value, what: &str) {
    let numbers = value
        .as_array()
        .map(|v| v.iter().filter(|v| v.is_number()).count());
    assert_eq!(numbers, Some(N), "{what}: {value}");
}

fn assert_light(light: &Value) {
    if !light.is_null() {
        assert_keys(light, "direction softness confidence", "light");
        assert_point::<3>(&light["direction"], "light.direction");
    }
}

#[test]
fn a_portrait_has_the_documented_keys() {
    let report = locate("models/face-light-up.jpg");
    assert_keys(&report, "photo width height faces neck hands light", "the report");
    assert_eq!(
        (&report["width"], &report["height"]),
        (&1024.into(), &1280.into())
    );
    assert!(report["photo"].as_str().unwrap().ends_with("face-light-up.jpg"));
    assert_eq!(report["hands"], Value::Array(Vec::new()));
    assert_eq!(report["faces"].as_array().unwrap().len(), 1);

    let face = &report["faces"][0];
    assert_keys(
        face,
        "score box landmarks yaw_deg pitch_deg roll_deg px_per_mm ears",
        "a face",
    );
    assert_point::<4>(&face["box"], "box");
    assert_eq!(face["landmarks"].as_array().unwrap().len(), 478);
    assert_point::<3>(&face["landmarks"][477], "a landmark");
    assert_keys(&face["ears"], "left right", "ears");
    for side in ["left", "right"] {
        let ear = &face["ears"][side];
        assert_keys(ear, "lobe px_per_mm visibility hidden_by", side);
        assert_point::<2>(&ear["lobe"], "lobe");
        assert!((0.0..=1.0).contains(&ear["visibility"].as_f64().unwrap()));
    }
    // The subject's left ear is on the right of the picture in a frontal portrait.
    let x = |side: &str| face["ears"][side]["lobe"][0].as_f64().unwrap();
    assert!(x("left") > x("right"));

    let neck = &report["neck"];
    assert_keys(neck, "left right pit px_per_mm", "neck");
    for key in ["left", "right", "pit"] {
        assert_point::<2>(&neck[key], key);
    }
    assert_light(&report["light"]);
}

#[test]
fn a_hand_has_the_documented_keys() {
    let report = locate("models/hand-light.jpg");
    assert_eq!(report["faces"], Value::Array(Vec::new()));
    assert!(report["neck"].is_null());
    assert_light(&report["light"]);
    let hand = &report["hands"][0];
    assert_keys(
        hand,
        "handedness score side landmarks px_per_mm fingers wrist",
        "a hand",
    );
    assert!(["left", "right"].contains(&hand["handedness"].as_str().unwrap()));
    // The sample shows the back of the hand.
    assert_eq!(hand["side"], "back");
    assert_eq!(hand["landmarks"].as_array().unwrap().len(), 21);
    assert_point::<3>(&hand["landmarks"][20], "a landmark");
    let fingers = &hand["fingers"];
    assert_keys(fingers, "thumb index middle ring pinky", "fingers");
    for (name, finger) in fingers.as_object().unwrap() {
        assert_keys(finger, "center axis width_px px_per_mm visibility", name);
        assert_point::<2>(&finger["center"], name);
        let axis: Vec<f64> = finger["axis"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(Value::as_f64)
            .collect();
        assert!(
            (axis[0].hypot(axis[1]) - 1.0).abs() < 1e-3,
            "{name}: a unit vector"
        );
    }
    assert_keys(&hand["wrist"], "center axis width_px px_per_mm", "wrist");
}

#[test]
fn pictures_without_people_have_empty_reports() {
    let folder = tempfile::tempdir().unwrap();
    let photos = [
        grey_picture(folder.path()),
        landscape(folder.path()),
        sample("products/solitaire-diamond.png"),
    ];
    let (code, objects, _) = json_lines(parure().args(["locate", "--json"]).args(photos));
    assert_eq!((code, objects.len()), (0, 3));
    for report in objects {
        assert_keys(&report, "photo width height faces neck hands light", "the report");
        let empty = Value::Array(Vec::new());
        assert_eq!(
            (&report["faces"], &report["hands"]),
            (&empty, &empty),
            "{}",
            report["photo"]
        );
        assert!(report["neck"].is_null() && report["light"].is_null());
    }
}

#[test]
fn a_damaged_photo_is_named_and_the_others_are_reported() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty.jpg");
    std::fs::write(&empty, b"").unwrap();
    let grey = grey_picture(folder.path());
    let (code, objects, stderr) = json_lines(parure().args(["locate", "--json"]).args([&empty, &grey]));
    assert_eq!((code, objects.len()), (1, 1));
    assert!(stderr.contains("empty.jpg"), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
}

#[test]
fn overlays_are_drawn_at_photo_size() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("seen/overlay.png");
    parure()
        .arg("locate")
        .arg(sample("models/hand-light.jpg"))
        .arg("--overlay")
        .arg(&target)
        .assert()
        .success()
        .stdout(predicate::str::contains("hand (").and(predicate::str::contains("px per mm")));
    let overlay = image::open(&target).unwrap().to_rgb8();
    let photo = image::open(sample("models/hand-light.jpg")).unwrap().to_rgb8();
    assert_eq!(overlay.dimensions(), photo.dimensions());
    assert!(overlay != photo, "nothing was drawn");
}
