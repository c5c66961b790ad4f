//! The jewelry side of a batch: opens photographs, dresses them, exports them.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use image::RgbImage;
use serde_json::Value;

use super::cache::Cache;
use super::dressing::{controls, render_settings};
use super::groups::starts;
use super::models::ModelUse;
use super::painters::Painters;
use super::pieces::Pieces;
use super::told::{repainted, result, subject};
use super::verdict::Verdict;
use super::wants::wants;
use super::words::description;
use crate::batch::{Finished, Group, Input, Inputs, Stop, Worker};
use crate::export::bytes::{BytesError, encode_within};
use crate::export::frame::{Subject, frame};
use crate::export::resize::shape;
use crate::export::xmp::packet;
use crate::imaging::{Limits, Photo};
use crate::inpaint::InpaintSettings;
use crate::locate::{Anatomy, Wants, locate};
use crate::pipeline::{Dressed, LookItem, Pipeline, dress, seam};
use crate::preset::Plan;
use crate::preset::plan::BasePlan;
use crate::preset::settings::Background;
use crate::preset::template::Template;

/// What the batch engine runs for a plan.
pub struct Line<'p> {
    pub(super) plan: &'p Plan,
    pipeline: Pipeline,
    /// First base of each group.
    starts: Vec<usize>,
    wants: Vec<Wants>,
    models: ModelUse,
    pieces: Pieces,
    painters: Painters,
    cache: Option<Cache>,
    made_by: Value,
    pub(super) description: Option<Template>,
}

/// An open photograph.
pub struct Scene {
    photo: Photo,
    pub(super) anatomy: Anatomy,
}

/// A dressed photograph.
pub struct Composite {
    pub(super) dressed: Dressed,
    subject: Subject,
    result: Value,
    generative: bool,
    verdict: Verdict,
    /// The last background made, as several exports usually share it.
    pub(super) backed: Mutex<Option<(Background, Arc<RgbImage>)>>,
}

impl<'p> Line<'p> {
    /// `made_by` tells program, backend and models, and is part of every key; `cache` is the folder for located
    /// anatomies; `room` is the memory, bytes, for products that are kept.
    ///
    /// # Errors
    /// A sentence when the plan asks for what this program cannot do.
    pub fn new(
        plan: &'p Plan,
        pipeline: Pipeline,
        mut made_by: Value,
        cache: Option<PathBuf>,
        room: u64,
    ) -> Result<Self, String> {
        let painters = Painters::open(plan, &pipeline.engine)?;
        // Where a face lies does not depend on what repaints its seams: the cache knows nothing of painters.
        let cache = cache.map(|folder| Cache::new(folder, &made_by));
        if let (Some(weights), Some(made_by)) = (&painters.fingerprint, made_by.as_object_mut()) {
            made_by.insert("inpaint".into(), weights.clone());
        }
        let mut line = Self {
            plan,
            pipeline,
            starts: starts(plan),
            wants: Vec::new(),
            models: ModelUse::default(),
            pieces: Pieces::new(usize::try_from(room).unwrap_or(usize::MAX)),
            painters,
            cache,
            made_by,
            description: description(plan),
        };
        line.wants = (0..line.starts.len())
            .map(|group| wants(plan, line.bases(group)))
            .collect();
        Ok(line)
    }

    fn bases(&self, group: usize) -> &[BasePlan] {
        let end = self.plan.bases.len();
        let at = |group: usize| self.starts.get(group).copied().unwrap_or(end);
        self.plan.bases.get(at(group)..at(group + 1)).unwrap_or_default()
    }

    fn wants(&self, group: usize) -> Wants {
        self.wants.get(group).copied().unwrap_or(Wants::ALL)
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.pipeline.limits
    }
}

