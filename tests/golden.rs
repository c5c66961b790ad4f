//! Golden pictures: each case in `tests/golden/*.yaml` dresses a sample photograph and compares a crop of the result
//! with the reference beside it.
//!
//! On a difference a triptych (reference, result, difference × 8) is written to `tests/golden/diff/`. To accept new
//! pictures after looking at them: `PARURE_BLESS=1 cargo test --release --test golden`.

use std::path::{Path, PathBuf};

use image::{GenericImage, GenericImageView, Rgb, RgbImage};
use parure::fit::Controls;
use parure::imaging::{Limits, open_cutout};
use parure::infer::{Backend, InferOptions};
use parure::locate::{FingerName, Wants};
use parure::pipeline::{LookItem, Pipeline, dress};
use parure::product::{Facts, Kind, read};
use parure::render::RenderSettings;
use serde::Deserialize;

/// Models run in floating point: another processor may round a landmark differently, which moves an edge by a
/// fraction of a level. More than this is a change that somebody has to look at.
const LARGEST_MEAN_DIFFERENCE: f64 = 0.1;
/// Share of pixels that may differ by more than [`VISIBLE`] levels.
const LARGEST_VISIBLE_SHARE: f64 = 0.0005;
const VISIBLE: u8 = 8;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    photo: PathBuf,
    /// Region of the result that is compared: x, y, width, height.
    crop: [u32; 4],
    pieces: Vec<CasePiece>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CasePiece {
    product: PathBuf,
    kind: Kind,
    #[serde(default)]
    facts: Facts,
    #[serde(default)]
    finger: Option<FingerName>,
    #[serde(default)]
    scale: Option<f64>,
    #[serde(default)]
    shadow: Option<f64>,
    #[serde(default)]
    tone: Option<f64>,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn dress_case(pipeline: &Pipeline, case: &Case) -> RgbImage {
    let wants = Wants::ALL;
    let located = pipeline
        .open(&root().join(&case.photo), wants)
        .expect("the sample photograph opens");
    let pieces: Vec<_> = case
        .pieces
        .iter()
        .map(|p| {
            let cutout =
                open_cutout(&root().join(&p.product), &Limits::default()).expect("the product opens");
            read(&cutout, p.kind, &p.facts).expect("the product is readable")
        })
        .collect();
    let look: Vec<_> = pieces
        .iter()
        .zip(&case.pieces)
        .map(|(piece, p)| LookItem {
            piece,
            controls: Controls {
                scale: p.scale.unwrap_or(1.0),
                finger: p.finger,
                ..Controls::default()
            },
            settings: RenderSettings {
                shadow_strength: p.shadow.unwrap_or(1.0),
                tone: p.tone.unwrap_or(1.0),
                ..RenderSettings::default()
            },
        })
        .collect();
    let dressed = dress(&located.photo, &located.anatomy, &look).expect("the look fits");
    let [x, y, w, h] = case.crop;
    dressed.pixels.view(x, y, w, h).to_image()
}

struct Difference {
    mean: f64,
    visible_share: f64,
}

impl Difference {
    fn is_small(&self) -> bool {
        self.mean <= LARGEST_MEAN_DIFFERENCE && self.visible_share <= LARGEST_VISIBLE_SHARE
    }
}

fn compare(a: &RgbImage, b: &RgbImage) -> Difference {
    assert_eq!(a.dimensions(), b.dimensions(), "the crop's size changed");
    let (mut sum, mut visible) = (0u64, 0usize);
    for (p, q) in a.pixels().zip(b.pixels()) {
        let d: Vec<u8> = p.0.iter().zip(q.0).map(|(a, b)| a.abs_diff(b)).collect();
        sum += d.iter().map(|&v| u64::from(v)).sum::<u64>();
        visible += usize::from(d.iter().any(|&v| v > VISIBLE));
    }
    let n = (a.width() * a.height()) as f64;
    Difference {
        mean: sum as f64 / (3.0 * n),
        visible_share: visible as f64 / n,
    }
}

fn triptych(reference: &RgbImage, result: &RgbImage) -> RgbImage {
    let (w, h) = result.dimensions();
    let mut sheet = RgbImage::new(w * 3, h);
    sheet.copy_from(reference, 0, 0).expect("the reference fits");
    sheet.copy_from(result, w, 0).expect("the result fits");
    for (x, y, p) in result.enumerate_pixels() {
        let q = reference.get_pixel(x, y);
        let d = std::array::from_fn(|i| p.0[i].abs_diff(q.0[i]).saturating_mul(8));
        sheet.put_pixel(2 * w + x, y, Rgb(d));
    }
    sheet
}

#[test]
fn golden_pictures() {
    let bless = std::env::var_os("PARURE_BLESS").is_some();
    let folder = root().join("tests/golden");
    let engine = parure::infer::open(&InferOptions {
        backend: Backend::Rten,
        ..InferOptions::default()
    })
    .expect("the embedded models open");
    let pipeline = Pipeline {
        engine,
        limits: Limits::default(),
    };

    let mut cases: Vec<PathBuf> = std::fs::read_dir(&folder)
        .expect("tests/golden")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|ext| ext == "yaml"))
        .collect();
    cases.sort();
    assert!(!cases.is_empty(), "tests/golden holds no case");

    let mut wrong = Vec::new();
    for path in &cases {
        let text = std::fs::read_to_string(path).expect("readable");
        let case: Case = serde_yaml::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let result = dress_case(&pipeline, &case);
        let reference_path = path.with_extension("png");
        if bless {
            result.save(&reference_path).expect("the reference is written");
            continue;
        }
        let reference = image::open(&reference_path)
            .unwrap_or_else(|e| panic!("{}: {e}; bless it after looking at it", reference_path.display()))
            .to_rgb8();
        let difference = compare(&reference, &result);
        if !difference.is_small() {
            let name = path
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            let diff = folder.join("diff");
            std::fs::create_dir_all(&diff).expect("the diff folder");
            let sheet = diff.join(format!("{name}.png"));
            triptych(&reference, &result)
                .save(&sheet)
                .expect("the triptych is written");
            wrong.push(format!(
                "{name}: mean difference {:.3}, {:.2} % of pixels visibly changed; see {}",
                difference.mean,
                100.0 * difference.visible_share,
                sheet.display()
            ));
        }
    }
    assert!(wrong.is_empty(), "pictures changed:\n{}", wrong.join("\n"));
}

#[test]
fn a_moved_piece_is_noticed() {
    // The comparison itself: a 6-pixel square moved by one pixel in a 100-pixel crop must not pass.
    let picture = |at: u32| {
        RgbImage::from_fn(100, 100, |x, y| {
            if (at..at + 6).contains(&x) && (40..46).contains(&y) {
                Rgb([230, 190, 90])
            } else {
                Rgb([180, 140, 120])
            }
        })
    };
    let same = compare(&picture(40), &picture(40));
    assert_eq!((same.mean, same.visible_share), (0.0, 0.0));
    let moved = compare(&picture(40), &picture(41));
    // Two columns of six pixels differ.
    assert!((moved.visible_share - 12.0 / 10_000.0).abs() < 1e-12);
    assert!(!moved.is_small());
}
