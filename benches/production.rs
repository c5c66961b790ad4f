//! The production line as a whole: products × 2 photographs × 2 exports at 2048 × 2048, measured from outside.
//!
//! `cargo bench --bench production -- [--products N] [--jobs N] [--ort-lib FILE]` prints wall time, processor time and
//! memory of a run, beside the processor time of only decoding every photograph and encoding every output once.
//! Processor time is what counts on a machine that others use too.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use parure::imaging::{Encoding, Limits, Photo, Pixels, encode};
use serde_json::{Value, json};

struct Args {
    products: usize,
    jobs: usize,
    ort_lib: Option<String>,
}

fn args() -> Args {
    let mut args = Args {
        products: 120,
        jobs: 2,
        ort_lib: None,
    };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut number = || words.next().and_then(|n| n.parse().ok()).expect("a number");
        match word.as_str() {
            "--products" => args.products = number(),
            "--jobs" => args.jobs = number(),
            "--ort-lib" => args.ort_lib = words.next(),
            // What cargo adds.
            _ => {}
        }
    }
    args
}

fn home() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Sample photographs at 2048 × 2048, and a table of as many products as wanted, the samples over and over.
fn make_shop(folder: &Path, products: usize) {
    for name in PHOTOS {
        let picture = image::open(home().join("samples/models").join(name))
            .expect("sample")
            .to_rgb8();
        let side = picture.width().min(picture.height());
        let (x, y) = ((picture.width() - side) / 2, (picture.height() - side) / 2);
        let square = image::imageops::crop_imm(&picture, x, y, side, side).to_image();
        let large = image::imageops::resize(&square, 2048, 2048, image::imageops::FilterType::CatmullRom);
        let bytes = encode(Pixels::Rgb(&large), Encoding::Jpeg { quality: 92 }, None).expect("encodable");
        std::fs::write(folder.join(name), bytes).expect("written");
    }
    let text = std::fs::read_to_string(home().join("samples/products/products.yaml")).expect("samples");
    let samples: Vec<Value> = serde_yaml::from_str(&text).expect("YAML");
    let rows = (0..products).map(|i| {
        let mut row = samples[i % samples.len()].clone();
        row["sku"] = format!("P-{i:04}").into();
        row
    });
    let rows: Vec<Value> = rows.collect();
    std::fs::write(folder.join("table.json"), json!(rows).to_string()).expect("written");
    let preset = format!(
        "version: 1
output: {{folder: out, name: \"{{sku}}/{{model}}_{{export}}\"}}
products: [{{catalogue: {{file: table.json, images: {}}}}}]
models:
  - {{photo: {}, wears: [earring, necklace]}}
  - {{photo: {}, wears: [earring, necklace]}}
  - {{photo: {}, wears: [ring, bracelet, watch]}}
  - {{photo: {}, wears: [ring, bracelet, watch]}}
exports: [shopify, {{name: web, width: 2048, height: 2048, quality: {WEB_QUALITY}}}]
",
        home().join("samples/products").display(),
        PHOTOS[0],
        PHOTOS[1],
        PHOTOS[2],
        PHOTOS[3],
    );
    std::fs::write(folder.join("p.yaml"), preset).expect("written");
}

const PHOTOS: [&str; 4] = [
    "face-light-up.jpg",
    "face-deep-buzz.jpg",
    "hand-light.jpg",
    "hand-deep.jpg",
];
/// Of the shipped `shopify`, and of the second export.
const SHOPIFY_QUALITY: u8 = 95;
const WEB_QUALITY: u8 = 92;

/// A line of `/proc/PID/status`, MB; 0 where there is none.
fn memory(pid: u32, key: &str) -> f64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(key));
    let kib = line.and_then(|l| {
        l.trim_start_matches(':')
            .split_whitespace()
            .next()?
            .parse::<f64>()
            .ok()
    });
    kib.unwrap_or(0.0) * 1024.0 / 1e6
}

