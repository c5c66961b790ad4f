//! Every composite and every file, with all layers of settings laid over each other.
//!
//! From the bottom: the preset's seed, `defaults`, the product, the look, the piece in the look, the model,
//! `overrides` in their order, the variant.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use super::models::{ResolvedModel, select};
use super::products::ResolvedProduct;
use super::variants::ResolvedVariant;
use super::{MOST_OUTPUTS, foundation, matches};
use crate::export::ExportSpec;
use crate::preset::issue::{Issues, Place};
use crate::preset::plan::{BasePlan, OutputPlan, PiecePlan};
use crate::preset::schema::{Format, Look, LookPiece, Preset};
use crate::preset::settings::{Background, Crop, CropAround, Settings};
use crate::preset::template::Template;

/// What names may refer to.
pub struct Names<'a> {
    models: &'a [ResolvedModel],
    products: &'a [ResolvedProduct],
    /// Whether everything was readable, so that a name that is not found is really wrong.
    judge: bool,
}

impl<'a> Names<'a> {
    pub fn new(models: &'a [ResolvedModel], products: &'a [ResolvedProduct], judge: bool) -> Self {
        Self {
            models,
            products,
            judge,
        }
    }
}

/// What is worn together: a look, or a product alone.
struct Unit {
    name: String,
    /// Product, and its settings below the look's.
    pieces: Vec<(usize, Settings)>,
    /// Settings of the picture as a whole, below the model's.
    scene: Settings,
    /// By model: whether it is shown on it.
    models: Vec<bool>,
}

/// An override with its names resolved.
struct Over {
    /// By product.
    products: Vec<bool>,
    /// By unit.
    units: Vec<bool>,
    /// By model.
    models: Vec<bool>,
    set: Settings,
}

#[allow(clippy::too_many_arguments)]
pub fn resolve(
    preset: &Preset,
    photos: &[ResolvedModel],
    products: &[ResolvedProduct],
    variants: &[ResolvedVariant],
    exports: &[ExportSpec],
    names: &Names,
    template: Option<&Template>,
    issues: &mut Issues,
) -> Vec<BasePlan> {
    let base = foundation(preset);
    let units = units(preset, &base, names, issues);
    let overs = overrides(preset, &units, names, issues);
    let shown: Vec<Vec<bool>> = variants
        .iter()
        .map(|v| chosen(v.models.as_ref(), names, issues))
        .collect();
    let Some(template) = template else {
        return Vec::new();
    };

    let mut bases = Vec::new();
    let mut paths = Paths::default();
    for (photo, model) in photos.iter().enumerate() {
        for (u, unit) in units
            .iter()
            .enumerate()
            .filter(|(_, unit)| is(&unit.models, photo))
        {
            let layers = Layers {
                model,
                photo,
                unit,
                u,
                overs: &overs,
            };
            // Variants that make the same composite share it: its pixels are then the same bit for bit.
            let mut composites: BTreeMap<String, usize> = BTreeMap::new();
            for (v, variant) in variants
                .iter()
                .enumerate()
                .filter(|(v, _)| shown.get(*v).is_some_and(|s| is(s, photo)))
            {
                let scene = layers.scene(&variant.plan.set);
                let pieces = layers.pieces(&variant.plan.set);
                let key = json!([
                    scene.base_part(),
                    pieces.iter().map(|p| &p.settings).collect::<Vec<_>>()
                ])
                .to_string();
                let at = *composites.entry(key).or_insert_with(|| {
                    bases.push(BasePlan {
                        photo,
                        look: unit.name.clone(),
                        pieces,
                        settings: scene.base_part(),
                        outputs: Vec::new(),
                    });
                    bases.len() - 1
                });
                let changed = changed(variant, &layers.scene(&Settings::default()));
                for (e, export) in exports.iter().enumerate() {
                    let output = output(
                        &scene,
                        (v, variant),
                        (e, export),
                        model,
                        unit,
                        products,
                        template,
                        &changed,
                    );
                    paths.take(&output.path, preset, issues);
                    if let Some(base) = bases.get_mut(at) {
                        base.outputs.push(output);
                    }
                }
            }
            if paths.taken.len() > MOST_OUTPUTS {
                issues.push(
                    &paths.place(preset),
                    format!("more than {MOST_OUTPUTS} pictures: split the preset"),
                );
                return Vec::new();
            }
        }
    }
    bases
}

struct Layers<'a> {
    model: &'a ResolvedModel,
    photo: usize,
    unit: &'a Unit,
    u: usize,
    overs: &'a [Over],
}

impl Layers<'_> {
    fn scene(&self, variant: &Settings) -> Settings {
        let below = self.model.set.over(&self.unit.scene);
        let overs = self
            .overs
            .iter()
            .filter(|o| is(&o.models, self.photo) && self.concerns_unit(o));
        variant.over(&overs.fold(below, |below, over| over.set.over(&below)))
    }

    /// A product worn alone is the unit; in a look, an override of one piece changes that piece only.
    fn concerns_unit(&self, over: &Over) -> bool {
        let alone = match self.unit.pieces.as_slice() {
            [(product, _)] => is(&over.products, *product),
            _ => false,
        };
        alone || is(&over.units, self.u)
    }

    fn pieces(&self, variant: &Settings) -> Vec<PiecePlan> {
        let piece = |(product, set): &(usize, Settings)| {
            let overs = self
                .overs
                .iter()
                .filter(|o| is(&o.models, self.photo) && (is(&o.products, *product) || is(&o.units, self.u)));
            let settings = overs.fold(self.model.set.over(set), |below, over| over.set.over(&below));
            PiecePlan {
                product: *product,
                settings: variant.over(&settings).base_part(),
            }
        };
        self.unit.pieces.iter().map(piece).collect()
    }
}

