//! What is worn together: looks, and products alone.

use super::jobs::Names;
use super::models::select;
use crate::preset::issue::Issues;
use crate::preset::schema::{Look, LookPiece, Preset, Selection};
use crate::preset::settings::Settings;

/// What is worn together: a look, or a product alone.
pub struct Unit {
    pub name: String,
    /// Product, and its settings below the look's.
    pub pieces: Vec<(usize, Settings)>,
    /// Settings of the picture as a whole, below the model's.
    pub scene: Settings,
    /// By model: whether it is shown on it.
    pub models: Vec<bool>,
}

pub fn is(flags: &[bool], index: usize) -> bool {
    flags.get(index).copied().unwrap_or(false)
}

/// The looks, and the products that are shown alone.
pub fn units(preset: &Preset, base: &Settings, names: &Names, issues: &mut Issues) -> Vec<Unit> {
    let mut units: Vec<Unit> = Vec::new();
    let mut in_looks = vec![false; names.products.len()];
    for look in &preset.looks {
        if let Some(unit) = look_unit(look, base, names, issues) {
            for (product, _) in &unit.pieces {
                in_looks[*product] = true;
            }
            if units.iter().any(|other| other.name == unit.name) {
                issues.push(
                    &look.name.place,
                    format!("two looks are called `{}`", look.name.value),
                );
            }
            if let Some(product) = names.products.iter().find(|p| p.plan.sku == unit.name) {
                let message = format!("the look `{}` has the name of a product", product.plan.sku);
                issues.push(&look.name.place, message);
            }
            units.push(unit);
        }
    }
    for (i, product) in names.products.iter().enumerate() {
        let alone = product.solo.or(preset.solo).unwrap_or(true);
        if alone || !is(&in_looks, i) {
            let scene = product.set.over(base);
            units.push(Unit {
                name: product.plan.sku.clone(),
                pieces: vec![(i, scene.clone())],
                scene,
                models: chosen(product.models.as_ref(), names, issues),
            });
        }
    }
    for unit in &mut units {
        keep_to_kinds(unit, names);
    }
    units
}

/// Leaves out the models that are for other kinds of jewelry.
fn keep_to_kinds(unit: &mut Unit, names: &Names) {
    let kinds = || {
        let products = unit.pieces.iter().filter_map(|(i, _)| names.products.get(*i));
        products.map(|product| product.plan.kind)
    };
    for (model, shown) in names.models.iter().zip(&mut unit.models) {
        *shown &= model.is_for(kinds());
    }
}

fn look_unit(look: &Look, base: &Settings, names: &Names, issues: &mut Issues) -> Option<Unit> {
    let look_set = look.set.clone().unwrap_or_default();
    let mut pieces = Vec::new();
    for piece in &look.pieces {
        let (sku, set) = match piece {
            LookPiece::Sku(sku) => (sku, None),
            LookPiece::With(keys) => (&keys.sku, keys.set.as_ref()),
        };
        match names.products.iter().position(|p| p.plan.sku == sku.value) {
            Some(i) => {
                let own = names.products.get(i).map(|p| p.set.clone()).unwrap_or_default();
                let below = look_set.over(&own.over(base));
                pieces.push((i, set.map_or(below.clone(), |set| set.over(&below))));
            }
            None if names.judge => {
                let known = names.products.iter().map(|p| p.plan.sku.as_str());
                issues.unknown(&sku.place, "no product has the SKU", &sku.value, known);
            }
            None => {}
        }
    }
    if look.pieces.is_empty() {
        issues.push(
            &look.name.place,
            format!("the look `{}` has no pieces", look.name.value),
        );
    }
    let models = chosen(look.models.as_ref(), names, issues);
    let name = look.name.value.clone();
    (!pieces.is_empty()).then(|| Unit {
        name,
        pieces,
        scene: look_set.over(base),
        models,
    })
}

/// By model, whether a selection has it.
pub fn chosen(selection: Option<&Selection>, names: &Names, issues: &mut Issues) -> Vec<bool> {
    let mut flags = vec![false; names.models.len()];
    for i in select(selection, names.models, names.judge, issues) {
        flags[i] = true;
    }
    flags
}
