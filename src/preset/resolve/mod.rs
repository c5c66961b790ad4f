//! From the keys of a preset to a [`Plan`]: files found, names matched, layers laid over each other.

mod exports;
mod jobs;
mod models;
mod paths;
mod products;
mod units;
mod variants;

use std::path::{Path, PathBuf};

use super::issue::{At, Issues, Place};
use super::plan::{Plan, PlanMetadata};
use super::schema::{Check, Preset, Tier};
use super::settings::Settings;
use super::template::{TEXT_KEYS, Template};

/// What the command line says over the preset.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Output folder in place of the preset's.
    pub folder: Option<PathBuf>,
}

/// Pictures that one preset may plan.
const MOST_OUTPUTS: usize = 2_000_000;

/// Resolves a preset that was read from `path`.
pub fn resolve(preset: &Preset, path: &Path, options: &Options, issues: &mut Issues) -> Option<Plan> {
    let start = Place {
        file: path.into(),
        line: 1,
        column: 1,
    };
    // A part that could not be read makes names unknown that are not: then the names are not judged.
    let readable = issues.is_empty();
    let folder = folder(preset, path, options);
    let photos = models::resolve(&preset.models, &folder, issues);
    let products = products::resolve(&preset.products, &folder, issues);
    let exports = exports::resolve(&preset.exports, issues);
    let variants = variants::resolve(&preset.variants, issues);
    if preset.products.is_empty() && readable {
        issues.push(&start, "the preset names no products");
    }
    if preset.models.is_empty() && readable {
        issues.push(&start, "the preset names no models: photographs of people");
    }
    let names = jobs::Names::new(&photos, &products, readable);
    let template = template(preset, issues);
    if let Some(text) = preset.metadata.as_ref().and_then(|m| m.description.as_ref()) {
        Template::parse(&At::new(text.clone(), start.clone()), &TEXT_KEYS, issues);
    }
    let bases = jobs::resolve(
        preset,
        &photos,
        &products,
        &variants,
        &exports,
        &names,
        template.as_ref(),
        issues,
    );
    if !issues.is_empty() {
        return None;
    }
    if bases.is_empty() {
        issues.push(
            &start,
            "nothing to do: the selections leave no product with a model",
        );
        return None;
    }
    let metadata = preset.metadata.as_ref();
    Some(Plan {
        preset: path.to_path_buf(),
        name: preset.name.clone().unwrap_or_else(|| super::sources::stem(path)),
        folder,
        metadata: PlanMetadata {
            creator: metadata.and_then(|m| m.creator.clone()),
            description: metadata.and_then(|m| m.description.clone()),
            copyright: metadata.and_then(|m| m.copyright.clone()),
            keywords: metadata.map(|m| m.keywords.clone()).unwrap_or_default(),
        },
        tier: tier(preset),
        ignored: ignored(preset),
        photos: photos.into_iter().map(|m| m.plan).collect(),
        products: products.into_iter().map(|p| p.plan).collect(),
        variants: variants.into_iter().map(|v| v.plan).collect(),
        exports,
        bases,
    })
}

fn ignored(preset: &Preset) -> Vec<Check> {
    let mut ignored = preset
        .quality
        .as_ref()
        .map(|q| q.ignore.clone())
        .unwrap_or_default();
    ignored.sort();
    ignored.dedup();
    ignored
}

fn tier(preset: &Preset) -> Tier {
    preset
        .quality
        .as_ref()
        .and_then(|q| q.tier)
        .unwrap_or(Tier::Listing)
}

fn folder(preset: &Preset, path: &Path, options: &Options) -> PathBuf {
    let given = preset
        .output
        .as_ref()
        .and_then(|o| o.folder.as_ref())
        .map(|f| f.resolved());
    let beside = || {
        path.parent()
            .unwrap_or(Path::new(""))
            .join("out")
            .join(super::sources::stem(path))
    };
    options.folder.clone().or(given).unwrap_or_else(beside)
}

/// The name template, or one that tells apart what there is to tell apart.
fn template(preset: &Preset, issues: &mut Issues) -> Option<Template> {
    let given = preset.output.as_ref().and_then(|o| o.name.as_ref());
    if let Some(text) = given {
        return Template::parse_name(text, issues);
    }
    let mut text = String::from("{look}_{model}");
    if !preset.variants.is_empty() {
        text.push_str("_{variant}");
    }
    if preset.exports.len() > 1 {
        text.push_str("_{export}");
    }
    let place = Place {
        file: Path::new("").into(),
        line: 1,
        column: 1,
    };
    Template::parse_name(&At::new(text, place), issues)
}

/// Settings under everything the preset says.
fn foundation(preset: &Preset) -> Settings {
    let seed = Settings {
        seed: preset.seed,
        ..Settings::default()
    };
    preset.defaults.as_ref().map_or(seed.clone(), |d| d.over(&seed))
}

/// Whether `name` matches `pattern`, where `*` stands for anything.
fn matches(pattern: &str, name: &str) -> bool {
    let Some((head, tail)) = pattern.split_once('*') else {
        return pattern == name;
    };
    let Some(mut rest) = name.strip_prefix(head) else {
        return false;
    };
    let mut parts: Vec<&str> = tail.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = rest.get(at + part.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn stars_stand_for_anything() {
        for (pattern, name, yes) in [
            ("R-1", "R-1", true),
            ("R-1", "R-12", false),
            ("R-*", "R-12", true),
            ("*", "", true),
            ("*-gold", "ring-gold", true),
            ("*a*b*", "xaxbx", true),
            ("a*a", "a", false),
            ("a*b*c", "abxc", true),
            ("a*b*c", "acb", false),
        ] {
            assert_eq!(matches(pattern, name), yes, "{pattern} {name}");
        }
    }
}
