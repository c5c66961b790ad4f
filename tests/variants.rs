//! Variants change what they name and nothing else.

mod shop;

use image::RgbImage;
use serde_json::Value;
use shop::{Shop, home, product};

struct Variants {
    shop: Shop,
    records: Vec<Value>,
}

impl Variants {
    /// Runs variants of a pendant on a portrait, without loss.
    fn new(variants: &str) -> Self {
        let shop = Shop::new();
        let preset = format!(
            "version: 1
output: {{folder: out, name: \"{{variant}}\"}}
products: [{{sku: N-1, file: {}, kind: necklace, chain_length_mm: 450}}]
models: [{{id: lena, photo: {}}}]
variants:
{variants}
exports: [master]
",
            product("pendant-disc-gold.png"),
            home().join("samples/models/face-light-up.jpg").display(),
        );
        shop.write("p.yaml", preset);
        shop.run(&["run", "p.yaml"]).code(0);
        let records = shop.manifest("out");
        Self { shop, records }
    }

    fn picture(&self, name: &str) -> RgbImage {
        image::open(self.shop.path(&format!("out/{name}.png")))
            .expect("picture")
            .to_rgb8()
    }

    fn record(&self, name: &str) -> &Value {
        let found = self.records.iter().find(|r| r["variant"]["name"] == name);
        found.expect("a record")
    }
}

/// Where two pictures differ: left, top, right, bottom, and how many pixels.
fn difference(a: &RgbImage, b: &RgbImage) -> Option<([u32; 4], usize)> {
    let mut found: Option<([u32; 4], usize)> = None;
    for (x, y, pixel) in a.enumerate_pixels() {
        if pixel != b.get_pixel(x, y) {
            let ([l, t, r, d], n) = found.unwrap_or(([x, y, x, y], 0));
            found = Some(([l.min(x), t.min(y), r.max(x), d.max(y)], n + 1));
        }
    }
    found
}

#[test]
fn a_background_stays_off_the_person_and_the_jewelry() {
    let v = Variants::new(
        "  - {name: plain}
  - {name: white, set: {background: {solid: white}}}
  - {name: green, set: {background: {solid: '#00ff00'}}}",
    );
    let (plain, white, green) = (v.picture("plain"), v.picture("white"), v.picture("green"));
    // The corners are wall; they are what was asked for.
    for (x, y) in [(5, 5), (1018, 5)] {
        assert_eq!(
            (white.get_pixel(x, y).0, green.get_pixel(x, y).0),
            ([255; 3], [0, 255, 0])
        );
    }
    // Face, throat and pendant are the plain picture's, bit for bit.
    let anchor = v.record("plain")["result"]["pieces"][0]["anchors"][0]["position"].clone();
    let (px, py) = (
        anchor[0].as_f64().expect("x") as u32,
        anchor[1].as_f64().expect("y") as u32,
    );
    for (left, top, right, bottom) in [
        (470, 300, 590, 620),
        (480, 780, 580, 900),
        (px - 20, py - 5, px + 20, py + 5),
    ] {
        for (x, y) in (top..bottom).flat_map(|y| (left..right).map(move |x| (x, y))) {
            assert_eq!(plain.get_pixel(x, y), white.get_pixel(x, y), "{x},{y}");
            assert_eq!(plain.get_pixel(x, y), green.get_pixel(x, y), "{x},{y}");
        }
    }
    assert_eq!(
        v.record("green")["changed"],
        serde_json::json!({ "background": { "solid": "#00ff00" } })
    );
    assert_eq!(v.record("plain")["changed"], serde_json::json!({}));
}

#[test]
fn a_shadow_s_strength_changes_the_shadow() {
    let v = Variants::new(
        "  - {name: plain, set: {inpaint: off}}
  - {name: same, set: {inpaint: off, shadow: 1}}
  - {name: none, set: {inpaint: off, shadow: 0}}
  - {name: strong, set: {inpaint: off, shadow: 2}}",
    );
    let (plain, none, strong) = (v.picture("plain"), v.picture("none"), v.picture("strong"));
    assert_eq!(
        difference(&plain, &v.picture("same")),
        None,
        "1 is the strength that is estimated"
    );
    let piece = &v.record("plain")["result"]["pieces"][0];
    let anchors = piece["anchors"].as_array().expect("anchors");
    let scale = piece["px_per_mm"].as_f64().expect("scale");
    let all = |axis: usize| {
        anchors
            .iter()
            .map(move |a| a["position"][axis].as_f64().expect("number"))
    };
    let least = |axis: usize| all(axis).fold(f64::MAX, f64::min);
    let most = |axis: usize| all(axis).fold(f64::MIN, f64::max);
    // A necklace of 450 mm reaches no further than half its length from where it is anchored.
    let reach = 225.0 * scale;
    for other in [&none, &strong] {
        let ([l, t, r, b], n) = difference(&plain, other).expect("another shadow");
        assert!(n > 200, "{n} pixels");
        assert!(
            f64::from(l) >= least(0) - reach && f64::from(r) <= most(0) + reach,
            "{l}..{r}"
        );
        assert!(
            f64::from(t) >= least(1) - reach && f64::from(b) <= most(1) + reach,
            "{t}..{b}"
        );
    }
    // More shadow is darker, and never lighter.
    let sum = |p: &RgbImage| p.as_raw().iter().map(|v| u64::from(*v)).sum::<u64>();
    assert!(sum(&none) > sum(&plain) && sum(&plain) > sum(&strong));
    let lighter = none
        .as_raw()
        .iter()
        .zip(strong.as_raw())
        .filter(|(n, s)| s > n)
        .count();
    assert_eq!(lighter, 0);
}

#[test]
fn ids_follow_the_change_and_not_its_place_or_name() {
    let first = Variants::new("  - {name: a, set: {shadow: 0.5}}\n  - {name: b, set: {tone: 0.2}}");
    let second = Variants::new("  - {name: x, set: {tone: 0.2}}\n  - matrix: {shadow: [0.5, 0.7]}");
    let id = |v: &Variants, name: &str| v.record(name)["variant"]["id"].as_str().expect("id").to_owned();
    assert_eq!(id(&first, "b"), id(&second, "x"));
    let matrix = id(&first, "a");
    // A cell of a matrix is called by its id.
    assert_eq!(id(&second, &matrix), matrix);
    assert!(first.picture("a") == second.picture(&matrix));
}
