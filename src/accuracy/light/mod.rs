//! Light and contact against people rendered with the real piece on.
//!
//! To see light alone, the real piece is cut from the worn picture and laid back at its own place on the bare one (see
//! [`worn`](super::worn)): what still differs in the skin around it is shadow and light.

mod exact;
mod fringe;
mod report;
mod ring;
pub(super) mod speed;

use std::path::Path;

use glam::DVec3;
use image::RgbImage;

use super::crops::side_by_side;
use super::scene::{SceneError, mask, optional};
use super::truth::{SceneKind, Truth};
use super::worn::{Worn, worn};
use crate::imaging::{Limits, Photo, Rect, open_cutout};
use crate::infer::Engine;
use crate::locate::{Anatomy, Wants, locate};
use crate::render::{RenderSettings, render};
pub use exact::Exact;
pub use report::{line, markdown, table};
pub use ring::Ring;
pub use speed::Speed;

/// What one scene tells about light and contact.
#[derive(Debug, Clone, Default)]
pub struct LightScene {
    pub name: String,
    pub direction: Option<Direction>,
    /// The 8 mm of skin around the pieces.
    pub ring: Option<Ring>,
    pub exact: Exact,
    /// Per product: mean ΔE of the rim after decontamination, and without it.
    pub fringe: Vec<(f64, f64)>,
}

/// The estimated direction of the key light against the truth.
#[derive(Debug, Clone, Copy)]
pub struct Direction {
    /// What told it.
    pub by: SceneKind,
    pub off_deg: f64,
    /// Angle of the true key light from the camera's axis: all of it, and sideways alone.
    pub key_deg: f64,
    pub key_sideways_deg: f64,
    /// Left taken for right.
    pub wrong_side: bool,
}

impl Direction {
    fn of(by: SceneKind, found: DVec3, truth: DVec3) -> Self {
        Self {
            by,
            off_deg: found.dot(truth).clamp(-1.0, 1.0).acos().to_degrees(),
            key_deg: truth.z.clamp(-1.0, 1.0).acos().to_degrees(),
            key_sideways_deg: truth.x.atan2(truth.z).abs().to_degrees(),
            wrong_side: found.x * truth.x < 0.0,
        }
    }
}

/// Light as the product's pixels must keep it: neither tone nor grain, so that what is compared is shadow alone.
pub(super) fn shadow_only() -> RenderSettings {
    RenderSettings {
        tone: 0.0,
        match_grain: false,
        ..RenderSettings::default()
    }
}

/// A scene's pictures and what is known of them.
pub(super) struct Opened {
    pub(super) truth: Truth,
    pub(super) photo: Photo,
    pub(super) worn: image::RgbImage,
    pub(super) jewelry: image::GrayImage,
    /// Skin of the worn picture.
    skin: image::GrayImage,
    /// Skin of the bare one.
    pub(super) bare_skin: image::GrayImage,
    pub(super) anatomy: Anatomy,
    pub(super) pieces: Vec<Worn>,
}

pub(super) fn open(json: &Path, engine: &dyn Engine) -> Result<Opened, SceneError> {
    let truth = Truth::read(json)?;
    let beside = |suffix: &str| json.with_file_name(format!("{}_{suffix}.png", truth.name));
    let photo = Photo::open(&beside("bare"), &Limits::default())?;
    let picture = Photo::open(&beside("worn"), &Limits::default())?;
    let jewelry = mask(&beside("worn_mask_jewelry"), &photo)?;
    let bare_skin = mask(&beside("bare_mask_skin"), &photo)?;
    let mut receiver = bare_skin.clone();
    if let Some(cloth) = optional(&beside("bare_mask_cloth"), &photo)? {
        for (r, c) in receiver.pixels_mut().zip(cloth.pixels()) {
            r[0] = r[0].saturating_add(c[0]);
        }
    }
    let anatomy = locate(&photo, engine, Wants::ALL)?;
    let folder = json.parent().unwrap_or(Path::new(""));
    let pieces = worn(&truth, folder, &picture.pixels, &jewelry, &receiver);
    Ok(Opened {
        skin: mask(&beside("worn_mask_skin"), &photo)?,
        bare_skin,
        truth,
        photo,
        worn: picture.pixels,
        jewelry,
        anatomy,
        pieces,
    })
}

/// Around the jewelry, pictures show this much skin, mm.
const SHOWN_MM: f64 = 12.0;

/// Measures the scene of `json`; its pictures lie beside it. The picture is the part around the jewelry without light
/// and shadow, with them, and worn, side by side.
///
/// # Errors
/// A file is missing or cannot be read, or a model fails.
pub fn measure(json: &Path, engine: &dyn Engine) -> Result<(LightScene, RgbImage), SceneError> {
    let scene = open(json, engine)?;
    let mut result = LightScene {
        name: scene.truth.name.clone(),
        ..LightScene::default()
    };
    if let (Some(found), Some(truth)) = (&scene.anatomy.light, &scene.truth.light) {
        let key = truth.key_dir_camera_xyz_right_up_back;
        result.direction = Some(Direction::of(scene.truth.kind, found.direction, key));
    }
    let (mut lit, mut plain) = (scene.photo.pixels.clone(), scene.photo.pixels.clone());
    for w in &scene.pieces {
        let settings = shadow_only();
        render(&mut lit, &scene.anatomy, &w.piece, &w.placement, &settings);
        let unlit = RenderSettings {
            shadow_strength: 0.0,
            ..settings
        };
        render(&mut plain, &scene.anatomy, &w.piece, &w.placement, &unlit);
        result
            .exact
            .extend(exact::measure(&scene.photo.pixels, &scene.anatomy, w));
    }
    if let Some(first) = scene.pieces.first() {
        result.ring = ring::measure(&ring::Pictures {
            bare: &scene.photo.pixels,
            worn: &scene.worn,
            lit: &lit,
            plain: &plain,
            jewelry: &scene.jewelry,
            skin: &scene.skin,
            px_per_mm: first.placement.px_per_mm,
        });
    }
    let rects = scene.pieces.iter().flat_map(|w| {
        let margin = (SHOWN_MM * w.placement.px_per_mm) as u32;
        w.placement.layers.iter().map(move |l| l.rect.grown(margin))
    });
    let shown = rects
        .fold(Rect::default(), |a, b| a.union(&b))
        .clip(&Rect::of_size(lit.width(), lit.height()));
    let picture = side_by_side([&plain, &lit, &scene.worn], &shown);
    let mut seen = Vec::new();
    for product in scene.truth.jewelry.iter().filter_map(|p| p.product.as_ref()) {
        if !seen.contains(&&product.file) {
            seen.push(&product.file);
            let cutout = open_cutout(&json.with_file_name(&product.file), &Limits::default())?;
            result.fringe.extend(fringe::measure(&cutout));
        }
    }
    Ok((result, picture))
}

/// Times rendering the scene's pieces, one at a time, on one thread.
///
/// # Errors
/// As [`measure`].
pub fn time(json: &Path, engine: &dyn Engine) -> Result<Vec<Speed>, SceneError> {
    let scene = open(json, engine)?;
    Ok(scene
        .pieces
        .iter()
        .map(|w| speed::measure(&scene.photo.pixels, &scene.anatomy, w))
        .collect())
}
