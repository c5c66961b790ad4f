//! Presets: YAML in, a fully resolved [`Plan`] out, or every error in it with file, line and column.
//!
//! Text becomes nodes that know their place ([`node`]), nodes become typed keys ([`schema`], [`settings`]), keys become
//! a plan ([`resolve`](self::plan)). No picture is opened beyond its header.

mod catalogue;
pub mod csv;
pub(crate) mod decode;
pub mod issue;
mod load;
pub mod node;
pub mod parse;
mod path;
pub mod plan;
mod probe;
pub mod report;
mod resolve;
pub mod schema;
pub mod settings;
mod sources;
pub mod template;
pub mod values;
mod walk;

use std::path::Path;

pub use issue::Issues;
pub use plan::Plan;
pub use resolve::Options;

/// Reads a preset file and resolves it.
///
/// # Errors
/// Everything that is wrong with it, sorted by place.
pub fn plan(path: &Path, options: &Options) -> Result<Plan, Issues> {
    let mut issues = Issues::default();
    let plan = load::load(path, &mut issues).and_then(|p| resolve::resolve(&p, path, options, &mut issues));
    finish(plan, issues)
}

/// Like [`plan`], from text that is treated as the content of `path`.
///
/// # Errors
/// Everything that is wrong with it, sorted by place.
pub fn plan_text(text: &str, path: &Path, options: &Options) -> Result<Plan, Issues> {
    let mut issues = Issues::default();
    let plan = load::load_text(text, path, &mut issues)
        .and_then(|p| resolve::resolve(&p, path, options, &mut issues));
    finish(plan, issues)
}

fn finish(plan: Option<Plan>, issues: Issues) -> Result<Plan, Issues> {
    match plan {
        Some(plan) if issues.is_empty() => Ok(plan),
        _ => Err(issues.sorted()),
    }
}

/// The JSON Schema of a preset (2020-12), for editors.
pub fn json_schema() -> serde_json::Value {
    let mut schema = schemars::schema_for!(schema::Preset).to_value();
    if let Some(map) = schema.as_object_mut() {
        map.insert("title".into(), "Parure preset".into());
        // The reader takes presets apart before it asks for their version, to tell all mistakes at once.
        map.insert("required".into(), serde_json::json!(["version"]));
    }
    schema
}
