//! A plan as the batch engine takes it: groups by photo, everything that decides a pixel in canonical form.

use serde_json::{Value, json};

use super::wants::wants;
use crate::batch::{Base, Group, Labels, Output, VariantLabel};
use crate::pipeline::sidecar_path;
use crate::preset::Plan;
use crate::preset::plan::{BasePlan, OutputPlan};
use crate::preset::settings::{Background, Settings};

/// Where the composites of each photo begin in the plan's list; those of one photo stand together.
pub fn starts(plan: &Plan) -> Vec<usize> {
    let mut starts = Vec::new();
    let mut last = None;
    for (at, base) in plan.bases.iter().enumerate() {
        if last != Some(base.photo) {
            last = Some(base.photo);
            starts.push(at);
        }
    }
    starts
}

/// The groups of a plan, one per photo, in the order of [`starts`].
pub fn groups(plan: &Plan) -> Vec<Group> {
    plan.bases
        .chunk_by(|a, b| a.photo == b.photo)
        .map(|bases| {
            let photo = bases.first().and_then(|base| plan.photos.get(base.photo));
            let wants = format!("{:?}", wants(plan, bases));
            photo.map_or_else(Group::default, |photo| Group {
                photo: photo.path.clone(),
                beside: vec![sidecar_path(&photo.path)],
                pixels: u64::from(photo.header.width) * u64::from(photo.header.height),
                bases: bases
                    .iter()
                    .map(|base| one(plan, base, &photo.id, &wants))
                    .collect(),
            })
        })
        .collect()
}

/// What decides the shard of a composite: all variants of a look on a model are made by the same machine.
pub fn shard_key(look: &str, model: &str) -> String {
    format!("{look}|{model}")
}

fn one(plan: &Plan, base: &BasePlan, model: &str, wants: &str) -> Base {
    let products = base
        .pieces
        .iter()
        .filter_map(|piece| Some((plan.products.get(piece.product)?, piece)));
    let pieces: Vec<Value> = products
        .clone()
        .map(|(product, piece)| json!([product.kind, product.facts, piece.settings]))
        .collect();
    Base {
        inputs: products.map(|(product, _)| product.path.clone()).collect(),
        spec: json!([pieces, base.settings, plan.tier, plan.ignored, wants]),
        shard_key: shard_key(&base.look, model),
        seed: base.settings.seed.unwrap_or(0),
        outputs: base
            .outputs
            .iter()
            .map(|output| of(plan, base, output, model))
            .collect(),
    }
}

fn of(plan: &Plan, base: &BasePlan, output: &OutputPlan, model: &str) -> Output {
    let settings = Settings {
        background: Some(output.background.clone()),
        crop: Some(output.crop.clone()),
        ..base.settings.clone()
    };
    let variant = plan.variants.get(output.variant);
    let export = plan.exports.get(output.export);
    let pictures = match &output.background {
        Background::Picture(path) => vec![path.resolved()],
        _ => Vec::new(),
    };
    // A picture's own name is no part of what it looks like; its content is, as an input.
    let background = match &output.background {
        Background::Picture(_) => json!("picture"),
        other => json!(other),
    };
    let titles: Vec<&Option<String>> = base
        .pieces
        .iter()
        .filter_map(|p| plan.products.get(p.product))
        .map(|p| &p.title)
        .collect();
    let variant_label = variant
        .map(|v| VariantLabel {
            id: v.id.clone(),
            name: v.name.clone(),
        })
        .unwrap_or_default();
    // Names that stand in the metadata are in the file, so they are part of the key.
    let words = json!([
        plan.metadata,
        base.look,
        plan.skus(base),
        titles,
        model,
        variant_label.id,
        variant_label.name
    ]);
    Output {
        path: output.path.clone(),
        inputs: pictures,
        spec: json!([background, output.crop, export, output.format, words]),
        labels: Labels {
            look: base.look.clone(),
            skus: base
                .pieces
                .iter()
                .filter_map(|p| plan.products.get(p.product))
                .map(|p| p.sku.clone())
                .collect(),
            model: model.to_owned(),
            variant: variant_label,
            export: export.map(|e| e.name.clone()).unwrap_or_default(),
            changed: output.changed.clone(),
            settings: json!(settings),
        },
    }
}
