//! From a located photograph of 2048 × 2048 pixels to the finished picture: decode, read, fit, warp, composite, encode.

mod scene;

use criterion::{Criterion, criterion_group, criterion_main};
use parure::fit::{Controls, Scene, fit};
use parure::imaging::{Encoding, JPEG_QUALITY, Limits, Photo, Pixels, Rect, encode};
use parure::locate::{Wants, locate};
use parure::product::{Facts, Kind};
use parure::render::{RenderSettings, render, warp::warp};

/// Kind, product, photograph, true size.
fn looks() -> Vec<(Kind, &'static str, &'static str, Facts)> {
    let inner = |mm| Facts {
        inner_diameter_mm: Some(mm),
        ..Facts::default()
    };
    let chain = Facts {
        chain_length_mm: Some(450.0),
        ..Facts::default()
    };
    let width = |mm| Facts {
        width_mm: Some(mm),
        ..Facts::default()
    };
    vec![
        (Kind::Earring, "hoop-gold", "face-light-up", width(25.5)),
        (Kind::Necklace, "pendant-disc-gold", "face-light-up", chain),
        (Kind::Ring, "solitaire-diamond", "hand-light", inner(17.0)),
        (Kind::Bracelet, "bangle-gold", "wrist-light", inner(62.0)),
        (Kind::Watch, "watch-steel", "wrist-light", width(37.3)),
    ]
}

fn dressing(c: &mut Criterion) {
    let engine = scene::engines().swap_remove(0);
    for (kind, product, photo, facts) in looks() {
        let piece = scene::piece(product, kind, &facts);
        let photo = scene::photo(photo);
        let anatomy = locate(&photo, engine.as_ref(), Wants::for_kinds([kind])).expect("it runs");
        let look = Scene {
            photo: &photo,
            anatomy: &anatomy,
            worn: &[],
        };
        let controls = Controls::default();
        let name = format!("{kind:?}").to_lowercase();
        let placement = match fit(&look, &piece, &controls) {
            Ok(placement) => placement,
            Err(unfit) => {
                eprintln!("{name}: {unfit}");
                continue;
            }
        };
        c.bench_function(&format!("fit/{name}"), |b| {
            b.iter(|| fit(&look, &piece, &controls).expect("it fits"))
        });
        let frame = Rect::of_size(photo.width(), photo.height());
        c.bench_function(&format!("warp/{name}"), |b| {
            b.iter(|| {
                let warped = placement
                    .layers
                    .iter()
                    .map(|layer| warp(piece.pyramid(), layer, &frame, 0.0));
                warped.map(|warped| warped.fragments.len()).sum::<usize>()
            })
        });
        let settings = RenderSettings::default();
        c.bench_function(&format!("render/{name}"), |b| {
            let mut canvas = photo.pixels.clone();
            b.iter(|| render(&mut canvas, &anatomy, &piece, &placement, &settings))
        });
    }
}

fn files(c: &mut Criterion) {
    let photo = scene::photo("face-light-up");
    for (name, encoding) in [
        (
            "jpeg",
            Encoding::Jpeg {
                quality: JPEG_QUALITY,
            },
        ),
        ("png", Encoding::Png),
        ("webp", Encoding::WebP),
    ] {
        let bytes = encode(Pixels::Rgb(&photo.pixels), encoding, None).expect("it encodes");
        c.bench_function(&format!("encode/{name}"), |b| {
            b.iter(|| encode(Pixels::Rgb(&photo.pixels), encoding, None).expect("it encodes"))
        });
        c.bench_function(&format!("decode/{name}"), |b| {
            b.iter(|| Photo::decode(&bytes, &Limits::default()).expect("it decodes"))
        });
    }
    let facts = Facts::default();
    for (kind, product) in [
        (Kind::Ring, "solitaire-diamond"),
        (Kind::Necklace, "pendant-disc-gold"),
    ] {
        c.bench_function(&format!("product/{product}"), |b| {
            b.iter(|| scene::piece(product, kind, &facts))
        });
    }
}

fn settings() -> Criterion {
    Criterion::default()
        .sample_size(10)
        .warm_up_time(std::time::Duration::from_millis(300))
        .measurement_time(std::time::Duration::from_secs(2))
}

criterion_group! { name = benches; config = settings(); targets = dressing, files }
criterion_main!(benches);
