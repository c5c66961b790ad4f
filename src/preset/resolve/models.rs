//! Photographs of people, and which of them a selection means.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::preset::issue::{At, Issues, Place};
use crate::preset::plan::PhotoPlan;
use crate::preset::probe;
use crate::preset::schema::{Model, Selection, Tags, Wanted};
use crate::preset::settings::Settings;
use crate::preset::sources;
use crate::product::Kind;

pub struct ResolvedModel {
    pub plan: PhotoPlan,
    pub tags: Tags,
    /// Kinds of jewelry that it is for; all when empty.
    pub wears: Vec<Kind>,
    pub set: Settings,
}

impl ResolvedModel {
    /// Whether this photograph is for these kinds of jewelry together.
    pub fn is_for(&self, mut kinds: impl Iterator<Item = Kind>) -> bool {
        self.wears.is_empty() || kinds.all(|kind| self.wears.contains(&kind))
    }
}

pub fn resolve(models: &[At<Model>], output: &Path, issues: &mut Issues) -> Vec<ResolvedModel> {
    let mut found: Vec<ResolvedModel> = Vec::new();
    let mut taken: BTreeMap<String, Place> = BTreeMap::new();
    for model in models {
        let Some((files, place)) = files(model, output, issues) else {
            continue;
        };
        for path in files {
            let id = match &model.id {
                Some(id) => id.clone(),
                None => At::new(sources::stem(&path), place.clone()),
            };
            if let Some(first) = taken.get(&id.value) {
                let message = format!("two models are called `{}`", id.value);
                issues.hint(
                    &id.place,
                    message,
                    format!("the other is at {first}; give an `id`"),
                );
                continue;
            }
            taken.insert(id.value.clone(), id.place.clone());
            let tags = model.tags.clone().unwrap_or_default();
            let words = tags.0.iter().map(|(key, value)| match value {
                Some(value) => format!("{key}={value}"),
                None => key.clone(),
            });
            found.push(ResolvedModel {
                plan: PhotoPlan {
                    id: id.value,
                    tags: words.collect(),
                    header: probe::header(&path),
                    path,
                },
                tags,
                wears: model.wears.0.clone(),
                set: model.set.clone().unwrap_or_default(),
            });
        }
    }
    found
}

fn files(model: &At<Model>, output: &Path, issues: &mut Issues) -> Option<(Vec<PathBuf>, Place)> {
    match (&model.photo, &model.folder, &model.glob) {
        (Some(photo), None, None) => Some((vec![sources::file(photo, issues)?], photo.0.place.clone())),
        (None, Some(folder), None) => {
            one_name_for_many(model, issues);
            Some((sources::folder(folder, issues), folder.0.place.clone()))
        }
        (None, None, Some(glob)) => {
            one_name_for_many(model, issues);
            Some((sources::pattern(glob, output, issues), glob.0.place.clone()))
        }
        (photo, folder, glob) => {
            let place = [photo, folder, glob]
                .into_iter()
                .flatten()
                .next()
                .map_or(&model.place, |p| &p.0.place);
            issues.push(place, "a model has exactly one of `photo`, `folder` and `glob`");
            None
        }
    }
}

fn one_name_for_many(model: &At<Model>, issues: &mut Issues) {
    if let Some(id) = &model.id {
        issues.push(&id.place, "an `id` names one photo, not a folder or pattern");
    }
}

/// Indices of the models that a selection means; all of them without one.
pub fn select(
    selection: Option<&Selection>,
    models: &[ResolvedModel],
    judge: bool,
    issues: &mut Issues,
) -> Vec<usize> {
    let all = 0..models.len();
    match selection {
        None => all.collect(),
        Some(Selection::Names(names)) => by_name(&names.0, models, judge, issues),
        Some(Selection::By(by)) => {
            let mut chosen: Vec<usize> = if by.names.0.is_empty() {
                all.collect()
            } else {
                by_name(&by.names.0, models, judge, issues)
            };
            if let Some(wanted) = &by.tags {
                let before = chosen.len();
                chosen.retain(|i| models.get(*i).is_some_and(|m| has_all(&m.tags, wanted)));
                if chosen.is_empty() && before > 0 && judge {
                    tell_tags(models, &wanted.place, issues);
                }
            }
            if let Some(without) = &by.without {
                chosen.retain(|i| models.get(*i).is_some_and(|m| !has_any(&m.tags, without)));
            }
            chosen
        }
    }
}

fn by_name(names: &[At<String>], models: &[ResolvedModel], judge: bool, issues: &mut Issues) -> Vec<usize> {
    let mut chosen = Vec::new();
    for name in names {
        let before = chosen.len();
        let hits = models
            .iter()
            .enumerate()
            .filter(|(_, m)| super::matches(&name.value, &m.plan.id));
        chosen.extend(hits.map(|(i, _)| i));
        if chosen.len() == before && judge {
            let known = models.iter().map(|m| m.plan.id.as_str());
            issues.unknown(&name.place, "no model is called", &name.value, known);
        }
    }
    chosen.sort_unstable();
    chosen.dedup();
    chosen
}

fn has_all(tags: &Tags, wanted: &Wanted) -> bool {
    wanted.0.iter().all(|(key, values)| has(tags, key, values))
}

fn has_any(tags: &Tags, wanted: &Wanted) -> bool {
    wanted.0.iter().any(|(key, values)| has(tags, key, values))
}

fn has(tags: &Tags, key: &str, values: &[String]) -> bool {
    match tags.0.get(key) {
        None => false,
        Some(_) if values.is_empty() => true,
        Some(value) => value.as_ref().is_some_and(|v| values.contains(v)),
    }
}

fn tell_tags(models: &[ResolvedModel], place: &Place, issues: &mut Issues) {
    let mut known: Vec<&str> = models
        .iter()
        .flat_map(|m| m.plan.tags.iter().map(String::as_str))
        .collect();
    known.sort_unstable();
    known.dedup();
    known.truncate(20);
    let hint = if known.is_empty() {
        "no model has tags".into()
    } else {
        format!("tags: {}", known.join(", "))
    };
    issues.hint(place, "no model has these tags", hint);
}
