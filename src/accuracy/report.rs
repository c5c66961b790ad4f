//! The figures as text for the terminal and as a page.

use std::fmt::Write;

use super::figures::{Figures, Row, Summary};
use super::scene::SceneResult;

/// Aligned table for the terminal.
pub fn table(figures: &Figures) -> String {
    let mut out = format!(
        "{:<32} {:>4} {:>8} {:>8} {:>8}  {:>12}\n",
        "figure", "n", "median", "90 %", "mean", "bound"
    );
    for row in figures.rows() {
        // Writing into a String cannot fail.
        let _ = writeln!(
            out,
            "{:<32} {:>4} {:>8.2} {:>8.2} {:>8.2}  {:>12} {}",
            format!("{} ({})", row.figure.name(), row.figure.unit()),
            row.count,
            row.median,
            row.p90,
            row.mean,
            bound(&row),
            if row.holds() { "" } else { "missed" }
        );
    }
    out
}

fn bound(row: &Row) -> String {
    let (sign, what) = match row.figure.summary() {
        Summary::Mean => ("≥", "mean"),
        Summary::Median => ("≤", "median"),
        Summary::Most => ("≤", "all"),
    };
    format!("{what} {sign} {}", row.figure.bound())
}

/// All samples of all scenes.
pub fn total(scenes: &[SceneResult]) -> Figures {
    let mut figures = Figures::default();
    for scene in scenes {
        figures.extend(scene.figures.clone());
    }
    figures
}

/// One line about a scene.
pub fn line(scene: &SceneResult) -> String {
    let rows = scene.figures.rows();
    let mut parts: Vec<String> = rows
        .iter()
        .map(|r| format!("{} {:.1} {}", r.figure.name(), r.mean, r.figure.unit()))
        .collect();
    parts.extend(scene.unfit.iter().cloned());
    format!("{}: {}", scene.name, parts.join(" · "))
}

/// The page `docs/accuracy.md`. `worn_length`: chains were hung at the length that is worn in the scenes.
pub fn markdown(scenes: &[SceneResult], worn_length: bool) -> String {
    let figures = total(scenes);
    let mut out = String::from(
        "# Accuracy\n\n\
         Measured against rendered people whose anatomy is known, bare and with the real piece on. Written by \
         `parure accuracy FOLDER --write docs/accuracy.md`.\n\n\
         An outline's distance is the symmetric mean distance between the outline of the visible jewelry and that of \
         the jewelry in the worn picture.\n\n\
         | figure | n | median | 90 % | mean | bound | |\n|---|---|---|---|---|---|---|\n",
    );
    for row in figures.rows() {
        let _ = writeln!(
            out,
            "| {} ({}) | {} | {:.2} | {:.2} | {:.2} | {} | {} |",
            row.figure.name(),
            row.figure.unit(),
            row.count,
            row.median,
            row.p90,
            row.mean,
            bound(&row),
            if row.holds() { "held" } else { "missed" }
        );
    }
    let _ = writeln!(out, "\n{} scenes.", scenes.len());
    let longer: Vec<f64> = scenes.iter().filter_map(|s| s.worn_longer).collect();
    if !longer.is_empty() {
        let mean = longer.iter().sum::<f64>() / longer.len() as f64;
        let told = if worn_length {
            "the length worn"
        } else {
            "the length on record"
        };
        let _ = writeln!(
            out,
            "Along its curve, the chain worn in the scenes is {mean:.1} % longer on average than the length on record \
             (`chain_length_mm`); the program was told {told}."
        );
    }
    let refused: Vec<String> = scenes
        .iter()
        .flat_map(|s| s.unfit.iter().map(move |u| format!("- {}: {u}", s.name)))
        .collect();
    if !refused.is_empty() {
        let _ = writeln!(out, "\nRefused:\n\n{}", refused.join("\n"));
    }
    out
}
