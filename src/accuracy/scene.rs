//! One scene: the program dresses the bare picture with the matched products, and is held against the worn one.

use std::path::{Path, PathBuf};
use std::time::Instant;

use glam::DVec2;
use image::GrayImage;

use super::figures::{Figure, Figures};
use super::outline;
use super::truth::{Truth, TruthError, TruthPiece};
use crate::fit::{Controls, Placement, Scene, fit};
use crate::imaging::{Limits, Mask, Photo, PictureError, Rect, open_cutout};
use crate::infer::{Engine, InferError};
use crate::locate::{Anatomy, Side, Wants, locate};
use crate::product::{Kind, Piece, ProductError, Structure};
use crate::render::{RenderSettings, render};

/// Where the anatomy comes from.
#[derive(Clone, Copy)]
pub enum Source<'a> {
    /// The program's own locators.
    Located(&'a dyn Engine),
    /// Ground truth: tells the fit's own error from the locators'. Portraits only.
    Perfect,
}

/// What one scene gave.
#[derive(Debug, Clone, Default)]
pub struct SceneResult {
    pub name: String,
    pub figures: Figures,
    /// Pieces that were worn in truth and refused by the program, with the reason.
    pub unfit: Vec<String>,
    /// Share of the nominal chain length by which the worn chain of the scene is longer, percent.
    pub worn_longer: Option<f64>,
}

