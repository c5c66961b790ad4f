//! Variants: named sets of changes and matrices, each with an id that its content alone decides.

use std::collections::BTreeMap;

use crate::preset::decode::Decode;
use crate::preset::issue::{At, Issues, Place};
use crate::preset::node::{Entry, Node, Value};
use crate::preset::plan::VariantPlan;
use crate::preset::schema::{MatrixVariant, Selection, Variant};
use crate::preset::settings::Settings;

/// Combinations of all matrices of a preset together.
const MOST: usize = 10_000;

pub struct ResolvedVariant {
    pub plan: VariantPlan,
    pub models: Option<Selection>,
    /// The model axis as it was written, for the manifest.
    pub model: Option<serde_json::Value>,
}

pub fn resolve(variants: &[Variant], issues: &mut Issues) -> Vec<ResolvedVariant> {
    let mut found: Vec<ResolvedVariant> = Vec::new();
    let mut names: BTreeMap<String, Place> = BTreeMap::new();
    for variant in variants {
        match variant {
            Variant::Named(named) => {
                if let Some(first) = names.get(&named.name.value) {
                    let message = format!("two variants are called `{}`", named.name.value);
                    issues.hint(&named.name.place, message, format!("the other is at {first}"));
                    continue;
                }
                names.insert(named.name.value.clone(), named.name.place.clone());
                let set = named.set.clone().unwrap_or_default();
                found.push(new(Some(&named.name), set, named.model.clone()));
            }
            Variant::Matrix(matrix) => {
                for (set, models) in combinations(matrix, issues) {
                    let variant = new(None, set, models);
                    // The same changes twice are the same pictures twice.
                    if !found.iter().any(|v| v.plan.id == variant.plan.id) {
                        found.push(variant);
                    }
                }
            }
        }
    }
    if variants.is_empty() {
        found.push(new(None, Settings::default(), None));
    }
    found
}

fn new(name: Option<&At<String>>, set: Settings, models: Option<Selection>) -> ResolvedVariant {
    let model = models.as_ref().map(selection_as_json);
    let id = id(&set, model.as_ref());
    let name = name.map_or(id.clone(), |n| n.value.clone());
    ResolvedVariant {
        plan: VariantPlan { id, name, set },
        models,
        model,
    }
}

/// The id of what a variant changes: the same changes have the same id in every preset and at every place in it.
fn id(set: &Settings, model: Option<&serde_json::Value>) -> String {
    if *set == Settings::default() && model.is_none() {
        return "base".into();
    }
    let content = serde_json::json!({ "set": set, "model": model }).to_string();
    let digits: String = blake3::hash(content.as_bytes())
        .to_hex()
        .chars()
        .take(8)
        .collect();
    format!("v{digits}")
}

fn selection_as_json(selection: &Selection) -> serde_json::Value {
    let names = |list: &[At<String>]| list.iter().map(|n| n.value.clone()).collect::<Vec<_>>();
    match selection {
        Selection::Names(many) => match many.0.as_slice() {
            [one] => one.value.clone().into(),
            list => names(list).into(),
        },
        Selection::By(by) => serde_json::json!({
            "names": names(&by.names.0),
            "tags": by.tags.as_ref().map(|w| &w.value.0),
            "without": by.without.as_ref().map(|w| &w.value.0),
        }),
    }
}

/// Every combination of the axes' values, the last axis changing fastest.
fn combinations(matrix: &MatrixVariant, issues: &mut Issues) -> Vec<(Settings, Option<Selection>)> {
    let axes = &matrix.matrix.value.0;
    let count = axes
        .iter()
        .try_fold(1usize, |n, axis| n.checked_mul(axis.values.len()));
    let Some(count) = count.filter(|n| *n <= MOST) else {
        issues.push(
            &matrix.matrix.place,
            format!("the matrix has more than {MOST} combinations"),
        );
        return Vec::new();
    };
    let before = issues.len();
    // Each value once with its axis alone: an error is then told once, not in every combination.
    for axis in axes {
        for value in &axis.values {
            read(&matrix.matrix.place, &[(axis, value)], issues);
        }
    }
    if issues.len() > before {
        return Vec::new();
    }
    let mut found = Vec::new();
    for mut index in 0..count {
        let mut cell = Vec::new();
        for axis in axes.iter().rev() {
            if let Some(value) = axis.values.get(index % axis.values.len()) {
                cell.push((axis, value));
            }
            index /= axis.values.len();
        }
        cell.reverse();
        found.extend(read(&matrix.matrix.place, &cell, issues));
    }
    found
}

/// One combination, read as settings would be; the axis `model` is a selection.
fn read(
    place: &Place,
    cell: &[(&crate::preset::settings::Axis, &Node)],
    issues: &mut Issues,
) -> Option<(Settings, Option<Selection>)> {
    let mut models = None;
    let mut entries = Vec::new();
    for (axis, value) in cell {
        if axis.key == "model" {
            models = Some(Selection::decode(value, issues)?);
        } else {
            entries.push(Entry {
                key: axis.key.clone(),
                place: axis.place.clone(),
                value: (*value).clone(),
            });
        }
    }
    let node = Node {
        place: place.clone(),
        value: Value::Map(entries),
    };
    Some((Settings::decode(&node, issues)?, models))
}
