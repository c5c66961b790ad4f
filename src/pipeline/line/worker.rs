use std::sync::Mutex;
use std::sync::PoisonError;

use image::RgbImage;
use serde_json::{Value, json};

use super::cache::Cache;
use super::pieces::Pieces;
use crate::batch::{Finished, Group, Input, Inputs, Stop, Worker};
use crate::export::background::{Backdrop, replace};
use crate::export::bytes::{BytesError, encode_within};
use crate::export::frame::{Area, Subject, frame};
use crate::export::resize::shape;
use crate::export::xmp::{Description, packet};
use crate::fit::Controls;
use crate::imaging::{Limits, Mask, Photo};
use crate::infer::manifest;
use crate::locate::{Anatomy, FingerName, Side, Wants, locate};
use crate::pipeline::{Dressed, LookItem, Pipeline, dress};
use crate::preset::Plan;
use crate::preset::issue::At;
use crate::preset::plan::{BasePlan, OutputPlan};
use crate::preset::schema::Tier;
use crate::preset::settings::{Background, CropAround, Finger, Inpaint, InpaintWord, Settings, WearSide};
use crate::preset::template::{TEXT_KEYS, Template};
use crate::render::RenderSettings;

/// The jewelry side of a batch: opens photographs, dresses them, exports them.
pub struct Line<'p> {
    plan: &'p Plan,
    pipeline: Pipeline,
    /// First base of each group.
    starts: Vec<usize>,
    wants: Vec<Wants>,
    pieces: Pieces,
    cache: Option<Cache>,
    made_by: Value,
    description: Option<Template>,
}

/// An open photograph.
pub struct Scene {
    photo: Photo,
    anatomy: Anatomy,
}

/// A dressed photograph.
pub struct Composite {
    dressed: Dressed,
    subject: Subject,
    result: Value,
    generative: bool,
    /// The last background made, as several exports usually share it.
    backed: Mutex<Option<(Background, std::sync::Arc<RgbImage>)>>,
}

/// Bytes for products that are kept in memory.
const PIECES_ROOM: usize = 96 << 20;

impl<'p> Line<'p> {
    /// `starts` as [`super::groups`] gives them; `cache` is the folder for located anatomies.
    ///
    /// # Errors
    /// A sentence when the plan asks for what this program cannot do, or the models' manifest cannot be read.
    pub fn new(
        plan: &'p Plan,
        pipeline: Pipeline,
        starts: Vec<usize>,
        cache: Option<std::path::PathBuf>,
    ) -> Result<Self, String> {
        let inpaints = |s: &Settings| !matches!(s.inpaint, None | Some(Inpaint::Word(InpaintWord::Off)));
        if let Some(base) = plan.bases.iter().find(|base| inpaints(&base.settings)) {
            return Err(format!(
                "`{}` asks for inpainting, which this program cannot do: set `inpaint: off`",
                base.look
            ));
        }
        let models: serde_json::Map<String, Value> = manifest::entries()
            .map_err(|error| error.to_string())?
            .iter()
            .map(|entry| (entry.name.clone(), entry.sha256.clone().into()))
            .collect();
        let made_by = json!({
            "program": format!("parure {}", env!("CARGO_PKG_VERSION")),
            "backend": pipeline.engine.name(),
            "models": models,
        });
        let mut line = Self {
            plan,
            pipeline,
            starts,
            wants: Vec::new(),
            pieces: Pieces::new(PIECES_ROOM),
            cache: cache.map(|folder| Cache::new(folder, &made_by)),
            made_by,
            description: None,
        };
        line.wants = (0..line.starts.len()).map(|group| line.wants_of(group)).collect();
        if let Some(text) = &plan.metadata.description {
            let place = crate::preset::issue::Place {
                file: plan.preset.as_path().into(),
                line: 1,
                column: 1,
            };
            let mut issues = crate::preset::Issues::default();
            line.description = Template::parse(&At::new(text.clone(), place), &TEXT_KEYS, &mut issues);
        }
        Ok(line)
    }

    fn bases(&self, group: usize) -> &[BasePlan] {
        let from = self.starts.get(group).copied().unwrap_or(self.plan.bases.len());
        let to = self
            .starts
            .get(group + 1)
            .copied()
            .unwrap_or(self.plan.bases.len());
        self.plan.bases.get(from..to).unwrap_or_default()
    }

    /// What all composites of a photo need together, so that it is located once.
    fn wants_of(&self, group: usize) -> Wants {
        let bases = self.bases(group);
        let pieces = bases.iter().flat_map(|base| &base.pieces);
        let kinds = pieces
            .filter_map(|piece| self.plan.products.get(piece.product))
            .map(|product| product.kind);
        let mut wants = Wants::for_kinds(kinds);
        let outputs = || bases.iter().flat_map(|base| &base.outputs);
        wants.person |= outputs().any(|output| output.background != Background::Keep);
        wants.face |= outputs().any(|output| output.crop.around == CropAround::Face);
        wants
    }

    fn limits(&self) -> &Limits {
        &self.pipeline.limits
    }