fn is(flags: &[bool], index: usize) -> bool {
    flags.get(index).copied().unwrap_or(false)
}

fn units(preset: &Preset, base: &Settings, names: &Names, issues: &mut Issues) -> Vec<Unit> {
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

fn chosen(
    selection: Option<&crate::preset::schema::Selection>,
    names: &Names,
    issues: &mut Issues,
) -> Vec<bool> {
    let mut flags = vec![false; names.models.len()];
    for i in select(selection, names.models, names.judge, issues) {
        flags[i] = true;
    }
    flags
}

fn overrides(preset: &Preset, units: &[Unit], names: &Names, issues: &mut Issues) -> Vec<Over> {
    let mut overs = Vec::new();
    for over in &preset.overrides {
        let wanted = &over.product.0;
        let hit = |name: &str| wanted.is_empty() || wanted.iter().any(|w| matches(&w.value, name));
        for pattern in wanted {
            let found = names
                .products
                .iter()
                .any(|p| matches(&pattern.value, &p.plan.sku))
                || units.iter().any(|u| matches(&pattern.value, &u.name));
            if !found && names.judge {
                let known = names.products.iter().map(|p| p.plan.sku.as_str());
                let known = known.chain(preset.looks.iter().map(|l| l.name.value.as_str()));
                issues.unknown(
                    &pattern.place,
                    "no product or look is called",
                    &pattern.value,
                    known,
                );
            }
        }
        overs.push(Over {
            products: names.products.iter().map(|p| hit(&p.plan.sku)).collect(),
            units: units.iter().map(|u| hit(&u.name)).collect(),
            models: chosen(over.model.as_ref(), names, issues),
            set: over.set.clone(),
        });
    }
    overs
}

/// What the variant changes against the picture without it.
fn changed(variant: &ResolvedVariant, plain: &Settings) -> Value {
    let mut changed = json!(variant.plan.set.beyond(plain));
    if let (Some(model), Value::Object(map)) = (&variant.model, &mut changed) {
        map.insert("model".into(), model.clone());
    }
    changed
}

#[allow(clippy::too_many_arguments)]
fn output(
    scene: &Settings,
    (v, variant): (usize, &ResolvedVariant),
    (e, export): (usize, &ExportSpec),
    model: &ResolvedModel,
    unit: &Unit,
    products: &[ResolvedProduct],
    template: &Template,
    changed: &Value,
) -> OutputPlan {
    let background = match (&scene.background, &export.background) {
        (None | Some(Background::Keep), Some(shop)) => shop.clone(),
        (own, _) => own.clone().unwrap_or(Background::Keep),
    };
    let format = match export.format {
        Format::Photo => model.plan.header.format.unwrap_or(Format::Jpeg),
        format => format,
    };
    let skus: Vec<&str> = unit
        .pieces
        .iter()
        .filter_map(|(i, _)| products.get(*i))
        .map(|p| p.plan.sku.as_str())
        .collect();
    let hash = || {
        let content = json!([model.plan.id, unit.name, variant.plan.id, export.name, scene]).to_string();
        blake3::hash(content.as_bytes())
            .to_hex()
            .chars()
            .take(10)
            .collect()
    };
    let name = template.file_name(|key| match key {
        "sku" => skus.join("+"),
        "look" => unit.name.clone(),
        "model" => model.plan.id.clone(),
        "variant" => variant.plan.name.clone(),
        "export" => export.name.clone(),
        _ => hash(),
    });
    OutputPlan {
        variant: v,
        export: e,
        background,
        crop: scene.crop.clone().unwrap_or(Crop::around(CropAround::None)),
        path: format!("{name}.{}", extension(format)),
        format,
        changed: changed.clone(),
    }
}

fn extension(format: Format) -> &'static str {
    match format {
        Format::Png => "png",
        Format::Webp => "webp",
        Format::Jpeg | Format::Photo => "jpg",
    }
}

/// File names that are taken; compared in lower case, as some file systems do.
#[derive(Default)]
struct Paths {
    taken: std::collections::BTreeSet<String>,
    told: usize,
}

impl Paths {
    fn take(&mut self, path: &str, preset: &Preset, issues: &mut Issues) {
        if path.starts_with("rejected/") && self.told < 3 {
            self.told += 1;
            let message = format!("`{path}`: the folder `rejected` is for pictures that miss their tier");
            issues.push(&self.place(preset), message);
        }
        if !self.taken.insert(path.to_lowercase()) && self.told < 3 {
            self.told += 1;
            let hint =
                "tell them apart with {sku} {look} {model} {variant} {export} or {hash} in `output: name`";
            issues.hint(
                &self.place(preset),
                format!("two pictures are called `{path}`"),
                hint,
            );
        }
    }

    fn place(&self, preset: &Preset) -> Place {
        let name = preset
            .output
            .as_ref()
            .and_then(|o| o.name.as_ref())
            .map(|n| n.place.clone());
        let version = preset.version.as_ref().map(|v| v.place.clone());
        name.or(version).unwrap_or(Place {
            file: Path::new("preset").into(),
            line: 1,
            column: 1,
        })
    }
}