/// Processor seconds of a process so far (proc(5): fields 14 and 15, in hundredths).
fn processor(pid: u32) -> f64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let fields = text
        .rsplit_once(')')
        .map_or("", |(_, rest)| rest)
        .split_whitespace();
    fields
        .skip(11)
        .take(2)
        .filter_map(|f| f.parse::<f64>().ok())
        .sum::<f64>()
        / 100.0
}

/// Processor seconds of this thread so far (sched-stats: the first field, in nanoseconds).
fn own_processor() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split_whitespace()
        .next()
        .and_then(|f| f.parse::<f64>().ok())
        .unwrap_or(0.0)
        / 1e9
}

fn main() {
    let args = args();
    let shop = tempfile::tempdir().expect("temp folder");
    make_shop(shop.path(), args.products);

    let mut command = Command::new(env!("CARGO_BIN_EXE_parure"));
    command.args(["run", "p.yaml", "--json", "--jobs", &args.jobs.to_string()]);
    if let Some(library) = &args.ort_lib {
        command.args(["--backend", "ort", "--ort-lib", library]);
    }
    let start = Instant::now();
    let mut child = command
        .current_dir(shop.path())
        .stdout(Stdio::piped())
        .spawn()
        .expect("runs");
    let pid = child.id();
    let (mut resident, mut peak, mut used, mut records) = (Vec::new(), 0.0f64, 0.0, Vec::new());
    for line in BufReader::new(child.stdout.take().expect("piped")).lines() {
        let line: Value = serde_json::from_str(&line.expect("text")).expect("JSON");
        resident.push(memory(pid, "VmRSS"));
        peak = peak.max(memory(pid, "VmHWM"));
        used = processor(pid);
        if line["output"].is_object() {
            records.push(line["output"].clone());
        }
    }
    child.wait().expect("ended");
    let wall = start.elapsed().as_secs_f64();

    let (reference, pictures) = reference(shop.path(), &records);
    let bases = pictures as f64 / 2.0;
    let jobs = args.jobs as f64;
    println!(
        "{} outputs, of which {pictures} pictures; {bases} base composites",
        records.len()
    );
    println!(
        "wall time {wall:.1} s: {:.2} base composites per second",
        bases / wall
    );
    println!(
        "processor time {used:.1} s: {:.2} base composites per second on {jobs} free cores",
        bases * jobs / used
    );
    println!(
        "decode once + encode once: {reference:.1} s processor time; the run takes {:.2} × that",
        used / reference
    );
    let most = |part: &[f64]| part.iter().copied().fold(0.0, f64::max);
    let (n, last) = (resident.len().min(100), resident.len().saturating_sub(100));
    let (first, last) = (most(&resident[..n]), most(&resident[last..]));
    println!("memory: peak {peak:.0} MB; first 100 outputs {first:.0} MB, last 100 {last:.0} MB");
}

/// Processor seconds of decoding every photo once and encoding every picture once, and how many pictures there are.
fn reference(folder: &Path, records: &[Value]) -> (f64, usize) {
    let mut seconds = 0.0;
    for name in PHOTOS {
        let bytes = std::fs::read(folder.join(name)).expect("photo");
        let before = own_processor();
        let photo = Photo::decode(&bytes, &Limits::default()).expect("decodable");
        seconds += own_processor() - before;
        drop(photo);
    }
    let done: Vec<&Value> = records.iter().filter(|r| r["status"] == "done").collect();
    for record in &done {
        let path: PathBuf = folder.join("out").join(record["path"].as_str().expect("path"));
        let picture = image::open(path).expect("decodable").to_rgb8();
        let quality = if record["export"] == "shopify" {
            SHOPIFY_QUALITY
        } else {
            WEB_QUALITY
        };
        let before = own_processor();
        let bytes = encode(Pixels::Rgb(&picture), Encoding::Jpeg { quality }, None).expect("encodable");
        seconds += own_processor() - before;
        drop(bytes);
    }
    (seconds, done.len())
}
