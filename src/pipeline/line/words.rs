//! What an output's metadata says.

use super::Line;
use crate::export::xmp::Description;
use crate::preset::Plan;
use crate::preset::issue::{At, Issues, Place};
use crate::preset::plan::{BasePlan, OutputPlan};
use crate::preset::template::{TEXT_KEYS, Template};

/// The plan's description as a template; planning has checked it already.
pub fn description(plan: &Plan) -> Option<Template> {
    let text = plan.metadata.description.as_ref()?;
    let place = Place {
        file: plan.preset.as_path().into(),
        line: 1,
        column: 1,
    };
    Template::parse(&At::new(text.clone(), place), &TEXT_KEYS, &mut Issues::default())
}

impl Line<'_> {
    /// `generative` when a model repainted a part.
    pub(super) fn describe(
        &self,
        base: &BasePlan,
        output: &OutputPlan,
        key: &str,
        generative: bool,
    ) -> Description {
        let plan = self.plan;
        let products = || {
            base.pieces
                .iter()
                .filter_map(|piece| plan.products.get(piece.product))
        };
        let variant = plan.variants.get(output.variant);
        let text = self.description.as_ref().map(|template| {
            template.fill(|word| match word {
                "sku" => plan.skus(base),
                "look" => base.look.clone(),
                "title" => products()
                    .filter_map(|p| p.title.clone())
                    .collect::<Vec<_>>()
                    .join(", "),
                "model" => plan
                    .photos
                    .get(base.photo)
                    .map(|p| p.id.clone())
                    .unwrap_or_default(),
                _ => variant.map(|v| v.name.clone()).unwrap_or_default(),
            })
        });
        Description {
            creator: plan.metadata.creator.clone(),
            description: text,
            copyright: plan.metadata.copyright.clone(),
            keywords: products()
                .map(|p| p.sku.clone())
                .chain(plan.metadata.keywords.iter().cloned())
                .collect(),
            generative,
            key: key.to_owned(),
            variant: variant.map(|v| v.id.clone()).unwrap_or_default(),
        }
    }
}
