//! Whether a composite meets its tier.

use serde_json::{Value, json};

use crate::imaging::Photo;
use crate::locate::Anatomy;
use crate::pipeline::{Dressed, LookItem};
use crate::preset::Plan;
use crate::preset::plan::BasePlan;
use crate::qa::{Bound, Finding, Tier, measure};

/// What was measured, and what of it rejects the picture.
#[derive(Debug, Clone)]
pub struct Verdict {
    findings: Vec<Finding>,
    missed: Vec<Finding>,
    /// Names of the checks that it misses, each once.
    pub reasons: Vec<String>,
}

impl Verdict {
    pub fn of(photo: &Photo, anatomy: &Anatomy, look: &[LookItem], dressed: &Dressed, plan: &Plan) -> Self {
        let findings = measure(photo, anatomy, look, dressed);
        let counts = |f: &&Finding| !f.holds(plan.tier) && !plan.ignored.contains(&f.check);
        let missed: Vec<Finding> = findings.iter().filter(counts).copied().collect();
        let mut checks: Vec<_> = missed.iter().map(|f| f.check).collect();
        checks.sort();
        checks.dedup();
        Self {
            findings,
            missed,
            reasons: checks.iter().map(|check| check.word().to_owned()).collect(),
        }
    }

    /// For the manifest.
    pub fn told(&self, skus: &[&str], tier: Tier) -> Value {
        let line = |f: &Finding| {
            let (bound, limit) = match f.check.bound(tier) {
                Bound::AtLeast(limit) => ("at_least", limit),
                Bound::AtMost(limit) => ("at_most", limit),
            };
            json!({
                "sku": skus.get(f.item),
                "check": f.check.word(),
                "value": thousandth(f.value),
                bound: limit,
                "holds": f.holds(tier),
            })
        };
        json!({ "tier": tier, "checks": self.findings.iter().map(line).collect::<Vec<_>>() })
    }

    /// For people; nothing when the tier is met.
    pub fn detail(&self, base: &BasePlan, plan: &Plan) -> Option<String> {
        let said = self.missed.iter().map(|f| {
            let product = base.pieces.get(f.item).and_then(|p| plan.products.get(p.product));
            let sku = product.map(|p| p.sku.as_str()).unwrap_or_default();
            let what = f.check.word().replace('_', " ");
            let (side, limit) = match f.check.bound(plan.tier) {
                Bound::AtLeast(limit) => ("at least", limit),
                Bound::AtMost(limit) => ("at most", limit),
            };
            format!(
                "{sku}: {what} is {}, {side} {limit} is wanted",
                thousandth(f.value)
            )
        });
        let said: Vec<String> = said.collect();
        (!said.is_empty()).then(|| said.join("; "))
    }
}

fn thousandth(v: f64) -> f64 {
    (v * 1e3).round() / 1e3
}
