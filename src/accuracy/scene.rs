//! One scene: the program dresses the bare picture with the matched products, and is held against the worn one.

use std::path::{Path, PathBuf};
use std::time::Instant;

use image::GrayImage;
use image::imageops::{FilterType, resize};

use super::compare::{Masks, compare, compare_worn_length};
use super::figures::{Figure, Figures};
use super::panels;
use super::truth::{Truth, TruthError, TruthPiece};
use crate::fit::{Controls, Placement, Scene, fit};
use crate::imaging::{Limits, Mask, Photo, PictureError, open_cutout};
use crate::infer::{Engine, InferError};
use crate::locate::{Anatomy, Wants, locate};
use crate::product::{Kind, Piece, ProductError, Structure};
use crate::render::{RenderSettings, render};

/// Longest side of the picture that the fit is timed on.
const TIMED_SIDE: u32 = 2048;
/// The fit is timed this often; the fastest counts, since other programs share the machine.
const TIMED_RUNS: usize = 7;

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
    #[error("{path}: the mask is {mask_width} × {mask_height}, the picture {width} × {height}")]
    Size {
        path: PathBuf,
        mask_width: u32,
        mask_height: u32,
        width: u32,
        height: u32,
    },
    #[error(transparent)]
    Infer(#[from] InferError),
    #[error("{path}: cannot be written: {source}")]
    Write { path: PathBuf, source: std::io::Error },
}

/// How a scene is measured.
#[derive(Clone, Copy)]
pub struct Options<'a> {
    pub engine: &'a dyn Engine,
    /// Put the body parts of ground truth in the place of the located ones: what is left is the fit's own error.
    pub known: bool,
    /// Give the program the length that the worn chain has in truth instead of the one on record.
    pub worn_length: bool,
    /// Dress only in this kind.
    pub kind: Option<Kind>,
    /// Time the fit on the picture enlarged to 2048 pixels.
    pub time: bool,
    /// Write each dressed picture, beside the worn one and both outlines, here.
    pub pictures: Option<&'a Path>,
}

/// Measures the scene of `json`; its pictures lie beside it.
///
/// # Errors
/// A file is missing, cannot be read or does not belong to the scene, or a model fails.
pub fn measure(json: &Path, options: &Options) -> Result<SceneResult, SceneError> {
    let truth = Truth::read(json)?;
    let mut result = SceneResult {
        name: truth.name.clone(),
        ..SceneResult::default()
    };
    let worn: Vec<&TruthPiece> = pieces(&truth)
        .into_iter()
        .filter(|p| options.kind.is_none() || options.kind == p.product.as_ref().map(|q| q.kind))
        .collect();
    if options.kind.is_some() && worn.is_empty() {
        return Ok(result);
    }
    let beside = |suffix: &str| json.with_file_name(format!("{}_{suffix}.png", truth.name));
    let photo = Photo::open(&beside("bare"), &Limits::default())?;
    let hair = optional(&beside("bare_mask_hair"), &photo)?;
    let mut anatomy = locate(&photo, options.engine, Wants::ALL)?;
    if options.known {
        truth.correct(&mut anatomy, hair.as_ref());
    } else {
        super::parts::measure(&truth, &anatomy, hair.as_ref(), &mut result.figures);
    }
    if worn.is_empty() {
        return Ok(result);
    }
    let masks = Masks {
        worn: mask(&beside("worn_mask_jewelry"), &photo)?,
        hair,
        cloth: optional(&beside("bare_mask_cloth"), &photo)?,
    };
    let enlarged = match options.time && !options.known {
        true => Some(enlarge(&photo, options.engine)?),
        false => None,
    };
    let mut canvas = photo.pixels.clone();
    let mut placements: Vec<Placement> = Vec::new();
    let mut drawn: Vec<Mask> = Vec::new();
    for piece in worn {
        let Some((kind, read)) = product(json, piece, options, &mut result)? else {
            continue;
        };
        let scene = Scene {
            photo: &photo,
            anatomy: &anatomy,
            worn: &placements,
        };
        let controls = Controls {
            finger: (kind == Kind::Ring).then(|| truth.worn_finger()),
            ..Controls::default()
        };
        let placement = match fit(&scene, &read, &controls) {
            Ok(placement) => placement,
            Err(unfit) => {
                result.figures.add(kind, Figure::Refused, 100.0);
                result.unfit.push(format!("{kind:?}: {unfit}"));
                continue;
            }
        };
        result.figures.add(kind, Figure::Refused, 0.0);
        if let Some((photo, anatomy)) = &enlarged
            && let Some(ms) = fit_ms(photo, anatomy, &read, &controls)
        {
            result.figures.add(kind, Figure::FitMs, ms);
        }
        add_chain_length(&read, &anatomy, &mut result.figures);
        if kind == Kind::Necklace && !options.worn_length {
            let controls = Controls {
                chain_length_mm: Some(worn_length_mm(piece)),
                ..controls.clone()
            };
            if let Ok(placement) = fit(&scene, &read, &controls) {
                let mut canvas = photo.pixels.clone();
                let settings = RenderSettings::default();
                let rendered = render(&mut canvas, &anatomy, &read, &placement, &settings);
                compare_worn_length(&truth, &masks, &rendered.jewelry, &mut result.figures);
            }
        }
        let rendered = render(
            &mut canvas,
            &anatomy,
            &read,
            &placement,
            &RenderSettings::default(),
        );
        compare(&truth, &masks, kind, &rendered.jewelry, &mut result.figures);
        drawn.push(rendered.jewelry);
        placements.push(placement);
    }
    if let Some(folder) = options.pictures {
        let path = folder.join(format!("{}.png", truth.name));
        let worn = Photo::open(&beside("worn"), &Limits::default())?;
        panels::beside(&canvas, &worn.pixels, &drawn, &masks.worn)
            .save(&path)
            .map_err(|source| SceneError::Mask { path, source })?;
    }
    Ok(result)
}

