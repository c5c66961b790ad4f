//! Presets as a user writes them: what they plan, and how their errors read.

use std::path::PathBuf;

use parure::preset::plan::Plan;
use parure::preset::{Options, plan};

/// A folder with products, photos and a preset.
struct Shop {
    dir: tempfile::TempDir,
}

impl Shop {
    fn new() -> Self {
        let shop = Self {
            dir: tempfile::tempdir().expect("temp folder"),
        };
        for name in [
            "photos/anna.jpg",
            "photos/bea.png",
            "pieces/hoop.png",
            "pieces/band.png",
            "pieces/chain.png",
        ] {
            shop.picture(name);
        }
        shop
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn picture(&self, name: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("parent")).expect("folder");
        image::RgbImage::new(40, 30).save(path).expect("picture");
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        std::fs::write(self.path(name), text).expect("written");
        self.path(name)
    }

    fn plan(&self, text: &str) -> Plan {
        plan(&self.file("p.yaml", text), &Options::default()).unwrap_or_else(|issues| panic!("{issues}"))
    }

    /// The errors of a preset, without the folder's name.
    fn errors(&self, text: &str) -> Vec<String> {
        let issues = plan(&self.file("p.yaml", text), &Options::default()).expect_err("should be refused");
        let folder = format!("{}/", self.dir.path().display());
        issues
            .iter()
            .map(|issue| issue.to_string().replace(&folder, ""))
            .collect()
    }
}

const BODY: &str = "
products:
  - {sku: R-1, file: pieces/band.png, kind: ring, inner_diameter_mm: 17.3}
models:
  - {photo: photos/anna.jpg, tags: {skin: deep, hair: up}}
  - {photo: photos/bea.png, tags: [hand]}
";

fn with(more: &str) -> String {
    format!("version: 1{BODY}{more}")
}

fn paths(plan: &Plan) -> Vec<&str> {
    plan.bases
        .iter()
        .flat_map(|base| base.outputs.iter().map(|o| o.path.as_str()))
        .collect()
}

#[test]
fn every_error_is_told_at_once_with_its_place() {
    let shop = Shop::new();
    let text = "version: 1
produts:
  - sku: R-1
products:
  - sku: R-2
    file: pieces/bnad.png
    kind: rnig
    width_mm: -3
  - {file: pieces/hoop.png, kind: earring, widht_mm: 3}
models:
  - photo: photos/anna.jpg
    set: {shadow: .nan, tone: lots}
seed: 1.5
";
    assert_eq!(
        shop.errors(text),
        [
            "p.yaml:2:1: the preset has no key `produts` (did you mean `products`?)",
            "p.yaml:6:11: `pieces/bnad.png`: no such file or folder (did you mean `band.png`?)",
            "p.yaml:7:11: unknown kind `rnig` (did you mean `ring`?)",
            "p.yaml:8:15: `-3` is not from 0.1 to 2000",
            "p.yaml:9:44: a product has no key `widht_mm` (did you mean `width_mm`?)",
            "p.yaml:12:19: a number is needed, not `.nan`",
            "p.yaml:12:31: a number is needed, not `lots`",
            "p.yaml:13:7: a whole number from 0 is needed, not `1.5`",
        ]
    );
}

#[test]
fn numbers_that_are_none_are_refused() {
    let shop = Shop::new();
    for wrong in [
        "NaN", ".nan", ".inf", "-.inf", "inf", "1e999", "-1", "0", "1e9", "[1]", "\"\"", "0x",
    ] {
        let text = BODY.replace("17.3", wrong);
        let errors = shop.errors(&format!("version: 1{text}"));
        assert!(errors[0].starts_with("p.yaml:3:"), "{wrong}: {errors:?}");
    }
}

#[test]
fn the_version_is_needed_and_must_be_known() {
    let shop = Shop::new();
    assert!(shop.errors(BODY)[0].contains("needs its version"));
    assert!(shop.errors(&format!("version: 2{BODY}"))[0].contains("version 2 is not known"));
}

