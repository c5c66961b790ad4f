//! Every composite and every file, with all layers of settings laid over each other.
//!
//! From the bottom: the preset's seed, `defaults`, the product, the look, the piece in the look, the model,
//! `overrides` in their order, the variant.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::models::ResolvedModel;
use super::paths::Paths;
use super::products::ResolvedProduct;
use super::units::{Unit, chosen, is, units};
use super::variants::ResolvedVariant;
use super::{MOST_OUTPUTS, foundation, matches};
use crate::export::ExportSpec;
use crate::preset::issue::Issues;
use crate::preset::plan::{BasePlan, OutputPlan, PiecePlan};
use crate::preset::schema::{Format, Preset};
use crate::preset::settings::{Background, Crop, CropAround, Settings};
use crate::preset::template::Template;

/// What names may refer to.
pub struct Names<'a> {
    pub(super) models: &'a [ResolvedModel],
    pub(super) products: &'a [ResolvedProduct],
    /// Whether everything was readable, so that a name that is not found is really wrong.
    pub(super) judge: bool,
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
            if paths.count() > MOST_OUTPUTS {
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
