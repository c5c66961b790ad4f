//! Products: single files, folders, patterns and catalogues, with their true sizes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::preset::catalogue;
use crate::preset::issue::{At, Issues, Place};
use crate::preset::plan::ProductPlan;
use crate::preset::probe;
use crate::preset::schema::{Product, Selection};
use crate::preset::settings::Settings;
use crate::preset::sources;
use crate::preset::values::{Inches, Millimetres};
use crate::product::Facts;

pub struct ResolvedProduct {
    pub plan: ProductPlan,
    pub set: Settings,
    pub models: Option<Selection>,
    pub solo: Option<bool>,
}

pub fn resolve(products: &[At<Product>], output: &Path, issues: &mut Issues) -> Vec<ResolvedProduct> {
    let mut all = All {
        found: Vec::new(),
        taken: BTreeMap::new(),
        issues,
    };
    for product in products {
        match &product.catalogue {
            None => all.add(product, output),
            Some(_) if product.file.is_some() || product.folder.is_some() || product.glob.is_some() => {
                all.wrong_source(product);
            }
            Some(catalogue) => {
                for row in catalogue::read(catalogue, all.issues) {
                    all.add(&with_defaults(row, &product.value), output);
                }
            }
        }
    }
    all.found
}

/// What the entry says beside its catalogue holds for every row that does not say otherwise.
fn with_defaults(row: At<Product>, entry: &Product) -> At<Product> {
    let At { value: row, place } = row;
    let product = Product {
        kind: row.kind.or(entry.kind),
        style: row.style.or(entry.style.clone()),
        models: row.models.or(entry.models.clone()),
        solo: row.solo.or(entry.solo),
        set: row.set.or(entry.set.clone()),
        ..row
    };
    At::new(product, place)
}

struct All<'i> {
    found: Vec<ResolvedProduct>,
    taken: BTreeMap<String, Place>,
    issues: &'i mut Issues,
}

impl All<'_> {
    fn add(&mut self, product: &At<Product>, output: &Path) {
        let Some((files, place)) = self.files(product, output) else {
            return;
        };
        let Some(kind) = product.kind else {
            self.issues.hint(
                &place,
                "the product has no kind",
                "give `kind`: earring, necklace, ring, bracelet or watch",
            );
            return;
        };
        let facts = facts(product, &place, self.issues);
        for path in files {
            let sku = match &product.sku {
                Some(sku) => sku.clone(),
                None => At::new(sources::stem(&path), place.clone()),
            };
            if let Some(first) = self.taken.get(&sku.value) {
                let message = format!("two products have the SKU `{}`", sku.value);
                self.issues.hint(
                    &sku.place,
                    message,
                    format!("the other is at {first}; give a `sku`"),
                );
                continue;
            }
            self.taken.insert(sku.value.clone(), sku.place.clone());
            self.found.push(ResolvedProduct {
                plan: ProductPlan {
                    sku: sku.value,
                    title: product.title.clone(),
                    header: probe::header(&path),
                    path,
                    kind,
                    facts: facts.clone(),
                },
                set: product.set.clone().unwrap_or_default(),
                models: product.models.clone(),
                solo: product.solo,
            });
        }
    }

    fn files(&mut self, product: &At<Product>, output: &Path) -> Option<(Vec<PathBuf>, Place)> {
        match (&product.file, &product.folder, &product.glob) {
            (Some(file), None, None) => Some((vec![sources::file(file, self.issues)?], file.0.place.clone())),
            (None, Some(folder), None) => {
                self.one_sku_for_many(product);
                Some((sources::folder(folder, self.issues), folder.0.place.clone()))
            }
            (None, None, Some(glob)) => {
                self.one_sku_for_many(product);
                Some((sources::pattern(glob, output, self.issues), glob.0.place.clone()))
            }
            _ => {
                self.wrong_source(product);
                None
            }
        }
    }

    fn one_sku_for_many(&mut self, product: &At<Product>) {
        if let Some(sku) = &product.sku {
            self.issues
                .push(&sku.place, "a `sku` names one file, not a folder or pattern");
        }
    }

    fn wrong_source(&mut self, product: &At<Product>) {
        let catalogue = product.catalogue.as_ref().map(|c| &c.file);
        let places = [&product.file, &product.folder, &product.glob]
            .into_iter()
            .flatten()
            .chain(catalogue);
        let place = places.map(|p| &p.0.place).next().unwrap_or(&product.place);
        self.issues.push(
            place,
            "a product has exactly one of `file`, `folder`, `glob` and `catalogue`",
        );
    }
}

/// Sizes in mm, from whichever unit they were given in.
fn facts(product: &At<Product>, place: &Place, issues: &mut Issues) -> Facts {
    let mut length = |name: &str, mm: Option<Millimetres>, inches: Option<Inches>| {
        if mm.is_some() && inches.is_some() {
            issues.push(place, format!("`{name}_mm` and `{name}_in` are both given"));
        }
        mm.map(|v| v.0).or(inches.map(|v| v.to_mm()))
    };
    let p = product;
    let mut facts = Facts {
        width_mm: length("width", p.width_mm, p.width_in),
        height_mm: length("height", p.height_mm, p.height_in),
        inner_diameter_mm: length("inner_diameter", p.inner_diameter_mm, p.inner_diameter_in),
        chain_length_mm: length("chain_length", p.chain_length_mm, p.chain_length_in),
        case_diameter_mm: length("case_diameter", p.case_diameter_mm, p.case_diameter_in),
        style: p.style.clone(),
    };
    if let Some(size) = p.us_ring_size {
        if facts.inner_diameter_mm.is_some() {
            issues.push(place, "`us_ring_size` and an inner diameter are both given");
        }
        facts.inner_diameter_mm = Some(size.to_mm());
    }
    facts
}
