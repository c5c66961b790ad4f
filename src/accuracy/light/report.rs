//! The figures of light and contact as text for the terminal and as a page.

use std::fmt::Write;

use super::exact::TIERS;
use super::{LightScene, Speed};
use crate::accuracy::truth::SceneKind;

/// Key lights farther off the axis than this have a side, degrees.
const OFF_AXIS_DEG: f64 = 30.0;

/// One figure beside its bound.
struct Row {
    name: &'static str,
    value: String,
    /// Empty for what only explains another figure.
    bound: &'static str,
    held: bool,
}

impl Row {
    /// What only explains another figure.
    fn explaining(name: &'static str, value: String) -> Self {
        Self {
            name,
            value,
            bound: "",
            held: true,
        }
    }

    fn verdict(&self) -> &'static str {
        match (self.bound.is_empty(), self.held) {
            (true, _) => "",
            (_, true) => "held",
            (_, false) => "missed",
        }
    }
}

fn rows(scenes: &[LightScene], speeds: &[Speed]) -> Vec<Row> {
    let mut out = direction_rows(scenes);
    out.extend(ring_rows(scenes));
    out.extend(exact_rows(scenes));
    out.extend(speed_rows(speeds));
    out
}

fn direction_rows(scenes: &[LightScene]) -> Vec<Row> {
    let directions = || scenes.iter().filter_map(|s| s.direction);
    let found: Vec<_> = directions().filter(|d| d.by == SceneKind::Portrait).collect();
    let hands: Vec<_> = directions().filter(|d| d.by == SceneKind::Hand).collect();
    let hands_off = median(hands.iter().map(|d| d.off_deg));
    let off = median(found.iter().map(|d| d.off_deg));
    let wrong = |far: fn(&super::Direction) -> f64| {
        let sided = found.iter().filter(|d| far(d) > OFF_AXIS_DEG);
        (sided.clone().filter(|d| d.wrong_side).count(), sided.count())
    };
    let (sideways, of_sideways) = wrong(|d| d.key_sideways_deg);
    let (any, of_any) = wrong(|d| d.key_deg);
    vec![
        Row {
            name: "light direction, portraits",
            value: format!("median {off:.1}°, n {}", found.len()),
            bound: "median ≤ 25°",
            held: off <= 25.0,
        },
        Row::explaining(
            "light direction, hands",
            format!("median {hands_off:.1}°, n {}", hands.len()),
        ),
        Row {
            name: "left taken for right, key > 30° to the side",
            value: format!("{sideways} of {of_sideways}"),
            bound: "0",
            held: sideways == 0,
        },
        Row {
            name: "left taken for right, key > 30° off the axis, above counted",
            value: format!("{any} of {of_any}"),
            bound: "0",
            held: any == 0,
        },
    ]
}

fn ring_rows(scenes: &[LightScene]) -> Vec<Row> {
    let rings: Vec<_> = scenes.iter().filter_map(|s| s.ring).collect();
    let ratio = 100.0 * median(rings.iter().map(super::Ring::ratio));
    let worst = 100.0 * rings.iter().map(super::Ring::ratio).fold(0.0, f64::max);
    let noise = median(
        rings
            .iter()
            .filter_map(|r| r.noise.map(|n| 100.0 * n / r.plain.max(1e-9))),
    );
    let copied = 100.0 * median(rings.iter().map(|r| r.copied / r.plain.max(1e-9)));
    let above = 100.0 * median(rings.iter().filter_map(super::Ring::above_noise));
    let worse = rings.iter().filter(|r| r.ratio() > 1.05).count();
    let shadow = median(rings.iter().filter_map(|r| r.shadow_off_deg));
    vec![
        Row {
            name: "ΔE2000 of the 8 mm ring of skin, share of the same without shadow",
            value: format!("median {ratio:.0} %, n {}", rings.len()),
            bound: "median ≤ 60 %",
            held: ratio <= 60.0,
        },
        Row {
            name: "the same, worst scene",
            value: format!("{worst:.0} %, {worse} above 105 %"),
            bound: "all ≤ 105 %",
            held: worse == 0,
        },
        Row::explaining(
            "the same for the darkening that the worn picture itself shows, averaged over 1 mm",
            format!("median {copied:.0} %"),
        ),
        Row::explaining(
            "noise of the renders in the same measure, skin 25 to 40 mm away, share of the same",
            format!("median {noise:.0} %"),
        ),
        Row::explaining(
            "the ring's share when that noise is taken off both",
            format!("median {above:.0} %"),
        ),
        Row {
            name: "direction of the shadow's centroid",
            value: format!("median {shadow:.0}°"),
            bound: "median ≤ 30°",
            held: shadow <= 30.0,
        },
    ]
}