#[test]
fn products_come_from_folders_patterns_and_catalogues() {
    let shop = Shop::new();
    shop.file(
        "cat.csv",
        "Artikel;Bild;Art;Breite\nK-1;chain.png;Kette;400\nK-2;hoop.png;earring;\n",
    );
    shop.file(
        "cat.json",
        "{\"items\": [{\"sku\": \"J-1\", \"file\": \"pieces/band.png\", \"us_ring_size\": 7}]}",
    );
    let text = "version: 1
models: [{folder: photos}]
products:
  - {glob: 'pieces/h*.png', kind: earring}
  - catalogue:
      file: cat.csv
      images: pieces
      columns: {sku: Artikel, file: Bild, kind: Art, width_mm: Breite}
      kinds: {Kette: necklace}
  - {catalogue: {file: cat.json}, kind: ring}
";
    let plan = shop.plan(text);
    let skus: Vec<_> = plan.products.iter().map(|p| p.sku.as_str()).collect();
    assert_eq!(skus, ["hoop", "K-1", "K-2", "J-1"]);
    assert_eq!(plan.products[1].facts.width_mm, Some(400.0));
    assert!((plan.products[3].facts.inner_diameter_mm.expect("given") - 17.32).abs() < 0.01);
    assert_eq!(
        plan.photos.iter().map(|p| p.id.as_str()).collect::<Vec<_>>(),
        ["anna", "bea"]
    );
    assert_eq!(
        (plan.photos[0].header.width, plan.photos[0].header.height),
        (40, 30)
    );
    assert_eq!(paths(&plan).len(), 8);
}

#[test]
fn catalogue_errors_point_at_the_cell() {
    let shop = Shop::new();
    let rows = "A,pieces/band.png,ring,17\nB,pieces/band.png,ring,many\nC,no.png,ring,3\n";
    shop.file("cat.csv", &format!("sku,file,kind,width_mm\n{rows}"));
    let errors =
        shop.errors("version: 1\nmodels: [{folder: photos}]\nproducts: [{catalogue: {file: cat.csv}}]\n");
    assert_eq!(errors[0], "cat.csv:3:24: a number is needed, not `many`");
    assert!(errors[1].starts_with("cat.csv:4:3: "), "{errors:?}");
}

#[test]
fn layers_lie_in_their_order() {
    let shop = Shop::new();
    let text = "version: 1
seed: 5
defaults: {shadow: 0.1, tone: 0.1, rotate_deg: 1}
products:
  - {sku: R-1, file: pieces/band.png, kind: ring, set: {shadow: 0.2, tone: 0.2}}
  - {sku: R-2, file: pieces/hoop.png, kind: ring}
models:
  - {id: anna, photo: photos/anna.jpg, set: {tone: 0.3}}
overrides:
  - {product: 'R-*', model: anna, set: {scale: 2}}
  - {product: R-1, set: {scale: 3}}
variants:
  - {name: plain}
  - {name: soft, set: {shadow: 0.9}}
";
    let plan = shop.plan(text);
    let of = |i: usize| &plan.bases[i].pieces[0].settings;
    assert_eq!(plan.bases.len(), 4);
    let value = |v: Option<parure::preset::values::Strength>| v.expect("set").0;
    assert_eq!(value(of(0).shadow), 0.2);
    assert_eq!(of(0).tone.expect("set").0, 0.3);
    assert_eq!(of(0).rotate_deg.expect("set").0, 1.0);
    assert_eq!(of(0).scale.expect("set").0, 3.0);
    assert_eq!(of(2).scale.expect("set").0, 2.0);
    assert_eq!(of(0).seed, Some(5));
    assert_eq!(value(of(1).shadow), 0.9);
    assert_eq!(
        plan.bases[1].outputs[0].changed,
        serde_json::json!({"shadow": 0.9})
    );
    assert_eq!(plan.bases[0].outputs[0].changed, serde_json::json!({}));
}

