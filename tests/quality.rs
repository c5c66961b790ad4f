//! What misses its tier lies apart, with its reason, and every command knows of it.

mod shop;

use serde_json::json;
use shop::{Shop, product};

/// A band whose picture is 30 pixels wide, on three hands.
fn coarse() -> Shop {
    let shop = Shop::new();
    for name in ["hand-light", "hand-deep", "wrist-light"] {
        shop.write(&format!("photos/{name}.jpg"), shop::photo(&format!("{name}.jpg")));
    }
    let band = image::open(shop::home().join("samples/products/band-gold.png")).expect("sample");
    let small = band.resize(30, 30, image::imageops::FilterType::Triangle);
    small.save(shop.path("band.png")).expect("written");
    preset(&shop, "listing");
    shop
}

fn preset(shop: &Shop, quality: &str) {
    let text = format!(
        "version: 1
output: {{folder: out}}
quality: {{tier: {quality}}}
products:
  - {{sku: COARSE, file: band.png, kind: ring, inner_diameter_mm: 18}}
  - {{sku: FINE, file: {}, kind: ring, inner_diameter_mm: 18}}
models: [{{folder: photos}}]
",
        product("band-gold.png")
    );
    shop.write("p.yaml", text);
}

#[test]
fn what_misses_its_tier_lies_apart_until_it_is_wanted() {
    let shop = coarse();
    let ran = shop.run(&["run", "p.yaml"]).code(1);
    let made = shop.pictures("out");
    let apart = |made: &std::collections::BTreeMap<String, Vec<u8>>| {
        let names = made.keys().filter(|name| name.starts_with("rejected/"));
        names.cloned().collect::<Vec<_>>()
    };
    assert_eq!(made.len(), 6, "{:?}", made.keys());
    let rejected = apart(&made);
    assert_eq!(rejected.len(), 3, "{}", ran.err);
    assert!(
        rejected.iter().all(|name| name.contains("COARSE")),
        "{rejected:?}"
    );

    // Reason, measure and bound stand in the manifest; the plain one's stand there too.
    let records = shop.manifest("out");
    for record in &records {
        let coarse = record["skus"] == json!(["COARSE"]);
        assert_eq!(record["status"], if coarse { "rejected" } else { "done" });
        let checks = record["result"]["quality"]["checks"].as_array().expect("checks");
        let fine = checks
            .iter()
            .find(|c| c["check"] == "resolution")
            .expect("measured");
        assert_eq!(fine["holds"], !coarse);
        let (value, bound) = (&fine["value"], &fine["at_least"]);
        assert_eq!(
            value.as_f64().expect("number") < bound.as_f64().expect("number"),
            coarse
        );
        if coarse {
            assert!(record["reason"].as_str().expect("reason").contains("resolution"));
            assert!(ran.err.contains("COARSE: resolution is "), "{}", ran.err);
        }
    }
    // Three photographs: it is the product.
    let summary = shop.summary("out");
    let advice = summary["advice"][0].as_str().expect("advice");
    assert!(
        advice.contains("COARSE misses resolution on 3 photographs"),
        "{advice}"
    );
    assert!(ran.out.contains(advice), "{}", ran.out);

    // Nothing is made again, and the exit stays the same.
    let again = shop.run(&["run", "p.yaml", "--json"]).code(1);
    let fresh = again.lines().iter().filter(|line| line["kept"] == false).count();
    assert_eq!(fresh, 0);
    assert_eq!(shop.pictures("out"), made);

    // The check ignored: the pictures move out, and are the same.
    preset(
        &shop,
        "listing, ignore: [resolution, scale, sharpness, metal_colour, sparkle]",
    );
    shop.run(&["run", "p.yaml"]).code(0);
    let moved = shop.pictures("out");
    assert!(apart(&moved).is_empty() && moved.len() == 6, "{:?}", moved.keys());

    // Apart again, and no longer planned: listed, and pruned.
    preset(&shop, "listing");
    shop.run(&["run", "p.yaml"]).code(1);
    let text = std::fs::read_to_string(shop.path("p.yaml")).expect("preset");
    let without: Vec<&str> = text.lines().filter(|line| !line.contains("COARSE")).collect();
    shop.write("p.yaml", without.join("\n"));
    let listed = shop.run(&["prune", "p.yaml"]).code(0).out;
    assert_eq!(listed.matches("rejected/COARSE").count(), 3, "{listed}");
    shop.run(&["prune", "p.yaml", "--delete"]).code(0);
    assert!(apart(&shop.pictures("out")).is_empty());
}

#[test]
fn tier_and_ignored_checks_are_planned_and_their_names_checked() {
    let shop = coarse();
    preset(&shop, "social, ignore: [contact]");
    let plan = shop.run(&["plan", "p.yaml", "--json"]).code(0).out;
    let plan: serde_json::Value = serde_json::from_str(&plan).expect("JSON");
    assert_eq!(
        (&plan["tier"], &plan["ignored"]),
        (&json!("social"), &json!(["contact"]))
    );
    preset(&shop, "listing, ignore: [sharpnes]");
    let said = shop.run(&["plan", "p.yaml"]).code(2).err;
    assert!(
        said.contains("p.yaml:3:") && said.contains("`sharpness`"),
        "{said}"
    );
}
