//! Exports: shipped ones by name, and a preset's own.

use std::collections::BTreeMap;

use crate::export::{ExportSpec, spec};
use crate::preset::issue::Issues;
use crate::preset::schema::{Export, ExportEntry};

/// The exports of a preset; the photo's own size and format when it names none.
pub fn resolve(entries: &[ExportEntry], issues: &mut Issues) -> Vec<ExportSpec> {
    let shipped = match spec::shipped() {
        Ok(shipped) => shipped,
        Err(wrong) => {
            wrong
                .iter()
                .for_each(|issue| issues.push(&issue.place, issue.message.clone()));
            return Vec::new();
        }
    };
    let mut known: BTreeMap<String, Export> = shipped
        .into_iter()
        .map(|export| (export.name.value.clone(), export))
        .collect();
    let mut found: Vec<ExportSpec> = Vec::new();
    if entries.is_empty() {
        found.extend(known.get("photo").and_then(|photo| spec::resolve(photo, issues)));
    }
    for entry in entries {
        let (name, export) = match entry {
            ExportEntry::Shipped(name) => (name, known.get(&name.value).cloned()),
            ExportEntry::Own(own) => (own.extends.as_ref().unwrap_or(&own.name), extended(own, &known)),
        };
        let Some(export) = export else {
            issues.unknown(
                &name.place,
                "no export is called",
                &name.value,
                known.keys().map(String::as_str),
            );
            continue;
        };
        let Some(spec) = spec::resolve(&export, issues) else {
            continue;
        };
        if found.iter().any(|other| other.name == spec.name) {
            issues.push(&name.place, format!("two exports are called `{}`", spec.name));
            continue;
        }
        known.insert(spec.name.clone(), export);
        found.push(spec);
    }
    found
}

fn extended(own: &Export, known: &BTreeMap<String, Export>) -> Option<Export> {
    match &own.extends {
        None => Some(own.clone()),
        Some(base) => known.get(&base.value).map(|base| spec::over(own, base)),
    }
}
