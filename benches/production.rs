//! The production line as a whole: products × 2 photographs × 2 exports at 2048 × 2048, measured from outside.
//!
//! `cargo bench --bench production -- [--products N] [--jobs N] [--ort-lib FILE]` prints wall time, processor time and
//! memory of a run, beside those of only decoding every photograph and encoding every picture once: the pictures that
//! the run wrote, those that miss their tier among them, with the same encoder at the same quality, on as many threads.
//! Processor time is what counts on a machine that others use too.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
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
defaults: {{inpaint: off}}
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

    let pictures: Vec<Picture> = records.iter().filter_map(Picture::of).collect();
    let least = reference(&shop.path().join("out"), &pictures, args.jobs);
    let (pictures, jobs) = (pictures.len(), args.jobs as f64);
    let bases = pictures as f64 / 2.0;
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
        "decode once + encode once on {jobs} threads: {:.1} s, the run takes {:.2} × that; processor time {:.1} s, {:.2} ×",
        least.wall / jobs,
        wall * jobs / least.wall,
        least.processor,
        used / least.processor
    );
    let most = |part: &[f64]| part.iter().copied().fold(0.0, f64::max);
    let (n, last) = (resident.len().min(100), resident.len().saturating_sub(100));
    let (first, last) = (most(&resident[..n]), most(&resident[last..]));
    println!("memory: peak {peak:.0} MB; first 100 outputs {first:.0} MB, last 100 {last:.0} MB");
    let by_hundreds: Vec<String> = resident
        .chunks(100)
        .map(|part| format!("{:.0}", most(part)))
        .collect();
    println!("the most in each hundred outputs, MB: {}", by_hundreds.join(", "));
}

/// A picture that a run wrote.
struct Picture {
    /// Inside the output folder.
    path: PathBuf,
    quality: u8,
}

impl Picture {
    fn of(record: &Value) -> Option<Self> {
        let path = Path::new(record["path"].as_str()?);
        let path = match record["status"].as_str()? {
            "done" => path.to_path_buf(),
            "rejected" => Path::new("rejected").join(path),
            _ => return None,
        };
        let quality = match record["export"].as_str()? {
            "shopify" => SHOPIFY_QUALITY,
            _ => WEB_QUALITY,
        };
        Some(Self { path, quality })
    }
}

/// Seconds of some work, all threads together.
#[derive(Default)]
struct Spent {
    wall: f64,
    processor: f64,
}

impl Spent {
    fn on<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let (start, before) = (Instant::now(), own_processor());
        let result = work();
        self.wall += start.elapsed().as_secs_f64();
        self.processor += own_processor() - before;
        result
    }
}

/// What decoding every photo once and encoding every picture once takes, on `jobs` threads that keep each other company
/// as those of the run do.
fn reference(out: &Path, pictures: &[Picture], jobs: usize) -> Spent {
    let (next, all) = (AtomicUsize::new(0), Mutex::new(Spent::default()));
    let work = || {
        let mut spent = Spent::default();
        loop {
            let at = next.fetch_add(1, Ordering::SeqCst);
            if let Some(photo) = PHOTOS.get(at) {
                let bytes = std::fs::read(out.with_file_name(photo)).expect("photo");
                spent
                    .on(|| Photo::decode(&bytes, &Limits::default()))
                    .expect("decodable");
            } else if let Some(picture) = pictures.get(at - PHOTOS.len()) {
                let pixels = image::open(out.join(&picture.path)).expect("decodable").to_rgb8();
                let encoding = Encoding::Jpeg {
                    quality: picture.quality,
                };
                spent
                    .on(|| encode(Pixels::Rgb(&pixels), encoding, None))
                    .expect("encodable");
            } else {
                break;
            }
        }
        let mut all = all.lock().expect("no thread panicked");
        all.wall += spent.wall;
        all.processor += spent.processor;
    };
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(work);
        }
    });
    all.into_inner().expect("no thread panicked")
}