impl Worker for Line<'_> {
    type Scene = Scene;
    type Composite = Composite;

    fn fingerprint(&self) -> Value {
        self.made_by.clone()
    }

    fn scene_bytes(&self, group: &Group) -> u64 {
        // Decoded pixels, and the decoder's own while it works.
        pixels(group) * 6
    }

    fn composite_bytes(&self, group: &Group) -> u64 {
        // The composite, one resized through 16 bits, one being encoded.
        pixels(group) * 16 + (16 << 20)
    }

    fn begin(&self, groups: &[usize]) {
        self.models.begin(groups.iter().map(|group| self.wants(*group)));
    }

    fn opened(&self, group: usize) {
        self.models
            .located(self.wants(group), self.pipeline.engine.as_ref());
    }

    fn open(&self, group: usize, photo: &Input, _: &Inputs) -> Result<Scene, Stop> {
        let decoded = Photo::decode(&photo.bytes, self.limits());
        let decoded = decoded
            .map_err(|error| Stop::failed("unreadable", format!("{}: {error}", photo.path.display())))?;
        let wants = self.wants(group);
        let cached = self
            .cache
            .as_ref()
            .and_then(|cache| cache.get(&photo.hash, wants));
        let mut anatomy = match cached {
            Some(anatomy) => anatomy,
            None => {
                let anatomy = locate(&decoded, self.pipeline.engine.as_ref(), wants).map_err(|error| {
                    Stop::failed("model_failed", format!("{}: {error}", photo.path.display()))
                })?;
                if let Some(cache) = &self.cache {
                    cache.put(&photo.hash, wants, &anatomy);
                }
                anatomy
            }
        };
        crate::pipeline::sidecar_apply(&photo.path, &mut anatomy)
            .map_err(|error| Stop::failed("anchors_unusable", error.to_string()))?;
        Ok(Scene {
            photo: decoded,
            anatomy,
        })
    }

    fn compose(&self, scene: &Scene, group: usize, base: usize, inputs: &Inputs) -> Result<Composite, Stop> {
        let base = self
            .bases(group)
            .get(base)
            .ok_or_else(|| Stop::failed("internal", "no such composite"))?;
        let mut pieces = Vec::new();
        for piece in &base.pieces {
            let Some(product) = self.plan.products.get(piece.product) else {
                continue;
            };
            pieces.push(self.pieces.get(piece.product, product, inputs, self.limits())?);
        }
        let look: Vec<LookItem> = pieces
            .iter()
            .zip(&base.pieces)
            .map(|(piece, plan)| LookItem {
                piece,
                controls: controls(&plan.settings),
                settings: render_settings(&plan.settings, self.plan.tier),
            })
            .collect();
        let mut dressed = dress(&scene.photo, &scene.anatomy, &look).map_err(|error| {
            let sku = base
                .pieces
                .get(error.item)
                .and_then(|p| self.plan.products.get(p.product));
            let sku = sku.map(|p| p.sku.as_str()).unwrap_or_default();
            Stop::unfit(
                &error.unfit.reason.to_string(),
                format!("{sku}: {}", error.unfit.detail),
            )
        })?;
        let skus: Vec<&str> = base
            .pieces
            .iter()
            .filter_map(|p| self.plan.products.get(p.product))
            .map(|p| p.sku.as_str())
            .collect();
        let mut told = result(&dressed, &skus);
        let painter = self.painters.of(&base.settings);
        if let Some(painter) = painter {
            let settings = InpaintSettings {
                seed: base.settings.seed.unwrap_or_default(),
                ..InpaintSettings::default()
            };
            let pass = seam(&scene.photo, &scene.anatomy, &mut dressed, painter, &settings);
            if let Some(told) = told.as_object_mut() {
                told.insert("inpaint".into(), repainted(&pass));
            }
        }
        let verdict = Verdict::of(&scene.photo, &scene.anatomy, &look, &dressed, self.plan);
        if let Some(told) = told.as_object_mut() {
            told.insert("quality".into(), verdict.told(&skus, self.plan.tier));
        }
        Ok(Composite {
            verdict,
            subject: subject(&scene.anatomy, &dressed),
            result: told,
            dressed,
            generative: painter.is_some(),
            backed: Mutex::new(None),
        })
    }

    fn finish(
        &self,
        scene: &Scene,
        composite: &Composite,
        (group, base, output): (usize, usize, usize),
        key: &str,
        inputs: &Inputs,
    ) -> Result<Finished, Stop> {
        let lost = || Stop::failed("internal", "no such output");
        let base = self.bases(group).get(base).ok_or_else(lost)?;
        let output = base.outputs.get(output).ok_or_else(lost)?;
        let spec = self.plan.exports.get(output.export).ok_or_else(lost)?;
        let backed = self.backed(scene, composite, output, inputs)?;
        let picture = backed.as_deref().unwrap_or(&composite.dressed.pixels);
        let frame = frame(picture.dimensions(), &composite.subject, &output.crop, spec)
            .map_err(|detail| Stop::unfit("too_small_for_export", detail))?;
        let shaped = shape(picture, &frame, spec.sharpen, spec.pad)
            .map_err(|detail| Stop::failed("internal", detail))?;
        let xmp = packet(&self.describe(base, output, key, composite.generative));
        let bytes = encode_within(&shaped, output.format, spec, &xmp).map_err(|error| {
            let reason = match &error {
                BytesError::TooMany { .. } => "over_max_bytes",
                BytesError::TooFew { .. } => "under_min_bytes",
                BytesError::Picture(_) => "cannot_encode",
            };
            Stop::failed(reason, error.to_string())
        })?;
        Ok(Finished {
            bytes,
            width: shaped.width(),
            height: shaped.height(),
            result: composite.result.clone(),
            rejected: composite.verdict.reasons.clone(),
            detail: composite.verdict.detail(base, self.plan),
        })
    }
}

/// Pixels of a group's photo; a large one when its header could not be read.
fn pixels(group: &Group) -> u64 {
    if group.pixels == 0 {
        24_000_000
    } else {
        group.pixels
    }
}