/// The scene's pieces in drawing order; the two earrings of a pair are one product.
fn pieces(truth: &Truth) -> Vec<&TruthPiece> {
    let mut out: Vec<&TruthPiece> = Vec::new();
    for piece in truth.jewelry.iter().filter(|j| j.product.is_some()) {
        let file = piece.product.as_ref().map(|p| &p.file);
        if !out.iter().any(|o| o.product.as_ref().map(|p| &p.file) == file) {
            out.push(piece);
        }
    }
    out.sort_by_key(|p| p.piece == "earring");
    out
}

/// The piece's product picture as the program reads it.
fn product(
    json: &Path,
    piece: &TruthPiece,
    options: &Options,
    result: &mut SceneResult,
) -> Result<Option<(Kind, Piece)>, SceneError> {
    let Some(product) = &piece.product else {
        return Ok(None);
    };
    let path = json.with_file_name(&product.file);
    let cutout = open_cutout(&path, &Limits::default())?;
    let mut facts = product.facts();
    if let Some(nominal) = piece.length_mm {
        let worn_mm = worn_length_mm(piece);
        result.worn_longer = Some((worn_mm / nominal - 1.0) * 100.0);
        if options.worn_length {
            facts.chain_length_mm = Some(worn_mm);
        }
    }
    match crate::product::read(&cutout, product.kind, &facts) {
        Ok(read) => Ok(Some((product.kind, read))),
        Err(source) => Err(SceneError::Product { path, source }),
    }
}

/// Length of the chain along its curve in the scene.
fn worn_length_mm(piece: &TruthPiece) -> f64 {
    crate::curve::length(&piece.curve3d, true) * 1000.0
}

/// The photo at the size that the fit is timed at, located anew.
fn enlarge(photo: &Photo, engine: &dyn Engine) -> Result<(Photo, Anatomy), SceneError> {
    let scale = f64::from(TIMED_SIDE) / f64::from(photo.width().max(photo.height()));
    let size = |side: u32| (f64::from(side) * scale).round().max(1.0) as u32;
    let (width, height) = (size(photo.width()), size(photo.height()));
    let large = Photo {
        pixels: resize(&photo.pixels, width, height, FilterType::CatmullRom),
        ..photo.clone()
    };
    let anatomy = locate(&large, engine, Wants::ALL)?;
    Ok((large, anatomy))
}

/// Fastest of some runs; `None` when the piece does not fit there.
fn fit_ms(photo: &Photo, anatomy: &Anatomy, piece: &Piece, controls: &Controls) -> Option<f64> {
    let scene = Scene {
        photo,
        anatomy,
        worn: &[],
    };
    let runs = (0..TIMED_RUNS).map(|_| {
        let start = Instant::now();
        let fitted = fit(&scene, piece, controls).is_ok();
        fitted.then(|| start.elapsed().as_secs_f64() * 1000.0)
    });
    runs.collect::<Option<Vec<f64>>>()?
        .into_iter()
        .min_by(f64::total_cmp)
}

fn add_chain_length(piece: &Piece, anatomy: &Anatomy, figures: &mut Figures) {
    if let Structure::Necklace(structure) = &piece.structure
        && let Ok(draped) = crate::fit::necklace::drape(anatomy, piece, structure, &Controls::default())
    {
        let change = draped.hung.length() / draped.chain.length_mm - 1.0;
        figures.add(Kind::Necklace, Figure::ChainLength, change.abs() * 100.0);
    }
}

/// A mask of the scene, as large as its picture.
pub(super) fn mask(path: &Path, photo: &Photo) -> Result<GrayImage, SceneError> {
    let mask = image::open(path)
        .map_err(|source| SceneError::Mask {
            path: path.to_owned(),
            source,
        })?
        .into_luma8();
    let (width, height) = (photo.width(), photo.height());
    if mask.dimensions() != (width, height) {
        return Err(SceneError::Size {
            path: path.to_owned(),
            mask_width: mask.width(),
            mask_height: mask.height(),
            width,
            height,
        });
    }
    Ok(mask)
}

/// A mask that not every scene has.
pub(super) fn optional(path: &Path, photo: &Photo) -> Result<Option<GrayImage>, SceneError> {
    path.exists().then(|| mask(path, photo)).transpose()
}