    fn backed(
        &self,
        scene: &Scene,
        composite: &Composite,
        output: &OutputPlan,
        inputs: &Inputs,
    ) -> Result<Option<std::sync::Arc<RgbImage>>, Stop> {
        if output.background == Background::Keep {
            return Ok(None);
        }
        let mut last = composite.backed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((background, picture)) = &*last
            && *background == output.background
        {
            return Ok(Some(picture.clone()));
        }
        let Some(person) = &scene.anatomy.person else {
            return Err(Stop::unfit(
                "no_person",
                "no person was found to put another background behind",
            ));
        };
        let mut other = None;
        if let Background::Picture(path) = &output.background {
            let input = inputs.read(&path.resolved())?;
            let photo = Photo::decode(&input.bytes, self.limits());
            let fail = |error| Stop::failed("unreadable", format!("{}: {error}", input.path.display()));
            other = Some(photo.map_err(fail)?.pixels);
        }
        let backdrop = match (&output.background, &other) {
            (Background::Solid(colour), _) => Backdrop::Solid(*colour),
            (Background::Gradient(colours), _) => Backdrop::Gradient(*colours),
            (Background::Blur(amount), _) => Backdrop::Blur(amount.0),
            (Background::Picture(_), Some(picture)) => Backdrop::Picture(picture),
            _ => return Ok(None),
        };
        let masks: Vec<&Mask> = composite
            .dressed
            .worn
            .iter()
            .map(|worn| &worn.rendered.jewelry)
            .collect();
        let jewelry = |x: i32, y: i32| {
            let inside = masks.iter().filter(|mask| mask.rect.contains(x, y));
            inside.map(|mask| mask.get(x, y)).fold(0.0, f32::max)
        };
        let at = |x: f64, y: f64| person.sample(glam::DVec2::new(x, y));
        let picture = std::sync::Arc::new(replace(&composite.dressed.pixels, at, jewelry, &backdrop));
        *last = Some((output.background.clone(), picture.clone()));
        Ok(Some(picture))
    }

    fn describe(&self, base: &BasePlan, output: &OutputPlan, key: &str, generative: bool) -> Description {
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

    fn open(&self, group: usize, photo: &Input, inputs: &Inputs) -> Result<Scene, Stop> {
        let _ = inputs;
        let decoded = Photo::decode(&photo.bytes, self.limits());
        let decoded = decoded
            .map_err(|error| Stop::failed("unreadable", format!("{}: {error}", photo.path.display())))?;
        let wants = self.wants.get(group).copied().unwrap_or(Wants::ALL);
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
        let dressed = dress(&scene.photo, &scene.anatomy, &look).map_err(|error| {
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
        Ok(Composite {
            subject: subject(&scene.anatomy, &dressed),
            result: result(&dressed, &skus),
            dressed,
            generative: false,
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
            rejected: Vec::new(),
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

fn controls(s: &Settings) -> Controls {
    let default = Controls::default();
    Controls {
        offset_mm: s
            .offset_mm
            .map_or(default.offset_mm, |o| glam::DVec2::from_array(o.0)),
        rotate_deg: s.rotate_deg.map_or(default.rotate_deg, |d| d.0),
        scale: s.scale.map_or(default.scale, |f| f.0),
        side: match s.side {
            Some(WearSide::Left) => Some(Side::Left),
            Some(WearSide::Right) => Some(Side::Right),
            Some(WearSide::Both) | None => None,
        },
        finger: s.finger.map(|finger| match finger {
            Finger::Thumb => FingerName::Thumb,
            Finger::Index => FingerName::Index,
            Finger::Middle => FingerName::Middle,
            Finger::Ring => FingerName::Ring,
            Finger::Pinky => FingerName::Pinky,
        }),
        chain_length_mm: s.chain_length_mm.map(|mm| mm.0),
        allow_hidden: s.allow_hidden.unwrap_or(default.allow_hidden),
    }
}

fn render_settings(s: &Settings, tier: Tier) -> RenderSettings {
    let default = RenderSettings::default();
    RenderSettings {
        shadow_strength: s.shadow.map_or(default.shadow_strength, |v| v.0),
        shadow_softness: s.shadow_softness.map_or(default.shadow_softness, |v| v.0),
        light_direction: s.light.map(|v| v.0),
        tone: s.tone.map_or(default.tone, |v| v.0),
        max_delta_e: match tier {
            Tier::Social => 6.0,
            Tier::Listing => 4.0,
            Tier::Editorial => 2.5,
        },
        match_grain: s.match_grain.unwrap_or(default.match_grain),
        see_through: s.see_through.map_or(default.see_through, |v| v.0),
        seed: s.seed.unwrap_or(default.seed),
    }
}

/// Where pieces and face lie, for crops that keep them.
fn subject(anatomy: &Anatomy, dressed: &Dressed) -> Subject {
    let areas = dressed.worn.iter().map(|worn| {
        let r = worn.rendered.jewelry.rect;
        Area::new(
            f64::from(r.x),
            f64::from(r.y),
            f64::from(r.width),
            f64::from(r.height),
        )
    });
    let face = anatomy.faces.first().map(|face| {
        let b = face.bbox;
        Area::new(b.x, b.y, b.width, b.height)
    });
    Subject {
        pieces: areas
            .filter(|a| a.width > 0.0 && a.height > 0.0)
            .reduce(|a, b| a.union(&b)),
        face,
    }
}

/// Placements for the manifest.
fn result(dressed: &Dressed, skus: &[&str]) -> Value {
    let pieces: Vec<Value> = dressed
        .worn
        .iter()
        .map(|worn| {
            let anchors: Vec<Value> = worn
                .placement
                .anchors
                .iter()
                .map(|a| json!({ "name": a.name, "position": [tenth(a.position.x), tenth(a.position.y)], "px_per_mm": a.px_per_mm }))
                .collect();
            json!({
                "sku": skus.get(worn.item),
                "kind": worn.placement.kind,
                "scale": worn.placement.scale,
                "px_per_mm": worn.placement.px_per_mm,
                "anchors": anchors,
            })
        })
        .collect();
    let ms = |d: std::time::Duration| (d.as_secs_f64() * 1e5).round() / 100.0;
    json!({ "pieces": pieces, "fit_ms": ms(dressed.fit), "render_ms": ms(dressed.render) })
}

/// Pixels to a tenth.
fn tenth(v: f64) -> f64 {
    (v * 10.0).round() / 10.0
}
