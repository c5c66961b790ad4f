//! How high pieces stand above the skin where they are worn: what their shadows follow.

use std::path::Path;

use parure::fit::{Controls, Scene, fit};
use parure::imaging::{Limits, Photo, open_cutout};
use parure::infer::{Backend, InferOptions};
use parure::locate::{FingerName, Wants, locate};
use parure::product::{Facts, Kind, read};

/// A solitaire of 17 mm inside is 25.4 mm high: 8.4 mm are band, stone and band again, so that the middle of what stands
/// on the finger is 4.2 mm above the skin, however thick the band is. Looked at from above, it is as high all over, and
/// otherwise higher by as much as the finger's back leans.
#[test]
fn a_stone_stands_on_the_finger_as_high_as_it_is() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let photo = root.join("samples/models/hand-light.jpg");
    let photo = Photo::open(&photo, &Limits::default()).expect("a sample");
    let options = InferOptions {
        backend: Backend::Rten,
        ..InferOptions::default()
    };
    let engine = parure::infer::open(&options).expect("the embedded engine");
    let anatomy = locate(&photo, &*engine, Wants::ALL).expect("a hand");
    let product = root.join("samples/products/solitaire-sapphire.png");
    let cutout = open_cutout(&product, &Limits::default()).expect("a product");
    let facts = Facts {
        inner_diameter_mm: Some(17.0),
        ..Facts::default()
    };
    let piece = read(&cutout, Kind::Ring, &facts).expect("a ring");
    let controls = Controls {
        finger: Some(FingerName::Ring),
        ..Controls::default()
    };
    let scene = Scene {
        photo: &photo,
        anatomy: &anatomy,
        worn: &[],
    };
    let placement = fit(&scene, &piece, &controls).expect("it fits");
    let [_, _, head] = placement.layers.as_slice() else {
        panic!("the band's ends, the band and a head");
    };
    // What of the mesh shows anything of the product.
    let shown = head.mesh.vertices.iter().filter(|v| {
        let at = v.source.round();
        let inside =
            at.min_element() >= 0.0 && at.x < f64::from(cutout.width()) && at.y < f64::from(cutout.height());
        inside && cutout.get_pixel(at.x as u32, at.y as u32)[3] > 128
    });
    let heights: Vec<f64> = shown.map(|v| v.height_mm).collect();
    assert!(heights.len() > 40, "{}", heights.len());
    let mean = heights.iter().sum::<f64>() / heights.len() as f64;
    // Shadows take a stone for four millimetres thick.
    assert!(
        (mean + 2.0 - 4.2).abs() < 0.8,
        "middle {:.2} mm above the skin",
        mean + 2.0
    );
    let low = heights.iter().copied().fold(f64::INFINITY, f64::min);
    let high = heights.iter().copied().fold(0.0, f64::max);
    let leans = anatomy.hands[0].fingers[3].dorsal.truncate().length();
    assert!(leans < 0.5, "the sample is seen from above: {leans:.2}");
    assert!(
        high - low <= 8.4 * leans,
        "from {low:.2} to {high:.2} mm, leaning {leans:.2}"
    );
}
