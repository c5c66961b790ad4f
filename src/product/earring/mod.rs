//! The structure of an earring picture: one or a pair, its style, and where the lobe is.

mod hang;
mod outline;

use glam::DVec2;

use super::{EarringPart, EarringStructure, EarringStyle, Facts, ProductError};
use crate::imaging::LinearImage;
use outline::{Hole, Outline, SOLID};

/// A pair: the empty columns lie between these shares of the width, and the halves are this alike.
const PAIR_GAP: (f64, f64) = (0.3, 0.7);
const ALIKE: f64 = 0.7;

/// A hoop's hole against the bounding box: area, where it begins from the top, and its height.
const HOOP_AREA: f64 = 0.25;
const HOOP_TOP: f64 = 0.25;
const HOOP_HEIGHT: f64 = 0.4;
/// A hoop of even wire: thickest over thinnest side, and thickness against the height.
const EVEN_WIRE: f64 = 1.7;
const THIN_WIRE: f64 = 0.2;
/// Height over width from which an earring hangs.
const DROP_ASPECT: f64 = 1.35;

/// Depth against width: of a drop, of a set stone, of a ball.
const DROP_DEPTH: f64 = 0.3;
const STUD_DEPTH: f64 = 0.55;
const BALL_DEPTH: f64 = 1.0;
/// A ball fills this share of its bounding ellipse, and is this round.
const BALL_FILL: f64 = 0.985;
const BALL_ASPECT: f64 = 1.05;

/// Finds the structure of an earring in its trimmed cut-out.
///
/// # Errors
/// The style told is none of `stud`, `hoop`, `drop`.
pub fn find(pixels: &LinearImage, facts: &Facts) -> Result<EarringStructure, ProductError> {
    let told = facts.style.as_deref().map(parse_style).transpose()?;
    let outlines = split(pixels);
    let style = told
        .or_else(|| outlines.first().map(classify))
        .unwrap_or(EarringStyle::Stud);
    let parts = outlines.iter().map(|o| part(o, style, facts)).collect();
    Ok(EarringStructure { style, parts })
}

fn parse_style(style: &str) -> Result<EarringStyle, ProductError> {
    match style.trim().to_ascii_lowercase().as_str() {
        "stud" | "pearl" | "ball" => Ok(EarringStyle::Stud),
        "hoop" | "huggie" => Ok(EarringStyle::Hoop),
        "drop" | "dangle" | "hook" | "chandelier" => Ok(EarringStyle::Drop),
        other => Err(ProductError::Facts(format!(
            "style is \"{other}\": an earring is a stud, a hoop or a drop"
        ))),
    }
}

/// One outline, or two when empty columns in the middle part two halves that are alike.
fn split(pixels: &LinearImage) -> Vec<Outline> {
    let width = pixels.width();
    let empty = |x: usize| (0..pixels.height()).all(|y| pixels.at(x, y)[3] < SOLID);
    let whole = Outline::new(pixels, (0, width));
    let (from, to) = (width as f64 * PAIR_GAP.0, width as f64 * PAIR_GAP.1);
    let halves = (from as usize..to as usize).find(|x| empty(*x)).and_then(|x| {
        let left = Outline::new(pixels, (0, x))?;
        let right = Outline::new(pixels, (x, width))?;
        let alike = |a: usize, b: usize| a.min(b) as f64 >= ALIKE * a.max(b) as f64;
        (alike(left.area(), right.area()) && alike(left.height, right.height)).then_some([left, right])
    });
    match halves {
        Some(pair) => pair.into(),
        None => whole.into_iter().collect(),
    }
}

fn classify(outline: &Outline) -> EarringStyle {
    let (w, h) = (outline.width as f64, outline.height as f64);
    let hoop = outline.hole().is_some_and(|hole| {
        hole.area as f64 > HOOP_AREA * w * h
            && (hole.top as f64) < HOOP_TOP * h
            && (hole.bottom - hole.top) as f64 > HOOP_HEIGHT * h
    });
    if hoop {
        EarringStyle::Hoop
    } else if h > DROP_ASPECT * w {
        EarringStyle::Drop
    } else {
        EarringStyle::Stud
    }
}

fn part(outline: &Outline, style: EarringStyle, facts: &Facts) -> EarringPart {
    let min = DVec2::new(outline.left as f64, outline.top as f64);
    let size = DVec2::new(outline.width as f64, outline.height as f64);
    let mut part = EarringPart {
        min,
        max: min + size,
        pierce: min + size / 2.0,
        wire: None,
        back_leg: None,
        depth: STUD_DEPTH,
    };
    match style {
        EarringStyle::Stud => {
            let round = outline.area() as f64 >= BALL_FILL * std::f64::consts::FRAC_PI_4 * size.x * size.y;
            let even = size.max_element() <= BALL_ASPECT * size.min_element();
            let told = matches!(facts.style.as_deref(), Some("pearl" | "ball"));
            if told || (round && even) {
                part.depth = BALL_DEPTH;
            }
        }
        EarringStyle::Hoop => {
            let hole = outline.hole();
            part.wire = hole.and_then(|hole| even_wire(outline, &hole));
            let top = hole.map_or(size.y * 0.05, |h| h.top as f64 / 2.0);
            part.pierce = min + DVec2::new(hang::top_middle(outline).unwrap_or(size.x / 2.0), top);
            part.depth = part.wire.map_or(DROP_DEPTH, |t| t / size.x);
        }
        EarringStyle::Drop => {
            let hang = hang::find(outline);
            part.pierce = min + hang.pierce;
            part.back_leg = hang.back_leg.map(|(a, b)| (min + a, min + b));
            part.depth = DROP_DEPTH;
        }
    }
    part
}

/// Thickness of a hoop's wire when it is about the same on all four sides.
fn even_wire(outline: &Outline, hole: &Hole) -> Option<f64> {
    let sides = [
        hole.left,
        outline.width - hole.right,
        hole.top,
        outline.height - hole.bottom,
    ]
    .map(|s| s as f64);
    let (least, most) = sides
        .into_iter()
        .fold((f64::INFINITY, 0.0f64), |(a, b), s| (a.min(s), b.max(s)));
    let mean = sides.iter().sum::<f64>() / 4.0;
    (most <= EVEN_WIRE * least && mean <= THIN_WIRE * outline.height as f64).then_some(mean)
}