fn exact_rows(scenes: &[LightScene]) -> Vec<Row> {
    let sum = |of: fn(&LightScene) -> usize| scenes.iter().map(of).sum::<usize>();
    let core = sum(|s| s.exact.core_changed);
    let far = sum(|s| s.exact.far_changed);
    let most = |k: usize| {
        let all = scenes.iter().flat_map(|s| &s.exact.toned);
        all.map(|t| t[k]).fold(0.0, f64::max)
    };
    let fringe: Vec<(f64, f64)> = scenes.iter().flat_map(|s| s.fringe.iter().copied()).collect();
    let left = 100.0 * median(fringe.iter().map(|(with, without)| with / without.max(1e-9)));
    let worst = 100.0 * fringe.iter().map(|(a, b)| a / b.max(1e-9)).fold(0.0, f64::max);
    vec![
        Row {
            name: "core pixels that differ from the product resampled alone, tone off",
            value: format!("{core} of {}", sum(|s| s.exact.core_pixels)),
            bound: "0",
            held: core == 0,
        },
        Row {
            name: "mean ΔE2000 of a core, tone on: social, listing, editorial; worst piece",
            value: format!("{:.2}, {:.2}, {:.2}", most(0), most(1), most(2)),
            bound: "≤ 6, 4, 2.5",
            held: (0..3).all(|k| most(k) <= TIERS[k]),
        },
        Row {
            name: "pixels farther than 40 mm that changed",
            value: format!("{far} of {}", sum(|s| s.exact.far_pixels)),
            bound: "0",
            held: far == 0,
        },
        Row {
            name: "fringe of a cut-out from white on deep skin, share of the same not decontaminated",
            value: format!("median {left:.0} %, worst {worst:.0} %, n {}", fringe.len()),
            bound: "≤ 50 %",
            held: worst <= 50.0,
        },
    ]
}

fn speed_rows(speeds: &[Speed]) -> Vec<Row> {
    if speeds.is_empty() {
        return Vec::new();
    }
    let small = speeds.iter().map(|s| s.small).fold(0.0, f64::max);
    let ratio = speeds
        .iter()
        .map(|s| s.large / s.small.max(1e-9))
        .fold(0.0, f64::max);
    vec![
        Row {
            name: "render of one piece on 2048 × 2048, slowest piece",
            value: format!(
                "{small:.0} ms, median {:.0} ms",
                median(speeds.iter().map(|s| s.small))
            ),
            bound: "≤ 60 ms",
            held: small <= 60.0,
        },
        Row {
            name: "the same piece on 6000 × 4000, share of that, worst piece",
            value: format!("{ratio:.2}"),
            bound: "≤ 1.3",
            held: ratio <= 1.3,
        },
    ]
}

/// Upper median; NaN for no values.
fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// One line about a scene.
pub fn line(scene: &LightScene) -> String {
    let mut parts = Vec::new();
    if let Some(d) = scene.direction {
        parts.push(format!("light {:.0}° off", d.off_deg));
    }
    if let Some(r) = scene.ring {
        parts.push(format!(
            "ring {:.2} of {:.2} ({:.0} %)",
            r.lit,
            r.plain,
            100.0 * r.ratio()
        ));
        if let Some(a) = r.shadow_off_deg {
            parts.push(format!("shadow {a:.0}° off"));
        }
    }
    for (with, without) in &scene.fringe {
        parts.push(format!("fringe {with:.1} of {without:.1}"));
    }
    format!("{}: {}", scene.name, parts.join(" · "))
}

/// Aligned table for the terminal.
pub fn table(scenes: &[LightScene], speeds: &[Speed]) -> String {
    let mut out = String::new();
    for r in rows(scenes, speeds) {
        let missed = Some(r.verdict()).filter(|v| *v == "missed").unwrap_or_default();
        // Writing into a String cannot fail.
        let _ = writeln!(out, "{:<84} {:<32} {:<14} {missed}", r.name, r.value, r.bound);
    }
    out
}

/// The measured part of the page `docs/light.md`.
pub fn markdown(scenes: &[LightScene], speeds: &[Speed]) -> String {
    let mut out = String::from("| figure | measured | bound | |\n|---|---|---|---|\n");
    for r in rows(scenes, speeds) {
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} |",
            r.name,
            r.value,
            r.bound,
            r.verdict()
        );
    }
    out.push_str(
        "\n| scene | light off | ring of skin, ΔE2000: with shadow | without | share | copied | noise | shadow off |\n\
         |---|---|---|---|---|---|---|---|\n",
    );
    for s in scenes {
        let degrees = |v: Option<f64>| v.map_or_else(|| "–".to_owned(), |v| format!("{v:.0}°"));
        if let Some(r) = s.ring {
            let _ = writeln!(
                out,
                "| {} | {} | {:.2} | {:.2} | {:.0} % | {:.0} % | {} | {} |",
                s.name,
                degrees(s.direction.map(|d| d.off_deg)),
                r.lit,
                r.plain,
                100.0 * r.ratio(),
                100.0 * r.copied / r.plain.max(1e-9),
                r.noise.map_or_else(|| "–".to_owned(), |n| format!("{n:.2}")),
                degrees(r.shadow_off_deg)
            );
        }
    }
    out
}
