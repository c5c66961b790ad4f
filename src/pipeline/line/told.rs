//! What a composite tells: where its subject lies, and how its pieces are worn.

use serde_json::{Value, json};

use crate::export::frame::{Area, Subject};
use crate::inpaint::Repainted;
use crate::locate::Anatomy;
use crate::pipeline::Dressed;

/// Where pieces and face lie, for crops that keep them.
pub fn subject(anatomy: &Anatomy, dressed: &Dressed) -> Subject {
    let areas = dressed.worn.iter().map(|worn| {
        let r = worn.rendered.jewelry.rect;
        Area::new(
            f64::from(r.x),
            f64::from(r.y),
            f64::from(r.width),
            f64::from(r.height),
        )
    });
    let face = anatomy.faces.first().map(|face| {
        let b = face.bbox;
        Area::new(b.x, b.y, b.width, b.height)
    });
    Subject {
        pieces: areas
            .filter(|a| a.width > 0.0 && a.height > 0.0)
            .reduce(|a, b| a.union(&b)),
        face,
    }
}

/// Placements for the manifest.
pub fn result(dressed: &Dressed, skus: &[&str]) -> Value {
    let pieces: Vec<Value> = dressed
        .worn
        .iter()
        .map(|worn| {
            let anchors: Vec<Value> = worn
                .placement
                .anchors
                .iter()
                .map(|a| json!({ "name": a.name, "position": [tenth(a.position.x), tenth(a.position.y)], "px_per_mm": a.px_per_mm }))
                .collect();
            json!({
                "sku": skus.get(worn.item),
                "kind": worn.placement.kind,
                "scale": worn.placement.scale,
                "px_per_mm": worn.placement.px_per_mm,
                "anchors": anchors,
            })
        })
        .collect();
    json!({ "pieces": pieces, "fit_ms": ms(dressed.fit), "render_ms": ms(dressed.render) })
}

/// What became of the seam, for the manifest.
pub fn repainted(pass: &Repainted) -> Value {
    let dropped: Vec<String> = pass.dropped.iter().map(|tile| tile.fault.to_string()).collect();
    json!({
        "engine": pass.painter,
        "pixels": pass.pixels,
        "tiles": pass.tiles,
        "dropped": dropped,
        "ms": ms(pass.time),
    })
}

/// Milliseconds to a hundredth.
fn ms(time: std::time::Duration) -> f64 {
    (time.as_secs_f64() * 1e5).round() / 100.0
}

/// Pixels to a tenth.
fn tenth(v: f64) -> f64 {
    (v * 10.0).round() / 10.0
}
