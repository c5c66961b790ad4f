//! The figures of the seam as text for the terminal and as a page.

use std::fmt::Write;

use super::{Cost, SeamScene};
use crate::product::Kind;

/// One figure beside its bound.
struct Row {
    name: &'static str,
    value: String,
    bound: &'static str,
    held: bool,
}

fn rows(scenes: &[SeamScene], costs: &[Cost]) -> Vec<Row> {
    let ratio = median(scenes.iter().map(SeamScene::ratio));
    let worse = scenes.iter().filter(|s| s.ratio() > 1.0).count();
    let detail = median(scenes.iter().map(|s| s.after.detail));
    let detail_before = median(scenes.iter().map(|s| s.before.detail));
    let strayed: usize = scenes.iter().map(|s| s.strayed).sum();
    let mut out = vec![
        Row {
            name: "mean ΔE2000 in the band against the worn picture, after / before",
            value: format!("median {ratio:.2}, n {}", scenes.len()),
            bound: "median ≤ 0.85",
            held: ratio <= 0.85,
        },
        Row {
            name: "scenes that are worse after the pass",
            value: format!("{worse} of {}", scenes.len()),
            bound: "≤ 10 %",
            held: worse * 10 <= scenes.len(),
        },
        Row {
            name: "high-frequency energy of the band over the worn picture's",
            value: format!("median {detail:.2} (before {detail_before:.2})"),
            bound: "0.8–1.25",
            held: (0.8..=1.25).contains(&detail),
        },
        Row {
            name: "pixels outside the band or in the product's core that changed",
            value: strayed.to_string(),
            bound: "0",
            held: strayed == 0,
        },
    ];
    let agreement = scenes
        .iter()
        .filter_map(|s| s.agreement)
        .fold(f64::INFINITY, f64::min);
    if agreement.is_finite() {
        out.push(Row {
            name: "pixels that both backends paint within 1/255, worst scene",
            value: format!("{agreement:.2} %"),
            bound: "≥ 99.9 %",
            held: agreement >= 99.9,
        });
    }
    out.extend(cost_rows(costs));
    out
}

fn cost_rows(costs: &[Cost]) -> Vec<Row> {
    let mut out = Vec::new();
    let small = &[Kind::Ring, Kind::Earring][..];
    let large = &[Kind::Necklace][..];
    // ONNX Runtime is given 40 % of what the embedded backend is.
    let groups = [
        (
            "time of the pass on 2048 × 2048, ring or earrings, slowest",
            small,
            false,
            "≤ 800 ms",
            800.0,
        ),
        (
            "time of the pass on 2048 × 2048, necklace, slowest",
            large,
            false,
            "≤ 3000 ms",
            3000.0,
        ),
        (
            "ring or earrings on ONNX Runtime, slowest",
            small,
            true,
            "≤ 320 ms",
            320.0,
        ),
        (
            "necklace on ONNX Runtime, slowest",
            large,
            true,
            "≤ 1200 ms",
            1200.0,
        ),
    ];
    for (name, wanted, ort, bound, most) in groups {
        let of = costs.iter().filter(|c| wanted.contains(&c.kind));
        let ms = of
            .filter_map(|c| if ort { c.ort_ms } else { Some(c.ms) })
            .fold(0.0, f64::max);
        if ms > 0.0 {
            out.push(Row {
                name,
                value: format!("{ms:.0} ms"),
                bound,
                held: ms <= most,
            });
        }
    }
    let shares: Vec<f64> = costs
        .iter()
        .filter_map(|c| Some(100.0 * c.ort_ms? / c.ms))
        .collect();
    if !shares.is_empty() {
        let share = median(shares.into_iter());
        out.push(Row {
            name: "time on ONNX Runtime, share of the embedded backend's own",
            value: format!("median {share:.0} %"),
            bound: "≤ 40 %",
            held: share <= 40.0,
        });
    }
    let added = costs.iter().filter_map(|c| c.added_mb).fold(f64::NAN, f64::max);
    if added.is_finite() {
        out.push(Row {
            name: "peak memory that the pass adds",
            value: format!("{added:.0} MB"),
            bound: "≤ 200 MB",
            held: added <= 200.0,
        });
    }
    out
}

/// Upper median; NaN for no values.
fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// One line about a scene.
pub fn line(scene: &SeamScene) -> String {
    let mut out = format!(
        "{}: ΔE {:.2} -> {:.2} ({:.2}) · detail {:.2} -> {:.2} · {} px",
        scene.name,
        scene.before.delta_e,
        scene.after.delta_e,
        scene.ratio(),
        scene.before.detail,
        scene.after.detail,
        scene.pixels,
    );
    for dropped in &scene.dropped {
        // Writing into a String cannot fail.
        let _ = write!(out, " · dropped: {}", dropped.fault);
    }
    out
}

/// Aligned table for the terminal.
pub fn table(scenes: &[SeamScene], costs: &[Cost]) -> String {
    let mut out = String::new();
    for r in rows(scenes, costs) {
        let missed = if r.held { "" } else { "missed" };
        let _ = writeln!(out, "{:<66} {:<28} {:<14} {missed}", r.name, r.value, r.bound);
    }
    out
}

/// The measured part of the page `docs/seam.md`.
pub fn markdown(scenes: &[SeamScene], costs: &[Cost]) -> String {
    let mut out = String::from("| figure | measured | bound | |\n|---|---|---|---|\n");
    for r in rows(scenes, costs) {
        let held = if r.held { "held" } else { "missed" };
        let _ = writeln!(out, "| {} | {} | {} | {held} |", r.name, r.value, r.bound);
    }
    out.push_str(
        "\n| scene | jewelry | ΔE2000 before | after | after / before | detail before | after |\n\
         |---|---|---|---|---|---|---|\n",
    );
    for s in scenes {
        let kinds: Vec<String> = s.kinds.iter().map(|k| format!("{k:?}").to_lowercase()).collect();
        let _ = writeln!(
            out,
            "| {} | {} | {:.2} | {:.2} | {:.2} | {:.2} | {:.2} |",
            s.name,
            kinds.join(", "),
            s.before.delta_e,
            s.after.delta_e,
            s.ratio(),
            s.before.detail,
            s.after.detail
        );
    }
    out
}