/// Why a scene cannot be measured.
#[derive(Debug, thiserror::Error)]
pub enum SceneError {
    #[error(transparent)]
    Truth(#[from] TruthError),
    #[error(transparent)]
    Picture(#[from] PictureError),
    #[error("{path}: {source}")]
    Product { path: PathBuf, source: ProductError },
    #[error("{path}: {source}")]
    Mask {
        path: PathBuf,
        source: image::ImageError,
    },
    #[error(transparent)]
    Infer(#[from] InferError),
}

/// How a scene is measured.
#[derive(Clone, Copy)]
pub struct Options<'a> {
    pub source: Source<'a>,
    /// Give the program the length that the worn chain has in truth instead of the one on record.
    pub worn_length: bool,
    /// Write each dressed picture here.
    pub pictures: Option<&'a Path>,
}

/// Measures the scene of `json`; its pictures lie beside it.
///
/// # Errors
/// A file is missing or cannot be read, or a model fails.
pub fn measure(json: &Path, options: &Options) -> Result<SceneResult, SceneError> {
    let truth = Truth::read(json)?;
    let beside = |suffix: &str| json.with_file_name(format!("{}_{suffix}.png", truth.name));
    let photo = Photo::open(&beside("bare"), &Limits::default())?;
    let hair = optional(&beside("bare_mask_hair"));
    let anatomy = match options.source {
        Source::Located(engine) => locate(&photo, engine, Wants::ALL)?,
        Source::Perfect => truth.anatomy(hair.as_ref()),
    };
    let mut result = SceneResult {
        name: truth.name.clone(),
        ..SceneResult::default()
    };
    let cloth = optional(&beside("bare_mask_cloth"));
    if matches!(options.source, Source::Located(_)) {
        super::parts::measure(&truth, &anatomy, hair.as_ref(), &mut result.figures);
    }
    if truth.jewelry.is_empty() {
        return Ok(result);
    }
    let worn_path = beside("worn_mask_jewelry");
    let worn = gray(&worn_path)?;

    let mut canvas = photo.pixels.clone();
    let mut placements: Vec<Placement> = Vec::new();
    let mut drawn: Vec<(Kind, Mask)> = Vec::new();
    for piece in pieces(&truth) {
        let Some(product) = &piece.product else { continue };
        let path = json.with_file_name(&product.file);
        let cutout = open_cutout(&path, &Limits::default())?;
        let mut facts = product.facts();
        let worn_mm = crate::curve::length(&piece.curve3d, true) * 1000.0;
        if let Some(nominal) = piece.length_mm {
            result.worn_longer = Some((worn_mm / nominal - 1.0) * 100.0);
            if options.worn_length {
                facts.chain_length_mm = Some(worn_mm);
            }
        }
        let read = crate::product::read(&cutout, product.kind, &facts)
            .map_err(|source| SceneError::Product { path, source })?;
        let scene = Scene {
            photo: &photo,
            anatomy: &anatomy,
            worn: &placements,
        };
        let start = Instant::now();
        let fitted = fit(&scene, &read, &Controls::default());
        let took = start.elapsed();
        match fitted {
            Err(unfit) => result.unfit.push(format!("{:?}: {unfit}", product.kind)),
            Ok(placement) => {
                result.figures.add(Figure::FitMs, took.as_secs_f64() * 1000.0);
                add_chain_length(&read, &anatomy, &mut result.figures);
                let settings = RenderSettings::default();
                let rendered = render(&mut canvas, &anatomy, &read, &placement, &settings);
                drawn.push((product.kind, rendered.jewelry));
                placements.push(placement);
            }
        }
    }
    compare(&truth, &drawn, &worn, hair.as_ref(), &mut result.figures);
    for (_, mask) in &drawn {
        let covers = [hair.as_ref(), cloth.as_ref()];
        if let Some(share) = in_front(mask, &covers, &worn) {
            result.figures.add(Figure::InFront, share * 100.0);
        }
    }
    if let Some(folder) = options.pictures {
        let path = folder.join(format!("{}.png", truth.name));
        canvas
            .save(&path)
            .map_err(|source| SceneError::Mask { path, source })?;
    }
    Ok(result)
}

/// The scene's pieces in drawing order; the two earrings of a pair are one product.
fn pieces(truth: &Truth) -> Vec<&TruthPiece> {
    let mut out: Vec<&TruthPiece> = Vec::new();
    for piece in &truth.jewelry {
        let file = piece.product.as_ref().map(|p| &p.file);
        if !out.iter().any(|o| o.product.as_ref().map(|p| &p.file) == file) {
            out.push(piece);
        }
    }
    out.sort_by_key(|p| p.piece == "earring");
    out
}

fn add_chain_length(piece: &Piece, anatomy: &Anatomy, figures: &mut Figures) {
    if let Structure::Necklace(structure) = &piece.structure
        && let Ok(draped) = crate::fit::necklace::drape(anatomy, piece, structure, &Controls::default())
    {
        let change = draped.hung.length() / draped.chain.length_mm - 1.0;
        figures.add(Figure::ChainLength, change.abs() * 100.0);
    }
}

/// Outlines of what was drawn against the worn picture's jewelry, piece by piece.
fn compare(
    truth: &Truth,
    drawn: &[(Kind, Mask)],
    worn: &GrayImage,
    hair: Option<&GrayImage>,
    figures: &mut Figures,
) {
    let size = worn.dimensions();
    for (kind, mask) in drawn {
        let ours = outline::silhouette(mask, size.0, size.1);
        match kind {
            Kind::Earring => {
                for side in [Side::Left, Side::Right] {
                    let Some(ear) = truth.ear(side) else { continue };
                    let own = |p: DVec2| is_earring(truth, p, side);
                    let (a, b) = (keep(&ours, own), keep(worn, own));
                    if truth.ear_shows(side, hair)
                        && let Some(d) = outline::distance(&a, &b)
                    {
                        figures.add(Figure::EarringOutlineMm, d / ear.px_per_mm);
                    }
                }
            }
            Kind::Necklace => {
                let own = |p: DVec2| !is_earring(truth, p, Side::Left) && !is_earring(truth, p, Side::Right);
                let scale = truth.neck_px_per_mm();
                if let (Some(scale), Some(d)) = (scale, outline::distance(&ours, &keep(worn, own))) {
                    figures.add(Figure::NecklaceOutlineMm, d / scale);
                }
            }
            Kind::Ring | Kind::Bracelet | Kind::Watch => {
                let (figure, scale) = match kind {
                    Kind::Ring => (
                        Figure::RingOutlineMm,
                        truth.fingers.get("ring").map(|f| f.px_per_mm),
                    ),
                    Kind::Bracelet => (
                        Figure::BraceletOutlineMm,
                        truth.wrist.as_ref().map(|w| w.px_per_mm),
                    ),
                    _ => (Figure::WatchOutlineMm, truth.wrist.as_ref().map(|w| w.px_per_mm)),
                };
                if let (Some(scale), Some(d)) = (scale, outline::distance(&ours, worn)) {
                    figures.add(figure, d / scale);
                }
            }
        }
    }
}

/// Whether jewelry at `p` is the earring of that side: it hangs within this reach of the ear and off the chain.
fn is_earring(truth: &Truth, p: DVec2, side: Side) -> bool {
    const REACH_MM: f64 = 45.0;
    const ABOVE_MM: f64 = 10.0;
    const OFF_CHAIN_MM: f64 = 12.0;
    let Some(ear) = truth.ear(side) else { return false };
    let d = p - ear.pierce2d;
    let other = match side {
        Side::Left => Side::Right,
        Side::Right => Side::Left,
    };
    let nearest = truth
        .ear(other)
        .is_none_or(|o| p.distance(o.pierce2d) > d.length());
    let chain = truth.jewelry.iter().flat_map(|j| &j.curve2d);
    nearest
        && d.length() < REACH_MM * ear.px_per_mm
        && d.y > -ABOVE_MM * ear.px_per_mm
        && chain
            .into_iter()
            .all(|c| c.distance(p) > OFF_CHAIN_MM * ear.px_per_mm)
}

fn keep(image: &GrayImage, own: impl Fn(DVec2) -> bool) -> GrayImage {
    let mut out = image.clone();
    for (x, y, p) in out.enumerate_pixels_mut() {
        let here =
            f32::from(p[0]) / 255.0 >= outline::SOLID && own(DVec2::new(f64::from(x), f64::from(y)) + 0.5);
        p[0] = if here { 255 } else { 0 };
    }
    out
}

/// Share of the drawn area that lies on hair or cloth where the worn picture shows no jewelry.
fn in_front(mask: &Mask, covers: &[Option<&GrayImage>], worn: &GrayImage) -> Option<f64> {
    let rect = mask.rect.clip(&Rect::of_size(worn.width(), worn.height()));
    let (mut over, mut all) = (0.0, 0.0);
    for y in rect.y..rect.bottom() {
        for x in rect.x..rect.right() {
            let alpha = f64::from(mask.get(x, y));
            all += alpha;
            let at = |image: &GrayImage| f32::from(image.get_pixel(x as u32, y as u32)[0]) / 255.0;
            let covered = covers.iter().flatten().any(|c| at(c) > 0.5);
            if covered && at(worn) < outline::SOLID {
                over += alpha;
            }
        }
    }
    (all > 0.0).then(|| over / all)
}

fn gray(path: &Path) -> Result<GrayImage, SceneError> {
    Ok(image::open(path)
        .map_err(|source| SceneError::Mask {
            path: path.to_owned(),
            source,
        })?
        .into_luma8())
}

fn optional(path: &Path) -> Option<GrayImage> {
    gray(path).ok()
}
