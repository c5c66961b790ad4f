//! The shipped presets, run as a user would run them.

mod shop;

use std::collections::BTreeSet;

use shop::{Shop, home};

/// Runs a shipped preset into a folder of the shop; gives the shop and how many pictures were made.
fn run(name: &str) -> (Shop, usize) {
    let shop = Shop::new();
    let preset = home().join("pipelines").join(name).display().to_string();
    let ran = shop.run(&["run", &preset, "-o", "out"]).code(0);
    let pictures = shop.pictures("out");
    let records = shop.manifest("out");
    let done: BTreeSet<&str> = records
        .iter()
        .filter(|r| r["status"] == "done")
        .map(|r| r["path"].as_str().expect("path"))
        .collect();
    let files: BTreeSet<&str> = pictures.keys().map(String::as_str).collect();
    assert_eq!(done, files, "{name}: the manifest names the files and no others");
    for record in &records {
        let path = record["path"].as_str().expect("path");
        match record["status"].as_str() {
            Some("done") => {
                let picture = image::load_from_memory(&pictures[path]).expect("decodable");
                assert_eq!(record["width"], picture.width(), "{path}");
                assert_eq!(record["height"], picture.height(), "{path}");
                assert_eq!(
                    record["hash"],
                    blake3::hash(&pictures[path]).to_hex().as_str(),
                    "{path}"
                );
            }
            // What the samples are planned for: an ear that cannot be seen.
            Some("unfit") => assert!(record["reason"].is_string(), "{path}"),
            other => panic!("{path}: {other:?}: {}", ran.err),
        }
    }
    (shop, done.len())
}

#[test]
fn quickstart_dresses_every_photo_and_uses_every_product() {
    let (shop, done) = run("quickstart.yaml");
    assert!(done >= 55, "{done} pictures");
    let records = shop.manifest("out");
    let of = |key: &str| -> BTreeSet<String> {
        let done = records.iter().filter(|r| r["status"] == "done");
        done.map(|r| r[key].to_string()).collect()
    };
    assert_eq!(of("model").len(), 10);
    let tried: BTreeSet<String> = records.iter().map(|r| r["look"].to_string()).collect();
    assert_eq!(tried.len(), 17);
}

#[test]
fn catalogue_is_sorted_by_channel_and_described() {
    let (shop, done) = run("catalogue.yaml");
    assert!(done >= 40, "{done} pictures");
    let pictures = shop.pictures("out");
    assert!(pictures.contains_key("shopify/RNG-BAND-G4/RNG-BAND-G4_lena-hand.jpg"));
    let bytes = &pictures["google-merchant/NCK-PEARL-45/NCK-PEARL-45_amara.jpg"];
    let text = String::from_utf8_lossy(bytes);
    assert!(text.contains("Classic pearls, 45 cm (NCK-PEARL-45), worn by amara"));
    let csv = shop.run(&["manifest", "out", "--csv"]).code(0).out;
    assert_eq!(csv.lines().count(), 1 + shop.manifest("out").len());
    // The override shortens one chain on one model.
    let records = shop.manifest("out");
    let length = |model: &str| {
        let record = records
            .iter()
            .find(|r| r["look"] == "NCK-CURB-R60" && r["model"] == model);
        record.expect("a record")["settings"]["chain_length_mm"].clone()
    };
    assert_eq!(
        (length("amara"), length("lena")),
        (550.0.into(), serde_json::Value::Null)
    );
}

#[test]
fn etsy_takes_folders() {
    let (_, done) = run("etsy.yaml");
    assert!(done >= 8, "{done} pictures");
}

#[test]
fn variants_change_one_thing() {
    let (shop, done) = run("ab-variants.yaml");
    assert_eq!(done, 25);
    let records = shop.manifest("out");
    let changed = |path: &str| {
        let record = records.iter().find(|r| r["path"] == path).expect("a record");
        record["changed"].clone()
    };
    assert_eq!(changed("NCK-DISC-G45/lena_plain.jpg"), serde_json::json!({}));
    assert_eq!(
        changed("NCK-DISC-G45/lena_white.jpg"),
        serde_json::json!({ "background": { "solid": "#ffffff" } })
    );
    assert_eq!(
        changed("RNG-SOL-DI/hand_index-finger.jpg"),
        serde_json::json!({ "finger": "index", "model": "hand" })
    );
    let ids: BTreeSet<String> = records.iter().map(|r| r["variant"]["id"].to_string()).collect();
    assert_eq!(ids.len(), 12);
}

#[test]
fn editorial_looks_have_several_pieces() {
    let (shop, _) = run("editorial.yaml");
    let records = shop.manifest("out");
    let hand = records
        .iter()
        .find(|r| r["look"] == "gold-hand")
        .expect("a record");
    assert_eq!(hand["status"], "done");
    assert_eq!(hand["skus"], serde_json::json!(["sapphire", "band", "bangle"]));
    assert_eq!(hand["result"]["pieces"].as_array().map(Vec::len), Some(3));
    assert_eq!(hand["settings"]["background"], "keep");
}

#[test]
fn the_schema_beside_the_presets_is_the_program_s() {
    let shop = Shop::new();
    let told = shop.run(&["schema", "preset"]).code(0).out;
    let path = home().join("pipelines/preset.schema.json");
    let file = std::fs::read_to_string(&path).expect("schema");
    assert!(
        file == told,
        "write it anew: parure schema preset > pipelines/preset.schema.json"
    );
}
