//! The silhouette of one earring: rows, and the hole that a hoop leaves free.

use image::{GrayImage, Luma};
use imageproc::region_labelling::{Connectivity, connected_components};

use crate::imaging::LinearImage;

/// Alpha from which a pixel belongs to the piece.
pub const SOLID: f32 = 0.25;

/// Silhouette of a part of the picture; pixels relative to `left`, `top`.
pub struct Outline {
    pub left: usize,
    pub top: usize,
    pub width: usize,
    pub height: usize,
    solid: Vec<bool>,
}

/// A run of solid pixels in a row: first, and one past the last.
pub type Run = (usize, usize);

/// The largest region that the silhouette encloses.
#[derive(Debug, Clone, Copy)]
pub struct Hole {
    pub area: usize,
    pub left: usize,
    pub top: usize,
    pub right: usize,
    pub bottom: usize,
}

impl Outline {
    /// Solid pixels within the columns, trimmed. `None` when there are none.
    pub fn new(pixels: &LinearImage, columns: (usize, usize)) -> Option<Self> {
        let is_solid = |x: usize, y: usize| pixels.at(x, y)[3] >= SOLID;
        let (mut left, mut right, mut top, mut bottom) = (usize::MAX, 0, usize::MAX, 0);
        for y in 0..pixels.height() {
            for x in columns.0..columns.1 {
                if is_solid(x, y) {
                    (left, right) = (left.min(x), right.max(x + 1));
                    (top, bottom) = (top.min(y), y + 1);
                }
            }
        }
        if left >= right {
            return None;
        }
        let solid = (top..bottom)
            .flat_map(|y| (left..right).map(move |x| (x, y)))
            .map(|(x, y)| is_solid(x, y))
            .collect();
        Some(Self {
            left,
            top,
            width: right - left,
            height: bottom - top,
            solid,
        })
    }

    pub fn area(&self) -> usize {
        self.solid.iter().filter(|s| **s).count()
    }

    /// Runs of a row, from left to right.
    pub fn runs(&self, row: usize) -> Vec<Run> {
        let mut runs = Vec::new();
        let mut start = None;
        for (x, s) in self.solid[row * self.width..(row + 1) * self.width]
            .iter()
            .enumerate()
        {
            match (*s, start) {
                (true, None) => start = Some(x),
                (false, Some(from)) => {
                    runs.push((from, x));
                    start = None;
                }
                _ => {}
            }
        }
        if let Some(from) = start {
            runs.push((from, self.width));
        }
        runs
    }

    /// From the first to one past the last solid pixel of a row.
    pub fn span(&self, row: usize) -> Option<Run> {
        let runs = self.runs(row);
        Some((runs.first()?.0, runs.last()?.1))
    }

    /// Largest enclosed region of background.
    pub fn hole(&self) -> Option<Hole> {
        // A border of background joins everything that is outside.
        let (w, h) = (self.width as u32 + 2, self.height as u32 + 2);
        let mask = GrayImage::from_fn(w, h, |x, y| {
            let inside = x > 0 && y > 0 && x + 1 < w && y + 1 < h;
            let solid = inside && self.solid[(y as usize - 1) * self.width + x as usize - 1];
            Luma([if solid { 255 } else { 0 }])
        });
        let labels = connected_components(&mask, Connectivity::Four, Luma([255]));
        let outer = labels.get_pixel(0, 0)[0];
        let mut holes: Vec<Hole> = Vec::new();
        for (x, y, label) in labels.enumerate_pixels() {
            if label[0] == 0 || label[0] == outer {
                continue;
            }
            let (k, x, y) = (label[0] as usize, x as usize - 1, y as usize - 1);
            while holes.len() <= k {
                holes.push(Hole {
                    area: 0,
                    left: usize::MAX,
                    top: usize::MAX,
                    right: 0,
                    bottom: 0,
                });
            }
            let hole = &mut holes[k];
            hole.area += 1;
            (hole.left, hole.right) = (hole.left.min(x), hole.right.max(x + 1));
            (hole.top, hole.bottom) = (hole.top.min(y), hole.bottom.max(y + 1));
        }
        holes.into_iter().filter(|h| h.area > 0).max_by_key(|h| h.area)
    }
}
