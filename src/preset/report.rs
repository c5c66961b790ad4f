//! A plan told to people (a table) and to programs (JSON).

use std::collections::BTreeMap;
use std::fmt::Write;

use schemars::JsonSchema;
use serde::Serialize;

use super::plan::Plan;
use super::schema::{Check, KINDS, Tier};
use crate::product::Kind;

/// What a run of a preset would do.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PlanReport {
    pub name: String,
    pub preset: String,
    /// Output folder.
    pub folder: String,
    /// How strict the checks are.
    pub tier: Tier,
    /// Checks that reject nothing.
    pub ignored: Vec<Check>,
    pub counts: Counts,
    pub models: Vec<ModelLine>,
    pub products: Vec<ProductLine>,
    pub variants: Vec<VariantLine>,
    pub exports: Vec<ExportLine>,
    pub outputs: Vec<OutputLine>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Counts {
    pub models: usize,
    pub products: usize,
    pub looks: usize,
    pub variants: usize,
    pub exports: usize,
    /// Pictures before export; variants that make the same one share it.
    pub composites: usize,
    /// Files.
    pub outputs: usize,
    /// Models and products whose header cannot be read: their pictures will fail.
    pub unreadable: usize,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct ModelLine {
    pub id: String,
    pub file: String,
    pub width: u32,
    pub height: u32,
    pub tags: Vec<String>,
    /// Why its header cannot be read.
    pub problem: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct ProductLine {
    pub sku: String,
    pub file: String,
    pub kind: Kind,
    pub width: u32,
    pub height: u32,
    /// Whether a size was given; without one a default is assumed.
    pub sized: bool,
    pub problem: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct VariantLine {
    pub id: String,
    pub name: String,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct ExportLine {
    pub name: String,
    pub format: super::schema::Format,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct OutputLine {
    /// Inside the output folder.
    pub path: String,
    pub look: String,
    pub skus: Vec<String>,
    pub model: String,
    pub variant: String,
    pub export: String,
    /// What the variant changes.
    pub changed: serde_json::Value,
}

impl PlanReport {
    pub fn new(plan: &Plan) -> Self {
        let sized = |f: &crate::product::Facts| {
            [
                f.width_mm,
                f.height_mm,
                f.inner_diameter_mm,
                f.chain_length_mm,
                f.case_diameter_mm,
            ]
            .iter()
            .any(Option::is_some)
        };
        let headers = plan
            .photos
            .iter()
            .map(|p| &p.header)
            .chain(plan.products.iter().map(|p| &p.header));
        let mut looks: Vec<&str> = plan.bases.iter().map(|b| b.look.as_str()).collect();
        looks.sort_unstable();
        looks.dedup();
        Self {
            name: plan.name.clone(),
            preset: plan.preset.display().to_string(),
            folder: plan.folder.display().to_string(),
            tier: plan.tier,
            ignored: plan.ignored.clone(),
            counts: Counts {
                models: plan.photos.len(),
                products: plan.products.len(),
                looks: looks.len(),
                variants: plan.variants.len(),
                exports: plan.exports.len(),
                composites: plan.bases.len(),
                outputs: plan.outputs(),
                unreadable: headers.filter(|h| h.problem.is_some()).count(),
            },
            models: plan
                .photos
                .iter()
                .map(|p| ModelLine {
                    id: p.id.clone(),
                    file: p.path.display().to_string(),
                    width: p.header.width,
                    height: p.header.height,
                    tags: p.tags.clone(),
                    problem: p.header.problem.clone(),
                })
                .collect(),
            products: plan
                .products
                .iter()
                .map(|p| ProductLine {
                    sku: p.sku.clone(),
                    file: p.path.display().to_string(),
                    kind: p.kind,
                    width: p.header.width,
                    height: p.header.height,
                    sized: sized(&p.facts),
                    problem: p.header.problem.clone(),
                })
                .collect(),
            variants: plan
                .variants
                .iter()
                .map(|v| VariantLine {
                    id: v.id.clone(),
                    name: v.name.clone(),
                })
                .collect(),
            exports: plan
                .exports
                .iter()
                .map(|e| ExportLine {
                    name: e.name.clone(),
                    format: e.format,
                })
                .collect(),
            outputs: outputs(plan),
        }
    }

    /// A page for people: counts, what goes in, and the first `rows` of what comes out.
    pub fn page(&self, rows: usize) -> String {
        let mut page = String::new();
        let c = &self.counts;
        let _ = writeln!(page, "{} → {}", self.name, self.folder);
        let _ = writeln!(
            page,
            "{} models, {} products ({}), {} variants, {} exports: {} composites, {} files",
            c.models,
            c.products,
            self.kinds(),
            c.variants,
            c.exports,
            c.composites,
            c.outputs
        );
        let assumed = self.products.iter().filter(|p| !p.sized).count();
        if assumed > 0 {
            let _ = writeln!(page, "{assumed} products have no size: a default is assumed");
        }
        for (what, file, problem) in self.problems() {
            let _ = writeln!(page, "{what} cannot be read and will fail: {file}: {problem}");
        }
        let models = self.models.iter().map(|m| {
            vec![
                m.id.clone(),
                size(m.width, m.height),
                m.tags.join(" "),
                m.file.clone(),
            ]
        });
        table(&mut page, &["model", "pixels", "tags", "file"], models, rows);
        let lines = self.outputs.iter().map(|o| {
            vec![
                o.look.clone(),
                o.model.clone(),
                o.variant.clone(),
                o.export.clone(),
                o.path.clone(),
            ]
        });
        table(
            &mut page,
            &["look", "model", "variant", "export", "file"],
            lines,
            rows,
        );
        page
    }

    fn problems(&self) -> impl Iterator<Item = (String, &str, &str)> {
        let models = self
            .models
            .iter()
            .filter_map(|m| Some((format!("model {}", m.id), m.file.as_str(), m.problem.as_deref()?)));
        let products = self.products.iter().filter_map(|p| {
            Some((
                format!("product {}", p.sku),
                p.file.as_str(),
                p.problem.as_deref()?,
            ))
        });
        models.chain(products)
    }

    fn kinds(&self) -> String {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for product in &self.products {
            let word = KINDS
                .iter()
                .find(|(_, kind)| *kind == product.kind)
                .map_or("", |(word, _)| word);
            *counts.entry(word).or_default() += 1;
        }
        counts
            .iter()
            .map(|(kind, n)| format!("{n} {kind}"))
            .collect::<Vec<_>>()
            .join(", ")
    }
}

fn outputs(plan: &Plan) -> Vec<OutputLine> {
    let mut lines = Vec::new();
    for base in &plan.bases {
        for output in &base.outputs {
            lines.push(OutputLine {
                path: output.path.clone(),
                look: base.look.clone(),
                skus: base
                    .pieces
                    .iter()
                    .filter_map(|p| plan.products.get(p.product))
                    .map(|p| p.sku.clone())
                    .collect(),
                model: plan
                    .photos
                    .get(base.photo)
                    .map(|p| p.id.clone())
                    .unwrap_or_default(),
                variant: plan
                    .variants
                    .get(output.variant)
                    .map(|v| v.name.clone())
                    .unwrap_or_default(),
                export: plan
                    .exports
                    .get(output.export)
                    .map(|e| e.name.clone())
                    .unwrap_or_default(),
                changed: output.changed.clone(),
            });
        }
    }
    lines
}

fn size(width: u32, height: u32) -> String {
    if width == 0 {
        "?".into()
    } else {
        format!("{width}×{height}")
    }
}

/// Columns as wide as their widest cell; what is beyond `rows` is counted.
fn table(page: &mut String, head: &[&str], lines: impl Iterator<Item = Vec<String>>, rows: usize) {
    let lines: Vec<Vec<String>> = lines.collect();
    let shown: Vec<Vec<String>> = std::iter::once(head.iter().map(|h| (*h).to_owned()).collect())
        .chain(lines.iter().take(rows).cloned())
        .collect();
    let widths: Vec<usize> = (0..head.len())
        .map(|i| {
            shown
                .iter()
                .filter_map(|row| row.get(i))
                .map(|cell| cell.chars().count())
                .max()
                .unwrap_or(0)
        })
        .collect();
    page.push('\n');
    for row in &shown {
        let cells: Vec<String> = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        let _ = writeln!(page, "{}", cells.join("  ").trim_end());
    }
    if lines.len() > rows {
        let _ = writeln!(page, "… and {} more", lines.len() - rows);
    }
}

/// The JSON Schema of `parure plan --json`.
pub fn json_schema() -> serde_json::Value {
    schemars::schema_for!(PlanReport).to_value()
}
