use std::time::{Duration, Instant};

use image::RgbImage;

use crate::fit::{Controls, Placement, Scene, Unfit, fit};
use crate::imaging::Photo;
use crate::locate::Anatomy;
use crate::product::{Kind, Piece};
use crate::render::{RenderSettings, Rendered, render};

/// One piece of a look and how it is to be worn.
#[derive(Debug, Clone)]
pub struct LookItem<'a> {
    pub piece: &'a Piece,
    pub controls: Controls,
    pub settings: RenderSettings,
}

/// A piece as it is worn in the finished picture.
#[derive(Debug, Clone)]
pub struct Worn {
    /// Index into the look's items.
    pub item: usize,
    pub placement: Placement,
    pub rendered: Rendered,
}

/// The finished picture.
#[derive(Debug, Clone)]
pub struct Dressed {
    pub pixels: RgbImage,
    /// In drawing order.
    pub worn: Vec<Worn>,
    pub fit: Duration,
    pub render: Duration,
}

/// A look that cannot be worn: which piece, and why.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{unfit}")]
pub struct PipelineError {
    /// Index into the look's items.
    pub item: usize,
    pub unfit: Unfit,
}

/// Drawing order: what lies nearest to the skin first, what hangs free last.
fn stacking(kind: Kind) -> u8 {
    match kind {
        Kind::Necklace => 0,
        Kind::Ring => 1,
        Kind::Bracelet => 2,
        Kind::Watch => 3,
        Kind::Earring => 4,
    }
}

/// Dresses a photograph in a look. All pieces are fitted before the first is drawn, so that a look that does not fit
/// costs no rendering and leaves no half-dressed picture.
///
/// # Errors
/// The first piece, in drawing order, that cannot be worn.
pub fn dress(photo: &Photo, anatomy: &Anatomy, look: &[LookItem]) -> Result<Dressed, PipelineError> {
    let mut order: Vec<usize> = (0..look.len()).collect();
    order.sort_by_key(|&i| stacking(look[i].piece.kind));

    let start = Instant::now();
    let mut placements: Vec<Placement> = Vec::with_capacity(look.len());
    for &i in &order {
        let scene = Scene {
            photo,
            anatomy,
            worn: &placements,
        };
        let placement = fit(&scene, look[i].piece, &look[i].controls)
            .map_err(|unfit| PipelineError { item: i, unfit })?;
        placements.push(placement);
    }
    let fit_time = start.elapsed();

    let start = Instant::now();
    let mut pixels = photo.pixels.clone();
    let worn = order
        .iter()
        .zip(placements)
        .map(|(&item, placement)| {
            let rendered = render(
                &mut pixels,
                anatomy,
                look[item].piece,
                &placement,
                &look[item].settings,
            );
            Worn {
                item,
                placement,
                rendered,
            }
        })
        .collect();
    Ok(Dressed {
        pixels,
        worn,
        fit: fit_time,
        render: start.elapsed(),
    })
}
