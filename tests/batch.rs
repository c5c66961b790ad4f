//! A run that a team can trust overnight: what fails fails alone, what is killed goes on, nothing depends on how.

mod shop;

use shop::{Shop, photo, product};

/// A ring and a bracelet on one hand, a pendant on one face: three pictures in two exports.
fn small() -> Shop {
    let shop = Shop::new();
    shop.write("photos/hand.jpg", photo("hand-light.jpg"));
    shop.write("photos/face.jpg", photo("face-light-up.jpg"));
    let preset = format!(
        "version: 1
output: {{folder: out, name: \"{{sku}}/{{model}}_{{export}}\"}}
products:
  - {{sku: R-1, file: {}, kind: ring, inner_diameter_mm: 18}}
  - {{sku: B-1, file: {}, kind: bracelet, style: bangle, inner_diameter_mm: 62}}
  - {{sku: N-1, file: {}, kind: necklace, chain_length_mm: 450}}
models:
  - {{photo: photos/hand.jpg, wears: [ring, bracelet]}}
  - {{photo: photos/face.jpg, wears: necklace}}
exports:
  - {{name: web, format: jpeg, long_side: 400}}
  - {{name: lossless, format: png, long_side: 240}}
",
        product("band-gold.png"),
        product("bangle-gold.png"),
        product("pendant-disc-gold.png"),
    );
    shop.write("p.yaml", preset);
    shop
}

#[test]
fn a_bad_photo_among_ten_fails_alone() {
    let shop = Shop::new();
    let good = photo("hand-light.jpg");
    for i in 0..9 {
        shop.write(&format!("photos/good-{i}.jpg"), &good);
    }
    shop.write("photos/bad.jpg", &good[..good.len() / 2]);
    let preset = format!(
        "version: 1
output: {{folder: out}}
products: [{{sku: R-1, file: {}, kind: ring, inner_diameter_mm: 18}}]
models: [{{folder: photos}}]
",
        product("band-gold.png")
    );
    shop.write("p.yaml", preset);
    let ran = shop.run(&["run", "p.yaml"]).code(1);
    assert_eq!(shop.pictures("out").len(), 9);
    let said: Vec<&str> = ran
        .err
        .lines()
        .filter(|line| line.starts_with("error: "))
        .collect();
    assert_eq!(said.len(), 1, "{}", ran.err);
    assert!(said[0].contains("bad.jpg"), "{}", said[0]);
    let summary = shop.summary("out");
    assert_eq!(
        (&summary["done"], &summary["failed"]["unreadable"]),
        (&9.into(), &1.into())
    );
}

#[test]
fn a_second_run_makes_nothing_and_a_change_remakes_what_it_touches() {
    let shop = small();
    let made = |ran: &shop::Ran| {
        let lines = ran.lines();
        let fresh = lines.iter().filter(|line| line["kept"] == false);
        let mut skus: Vec<String> = fresh
            .map(|line| line["output"]["skus"][0].as_str().expect("SKU").to_owned())
            .collect();
        skus.sort();
        skus
    };
    let first = shop.run(&["run", "p.yaml", "--json"]).code(0);
    assert_eq!(made(&first), ["B-1", "B-1", "N-1", "N-1", "R-1", "R-1"]);
    let pictures = shop.pictures("out");
    assert!(made(&shop.run(&["run", "p.yaml", "--json"]).code(0)).is_empty());

    // A file that was tampered with, cut short or removed is not trusted.
    shop.write("out/R-1/hand_web.jpg", b"not the picture");
    let cut = &pictures["B-1/hand_web.jpg"];
    shop.write("out/B-1/hand_web.jpg", &cut[..cut.len() - 1]);
    std::fs::remove_file(shop.path("out/N-1/face_lossless.png")).expect("there");
    assert_eq!(
        made(&shop.run(&["run", "p.yaml", "--json"]).code(0)),
        ["B-1", "N-1", "R-1"]
    );
    assert_eq!(shop.pictures("out"), pictures);

    // One product's size: that product, and nothing else.
    let text = std::fs::read_to_string(shop.path("p.yaml")).expect("preset");
    shop.write(
        "p.yaml",
        text.replace("inner_diameter_mm: 18", "inner_diameter_mm: 19"),
    );
    assert_eq!(
        made(&shop.run(&["run", "p.yaml", "--json"]).code(0)),
        ["R-1", "R-1"]
    );
    let forced = shop.run(&["run", "p.yaml", "--json", "--force"]).code(0);
    assert_eq!(made(&forced).len(), 6);
}