#[test]
fn selections_go_by_name_and_tag() {
    let shop = Shop::new();
    let text = with("looks: [{name: pair, pieces: [R-1, R-1], models: {tags: {skin: [dark, deep]}}}]\n");
    assert_eq!(
        paths(&shop.plan(&text)),
        ["pair_anna.jpg", "R-1_anna.jpg", "R-1_bea.png"]
    );
    let text = with("looks: [{name: pair, pieces: [R-1], models: {without: [hand]}}]\nsolo: false\n");
    assert_eq!(paths(&shop.plan(&text)), ["pair_anna.jpg"]);
    let errors = shop.errors(&with("looks: [{name: pair, pieces: [R-l], models: ana}]\n"));
    assert!(
        errors[0].contains("no product has the SKU `R-l` (did you mean `R-1`?)"),
        "{errors:?}"
    );
    assert!(
        errors[1].contains("no model is called `ana` (did you mean `anna`?)"),
        "{errors:?}"
    );
    let errors = shop.errors(&with(
        "looks: [{name: pair, pieces: [R-1], models: {tags: [feet]}}]\n",
    ));
    assert!(errors[0].contains("tags: hair=up, hand, skin=deep"), "{errors:?}");
}

#[test]
fn a_photo_is_for_the_kinds_that_it_wears() {
    let shop = Shop::new();
    let text = "version: 1
products:
  - {sku: R-1, file: pieces/band.png, kind: ring}
  - {sku: H-1, file: pieces/hoop.png, kind: earring}
  - {sku: N-1, file: pieces/chain.png, kind: necklace}
looks: [{name: both, pieces: [H-1, N-1]}, {name: odd, pieces: [H-1, R-1]}]
models:
  - {photo: photos/anna.jpg, wears: [earring, necklace]}
  - {photo: photos/bea.png, wears: ring}
";
    let plan = shop.plan(text);
    let mut shown = paths(&plan);
    shown.sort_unstable();
    // No photograph is for earrings and rings at once.
    assert_eq!(
        shown,
        ["H-1_anna.jpg", "N-1_anna.jpg", "R-1_bea.png", "both_anna.jpg"]
    );
    let wrong = text.replace("wears: ring", "wears: [ring, broch]");
    assert_eq!(shop.errors(&wrong).len(), 1);
}

#[test]
fn a_catalogue_may_be_yaml() {
    let shop = Shop::new();
    shop.file(
        "table.yaml",
        "- {sku: R-1, file: band.png, kind: ring, inner_diameter_mm: 17.3, note: x}\n",
    );
    let text = "version: 1
products: [{catalogue: {file: table.yaml, images: pieces}}]
models: [{photo: photos/anna.jpg}]
";
    let plan = shop.plan(text);
    assert_eq!(plan.products[0].facts.inner_diameter_mm, Some(17.3));
    assert!(plan.products[0].path.ends_with("pieces/band.png"));
}

#[test]
fn variants_have_ids_that_only_their_content_decides() {
    let shop = Shop::new();
    let a = shop.plan(&with(
        "variants:\n  - {name: x, set: {tone: 0.5, shadow: 1}}\n  - {name: plain}\n",
    ));
    let b = shop.plan(&with(
        "seed: 9\nvariants:\n  - matrix: {shadow: [0, 1], tone: [0.5], model: [anna]}\n  - {name: y, set: {shadow: 1.0, tone: 0.50}}\n",
    ));
    assert_eq!(a.variants[1].id, "base");
    assert_eq!(a.variants[0].id, b.variants[2].id);
    assert_ne!(b.variants[0].id, b.variants[1].id);
    assert_ne!(
        b.variants[1].id, a.variants[0].id,
        "the model is part of the content"
    );
}

/// What repaints the seam, and its seed, make composites of their own.
#[test]
fn inpainting_and_its_seed_are_axes() {
    let shop = Shop::new();
    let plan = shop.plan(&with(
        "variants:\n  - matrix: {inpaint: [off, band], seed: [1, 2], model: [anna]}\n",
    ));
    assert_eq!((plan.variants.len(), plan.bases.len()), (4, 4));
    let mut told: Vec<String> = plan
        .bases
        .iter()
        .map(|base| {
            format!(
                "{} {}",
                base.outputs[0].changed["inpaint"], base.outputs[0].changed["seed"]
            )
        })
        .collect();
    told.sort();
    assert_eq!(told, ["\"band\" 1", "\"band\" 2", "\"off\" 1", "\"off\" 2"]);
}

