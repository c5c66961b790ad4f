//! The figures as text for the terminal and as a page.

use std::fmt::Write;

use super::figures::{Bound, Figures, Row, Summary};
use super::scene::SceneResult;
use crate::product::Kind;

/// What was measured.
pub struct Report {
    /// The command that repeats it.
    pub command: String,
    /// With the program's own locators.
    pub located: Vec<SceneResult>,
    /// With the body parts of ground truth, where that was measured too.
    pub known: Vec<SceneResult>,
    /// Scenes that could not be measured, with the reason.
    pub bad: Vec<String>,
    /// Chains were hung at the length that is worn in the scenes.
    pub worn_length: bool,
}

/// Aligned table for the terminal.
pub fn table(figures: &Figures) -> String {
    let mut out = String::new();
    let mut last = None;
    for row in figures.rows() {
        if last != Some(row.kind) {
            // Writing into a String cannot fail.
            let _ = writeln!(
                out,
                "{:<36} {:>4} {:>8} {:>8} {:>8}  bound",
                plural(row.kind),
                "n",
                "median",
                "90 %",
                "mean",
            );
            last = Some(row.kind);
        }
        let _ = writeln!(
            out,
            "  {:<34} {:>4} {:>8.2} {:>8.2} {:>8.2}  {} {}",
            format!("{} ({})", row.figure.name(row.kind), row.figure.unit()),
            row.count,
            row.median,
            row.p90,
            row.mean,
            bound(&row),
            verdict(&row),
        );
    }
    out
}

fn plural(kind: Kind) -> &'static str {
    match kind {
        Kind::Earring => "Earrings",
        Kind::Necklace => "Necklaces",
        Kind::Ring => "Rings",
        Kind::Bracelet => "Bracelets",
        Kind::Watch => "Watches",
    }
}

fn bound(row: &Row) -> String {
    let what = match row.figure.summary() {
        Summary::Mean => "mean",
        Summary::Median => "median",
        Summary::Most => "all",
    };
    match row.figure.bound(row.kind) {
        Bound::AtMost { summary, p90: None } => format!("{what} ≤ {summary}"),
        Bound::AtMost {
            summary,
            p90: Some(p90),
        } => format!("{what} ≤ {summary}, 90 % ≤ {p90}"),
        Bound::AtLeast(least) => format!("{what} ≥ {least}"),
        Bound::Open => "—".into(),
    }
}

fn verdict(row: &Row) -> &'static str {
    match row.holds() {
        Some(true) => "held",
        Some(false) => "**missed**",
        None => "",
    }
}

/// All samples of all scenes.
pub fn total(scenes: &[SceneResult]) -> Figures {
    let mut figures = Figures::default();
    for scene in scenes {
        figures.extend(&scene.figures);
    }
    figures
}

/// One line about a scene.
pub fn line(scene: &SceneResult) -> String {
    let rows = scene.figures.rows();
    let told = |r: &&Row| r.figure != super::figures::Figure::Refused;
    let mut parts: Vec<String> = rows
        .iter()
        .filter(told)
        .map(|r| format!("{} {:.1} {}", r.figure.name(r.kind), r.mean, r.figure.unit()))
        .collect();
    parts.extend(scene.unfit.iter().cloned());
    format!("{}: {}", scene.name, parts.join(" · "))
}

/// The page `docs/accuracy.md`.
pub fn markdown(report: &Report) -> String {
    let mut out = format!(
        "# Accuracy\n\n\
         Measured on {} scenes: rendered people whose anatomy is known, bare and with the real piece on. Written by\n\n\
         ```console\n{}\n```\n\n\
         - An outline's distance is the symmetric mean distance between the outline of the visible jewelry drawn by \
         the program and that of the jewelry in the worn picture.\n\
         - *Drawn over what is in front*: share of the drawn area that lies on hair, cloth or another finger where the \
         worn picture shows no jewelry; a piece that is merely displaced counts too.\n\
         - *Fit* is the time after locating, on the picture enlarged to 2048 pixels, on one core{}.\n\
         - The judged number is the one that the bound names.\n",
        report.located.len(),
        report.command,
        if cfg!(debug_assertions) {
            " (this was an unoptimised build)"
        } else {
            ""
        },
    );
    tables(&mut out, &total(&report.located));
    if !report.known.is_empty() {
        let _ = writeln!(
            out,
            "\n## With the body known\n\nThe same with lobes, neck, shoulders, fingers and wrists of ground truth in \
             the place of the located ones: what is left is the error of reading the product and fitting it."
        );
        tables(&mut out, &total(&report.known));
    }
    notes(&mut out, report);
    out
}

fn tables(out: &mut String, figures: &Figures) {
    let mut last = None;
    for row in figures.rows() {
        if last != Some(row.kind) {
            let _ = writeln!(
                out,
                "\n### {}\n\n| figure | n | median | 90 % | mean | bound | |\n|---|---|---|---|---|---|---|",
                plural(row.kind)
            );
            last = Some(row.kind);
        }
        let _ = writeln!(
            out,
            "| {} ({}) | {} | {:.2} | {:.2} | {:.2} | {} | {} |",
            row.figure.name(row.kind),
            row.figure.unit(),
            row.count,
            row.median,
            row.p90,
            row.mean,
            bound(&row),
            verdict(&row),
        );
    }
}

fn notes(out: &mut String, report: &Report) {
    let longer: Vec<f64> = report.located.iter().filter_map(|s| s.worn_longer).collect();
    if !longer.is_empty() {
        let mean = longer.iter().sum::<f64>() / longer.len() as f64;
        let told = if report.worn_length {
            "the length worn"
        } else {
            "the length on record"
        };
        let _ = writeln!(
            out,
            "\nAlong its curve, the chain worn in the scenes is {mean:.1} % longer on average than the length on record \
             (`chain_length_mm`); the program was told {told}."
        );
    }
    let refused = report
        .located
        .iter()
        .flat_map(|s| s.unfit.iter().map(move |u| format!("{}: {u}", s.name)));
    list(out, "Refused", refused.collect());
    list(out, "Scenes that could not be measured", report.bad.clone());
}

fn list(out: &mut String, title: &str, items: Vec<String>) {
    if !items.is_empty() {
        let _ = writeln!(out, "\n{title}:\n");
        for item in items {
            let _ = writeln!(out, "- {item}");
        }
    }
}
