//! Presets made to do harm: refused quickly, in little memory, and with nothing written.

mod shop;

use shop::{Ran, Shop};

/// Plans a preset in at most a second of processor time and 100 MB of memory of its own (the limits of the system,
/// where there is bash).
fn plan(shop: &Shop, text: &str) -> Ran {
    shop.write("p.yaml", text);
    let script = "ulimit -t 1 -d 102400 2>/dev/null; exec \"$0\" plan p.yaml --json";
    let ran = std::process::Command::new("bash")
        .args(["-c", script, env!("CARGO_BIN_EXE_parure")])
        .current_dir(shop.path(""))
        .output();
    match ran {
        Ok(ran) => Ran::from(ran),
        Err(_) => shop.run(&["plan", "p.yaml", "--json"]),
    }
}

fn shop() -> Shop {
    let shop = Shop::new();
    for name in ["a.png", "b.png"] {
        image::RgbImage::new(8, 8).save(shop.path(name)).expect("picture");
    }
    shop
}

const BODY: &str = "products: [{file: a.png, kind: ring}]\nmodels: [{photo: b.png}]\n";

#[test]
fn bombs_are_refused() {
    let shop = shop();
    let mut laughs = String::from("version: 1\nx0: &x0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]\n");
    for i in 1..12 {
        let list = vec![format!("*x{}", i - 1); 10].join(", ");
        laughs += &format!("x{i}: &x{i} [{list}]\n");
    }
    let deep = |open: &str, close: &str| {
        format!(
            "version: 1\nname: {}{}\n",
            open.repeat(10_000),
            close.repeat(10_000)
        )
    };
    let cases = [
        ("aliases", laughs),
        ("lists", deep("[", "]")),
        ("mappings", deep("{a: ", "}")),
        ("unclosed", format!("version: 1\nname: {}", "[".repeat(10_000))),
        (
            "indented",
            (0..10_000)
                .map(|i| format!("{}a:\n", " ".repeat(i % 500)))
                .collect(),
        ),
        ("self", "version: 1\nname: &a [*a]\n".into()),
        (
            "long",
            format!("version: 1\nname: {}\n{BODY}", "x".repeat(8 << 20)),
        ),
        ("keys", (0..300_000).map(|i| format!("k{i}: 1\n")).collect()),
        ("nul", "version: 1\nname: \0\n".into()),
        ("include of itself", "version: 1\ninclude: [p.yaml]\n".into()),
        ("include of a device", "version: 1\ninclude: [/dev/zero]\n".into()),
    ];
    for (name, text) in cases {
        let ran = plan(&shop, &text);
        assert_eq!(
            ran.code,
            Some(2),
            "{name}: {}",
            ran.err.chars().take(2000).collect::<String>()
        );
        assert!(
            ran.err.len() < 100_000,
            "{name}: {} bytes of complaint",
            ran.err.len()
        );
        assert!(ran.err.contains("p.yaml:"), "{name}: no place: {}", ran.err);
    }
}

#[test]
fn ways_out_of_the_folder_are_refused() {
    let shop = shop();
    for name in [
        "../{sku}",
        "/tmp/{sku}",
        "a/../../{sku}",
        "{sku}/../../x",
        "..",
        "rejected/{sku}",
    ] {
        let ran = plan(
            &shop,
            &format!("version: 1\noutput: {{name: \"{name}\"}}\n{BODY}"),
        );
        assert_eq!(ran.code, Some(2), "{name}: {}", ran.out);
    }
    // A SKU cannot do it either: what is no plain name is replaced.
    let body = BODY.replace("{file", "{sku: ../../../x, file");
    let ran = plan(
        &shop,
        &format!("version: 1\noutput: {{folder: out, name: \"{{sku}}\"}}\n{body}"),
    )
    .code(0);
    let report: serde_json::Value = serde_json::from_str(&ran.out).expect("JSON");
    let path = report["outputs"][0]["path"].as_str().expect("path");
    assert!(!path.contains('/') && !path.starts_with('.'), "{path}");
}

#[test]
fn sizes_beyond_reason_are_refused() {
    let shop = shop();
    for more in [
        "exports: [{name: x, width: 4294967295, height: 4294967295}]",
        "exports: [{name: x, width: 1000000, height: 1000000}]",
        "exports: [{name: x, width: -1}]",
        "exports: [{name: x, aspect: 1e308}]",
        "exports: [{name: x, max_bytes: 1e400}]",
        "defaults: {scale: .nan}",
        "defaults: {shadow: -1}",
        "defaults: {chain_length_mm: .inf}",
        "seed: 99999999999999999999999999",
        "variants: [{matrix: {shadow: [1,2], shadow: [1]}}]",
    ] {
        let ran = plan(&shop, &format!("version: 1\n{BODY}{more}\n"));
        assert_eq!(ran.code, Some(2), "{more}: {}", ran.out);
        assert!(ran.err.contains("p.yaml:4:"), "{more}: {}", ran.err);
    }
    // A matrix of 10^12 combinations.
    let axis: Vec<String> = (1..=100).map(|i| format!("0.{i:03}")).collect();
    let axes: String = [
        "shadow",
        "tone",
        "scale",
        "see_through",
        "shadow_softness",
        "rotate_deg",
    ]
    .iter()
    .map(|key| format!("      {key}: [{}]\n", axis.join(", ")))
    .collect();
    let ran = plan(
        &shop,
        &format!("version: 1\n{BODY}variants:\n  - matrix:\n{axes}"),
    )
    .code(2);
    assert!(ran.err.contains("combinations"), "{}", ran.err);
}