#[test]
fn a_matrix_makes_every_combination_and_shares_composites() {
    let shop = Shop::new();
    let text = with(
        "variants:
  - matrix:
      background: [keep, {solid: white}, {blur: 0.5}]
      shadow: [0.5, 1]
      model: [anna]
exports: [etsy, shopify]
",
    );
    let plan = shop.plan(&text);
    assert_eq!(plan.variants.len(), 6);
    assert_eq!(plan.bases.len(), 2, "backgrounds share a composite");
    assert_eq!(plan.outputs(), 12);
    assert_eq!(
        plan.bases[0].outputs[2].changed,
        serde_json::json!({"shadow": 0.5, "background": {"solid": "#ffffff"}, "model": "anna"})
    );
    let errors = shop.errors(&with("variants:\n  - matrix: {shadow: [1, 3], shadwo: [1]}\n"));
    assert_eq!(errors.len(), 2, "{errors:?}");
    let ten = "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]";
    let huge =
        format!("shadow: [0, 1], rotate_deg: {ten}, seed: {ten}, shadow_softness: {ten}, scale: {ten}");
    let errors = shop.errors(&with(&format!("variants:\n  - matrix: {{{huge}}}\n")));
    assert!(errors[0].contains("more than 10000 combinations"), "{errors:?}");
}

#[test]
fn includes_are_laid_below_and_know_their_own_folder() {
    let shop = Shop::new();
    let below =
        "version: 1\ndefaults: {shadow: 0.1, tone: 0.1}\nproducts: [{file: hoop.png, kind: earring}]\n";
    shop.file("pieces/base.yaml", below);
    let plan = shop.plan(&with("include: [pieces/base.yaml]\ndefaults: {tone: 0.9}\n"));
    assert_eq!(
        plan.products.iter().map(|p| p.sku.as_str()).collect::<Vec<_>>(),
        ["hoop", "R-1"]
    );
    let settings = &plan.bases[0].pieces[0].settings;
    assert_eq!(
        (settings.shadow.expect("below").0, settings.tone.expect("above").0),
        (0.1, 0.9)
    );
    let errors = shop.errors(&with("include: [p.yaml]\n"));
    assert!(errors[0].contains("includes itself"), "{errors:?}");
    let errors = shop.errors(&with("include: [/dev/zero]\n"));
    assert!(errors[0].contains("not a file"), "{errors:?}");
}

#[test]
fn names_are_checked_before_anything_runs() {
    let shop = Shop::new();
    shop.picture("photos/bea.jpg");
    for (name, part) in [
        ("../{sku}", "inside the output folder"),
        ("/etc/{sku}", "inside the output folder"),
        ("{sku}", "two pictures are called `R-1.jpg`"),
        ("{modell}", "did you mean `model`?"),
    ] {
        let body = BODY.replace("photos/bea.png", "photos/bea.jpg");
        let errors = shop.errors(&format!("version: 1{body}output: {{name: '{name}'}}\n"));
        assert!(errors[0].contains(part), "{name}: {errors:?}");
    }
    let plan = shop.plan(&with("output: {name: '{sku}/{model}-{hash}', folder: here}\n"));
    assert!(paths(&plan)[0].starts_with("R-1/anna-"));
    assert_eq!(plan.folder, shop.path("here"));
}

#[test]
fn exports_are_data() {
    let shop = Shop::new();
    let more = "exports:\n  - etsy\n  - {name: big, extends: etsy, short_side: 3000, format: webp}\n";
    let plan = shop.plan(&with(more));
    assert_eq!(plan.exports[1].size.short_side, Some(3000));
    assert_eq!(plan.exports[1].max_bytes, Some(10_000_000));
    assert!(paths(&plan)[1].ends_with("_big.webp"));
    for (wrong, part) in [
        ("[ebayy]", "did you mean `ebay`?"),
        ("[{name: x, width: 100, short_side: 50}]", "do not go with"),
        ("[{name: x, fit: pad}]", "needs an aspect"),
        ("[{name: x, width: 20000, height: 20000}]", "400000000 pixels"),
        ("[{name: x, width: 999999999}]", "is not from 16 to 20000"),
        ("[etsy, etsy]", "two exports"),
        (
            "[{name: x, min_bytes: 2 MB, max_bytes: 1 MB}]",
            "is more than max_bytes",
        ),
        ("[{name: x, extends: y}]", "no export is called `y`"),
    ] {
        let errors = shop.errors(&with(&format!("exports: {wrong}\n")));
        assert!(errors.iter().any(|e| e.contains(part)), "{wrong}: {errors:?}");
    }
}

#[test]
fn a_picture_that_cannot_be_read_is_planned_and_named() {
    let shop = Shop::new();
    shop.file("photos/anna.jpg", "not a picture");
    let plan = shop.plan(&with(""));
    assert!(plan.photos[0].header.problem.is_some());
    let report = parure::preset::report::PlanReport::new(&plan);
    assert_eq!(report.counts.unreadable, 1);
    assert!(
        report
            .page(10)
            .contains("model anna cannot be read and will fail")
    );
}

#[test]
fn a_pattern_never_finds_the_run_s_own_pictures() {
    let shop = Shop::new();
    shop.picture("out/p/R-1_anna.jpg");
    let text = "version: 1\nmodels: [{glob: '**/*.jpg'}]\nproducts: [{file: pieces/band.png, kind: ring}]\n";
    assert_eq!(shop.plan(text).photos.len(), 1);
}

#[test]
fn the_json_schema_asks_for_what_the_reader_asks_for() {
    let schema = parure::preset::json_schema();
    let needed = |name: &str| schema["$defs"][name]["required"].clone();
    assert_eq!(schema["required"], serde_json::json!(["version"]));
    assert_eq!(needed("Model"), serde_json::Value::Null);
    assert_eq!(needed("Export"), serde_json::json!(["name"]));
    assert_eq!(needed("NamedVariant"), serde_json::json!(["name"]));
    assert_eq!(needed("Override"), serde_json::json!(["set"]));
}

/// What the reader takes the schema must list, and the other way round: most of it comes from one declaration, but the
/// parts written by hand could drift.
#[test]
fn the_json_schema_lists_the_keys_that_are_read() {
    let schema = parure::preset::json_schema();
    let keys: Vec<&str> = schema["properties"]
        .as_object()
        .expect("object")
        .keys()
        .map(String::as_str)
        .collect();
    for key in [
        "version",
        "include",
        "products",
        "models",
        "looks",
        "defaults",
        "overrides",
        "variants",
        "exports",
    ] {
        assert!(keys.contains(&key), "{key} is missing in {keys:?}");
    }
    assert_eq!(schema["additionalProperties"], false);
    let axes = schema["$defs"]["Axes"]["properties"].as_object().expect("axes");
    let settings = schema["$defs"]["Settings"]["properties"]
        .as_object()
        .expect("settings");
    assert_eq!(
        axes.len(),
        settings.len() + 1,
        "every setting is an axis, and `model`"
    );
}

#[test]
fn hostile_text_is_refused() {
    let shop = Shop::new();
    let bomb = (1..40).fold("a0: &a0 [x,x,x,x,x,x,x,x,x]\n".to_owned(), |text, i| {
        format!(
            "{text}a{i}: &a{i} [{}]\n",
            vec![format!("*a{}", i - 1); 9].join(",")
        )
    });
    let hostile = [
        bomb,
        "[".repeat(10_000),
        "{a: ".repeat(10_000),
        "- ".repeat(10_000),
        "? ".repeat(10_000),
        "version: 1\n".repeat(300_000),
        format!("version: 1\nname: {}\n", "x".repeat(5 << 20)),
        (0..200_000).map(|i| format!("k{i}: {i}\n")).collect(),
        "&a [*a]".into(),
        "\u{0}\u{1}".into(),
        "\"".into(),
        "a: |\n".to_owned() + &" x\n".repeat(100_000),
    ];
    for text in hostile {
        let head = &text[..40.min(text.len())];
        assert!(!shop.errors(&text).is_empty(), "{head}");
    }
}

#[test]
fn a_catalogue_of_a_shop_s_size_is_planned_whole() {
    let shop = Shop::new();
    let rows: String = (0..500)
        .map(|i| format!("S-{i},pieces/band.png,ring,17\n"))
        .collect();
    shop.file("cat.csv", &format!("sku,file,kind,inner_diameter_mm\n{rows}"));
    let text = "version: 1\nmodels: [{folder: photos}]\nproducts: [{catalogue: {file: cat.csv}}]\n";
    let plan = shop.plan(&format!("{text}exports: [etsy, shopify, ebay]\n"));
    assert_eq!(plan.outputs(), 500 * 2 * 3);
}
