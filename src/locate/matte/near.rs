//! Which part of a region is looked at: tiles around a piece, so that a necklace does not pay for the chest inside it.

use std::ops::Range;

use glam::DVec2;

use crate::imaging::Rect;

/// Tiles of a region of the photograph.
#[derive(Debug, Clone)]
pub struct Near {
    /// The region, pixels of the photograph.
    pub rect: Rect,
    columns: usize,
    /// Row-major; the last row and column may reach over the region's end.
    on: Vec<bool>,
}

impl Near {
    /// Side of a tile, pixels: a matter of bookkeeping, not of size on the body.
    pub const TILE: usize = 32;

    /// All of `rect`.
    pub fn all(rect: Rect) -> Self {
        Self::filled(rect, true)
    }

    /// What lies within `reach` pixels of `points`, to whole tiles, inside `frame`.
    pub fn around(points: impl IntoIterator<Item = DVec2> + Clone, reach: f64, frame: &Rect) -> Self {
        let mut near = Self::filled(Rect::around(points.clone(), reach).clip(frame), false);
        for p in points {
            let part = Rect::around([p], reach).clip(&near.rect);
            if part.is_empty() {
                continue;
            }
            let tile = |v: i32, from: i32| (v - from).max(0) as usize / Self::TILE;
            for row in tile(part.y, near.rect.y)..=tile(part.bottom() - 1, near.rect.y) {
                let start = row * near.columns;
                let (a, b) = (tile(part.x, near.rect.x), tile(part.right() - 1, near.rect.x));
                if let Some(tiles) = near.on.get_mut(start + a..=start + b) {
                    tiles.fill(true);
                }
            }
        }
        near
    }

    fn filled(rect: Rect, on: bool) -> Self {
        let columns = (rect.width as usize).div_ceil(Self::TILE);
        Self {
            rect,
            columns,
            on: vec![on; columns * (rect.height as usize).div_ceil(Self::TILE)],
        }
    }

    /// Whether the pixel at column `x` and row `y` of the region is looked at.
    pub fn holds(&self, x: usize, y: usize) -> bool {
        let (column, row) = (x / Self::TILE, y / Self::TILE);
        column < self.columns && self.on.get(row * self.columns + column).is_some_and(|v| *v)
    }

    /// Runs of columns that are looked at in row `y` of the region.
    pub fn across(&self, y: usize) -> impl Iterator<Item = Range<usize>> + '_ {
        let start = y / Self::TILE * self.columns;
        let tiles = self.on.get(start..start + self.columns).unwrap_or_default();
        runs(tiles.iter().copied(), self.rect.width as usize)
    }

    /// Of square cells with sides of `step` pixels over the rectangle `over`, in rows of `width`: those that lie within
    /// `reach` cells of what is looked at.
    pub fn cells(
        &self,
        over: &Rect,
        step: usize,
        (width, height): (usize, usize),
        reach: usize,
    ) -> Vec<bool> {
        let mut on = vec![false; width * height];
        let place =
            |v: usize, rect: i32, over: i32| (v as i64 + i64::from(rect) - i64::from(over)).max(0) as usize;
        let span = |range: Range<usize>, rect: i32, over: i32, end: usize| {
            let first = (place(range.start, rect, over) / step).saturating_sub(reach);
            let last = place(range.end, rect, over).div_ceil(step) + reach;
            first.min(end)..last.min(end)
        };
        for (x, runs) in self.down() {
            let columns = span(x, self.rect.x, over.x, width);
            for y in runs {
                for row in span(y, self.rect.y, over.y, height) {
                    on[row * width + columns.start..row * width + columns.end].fill(true);
                }
            }
        }
        on
    }

    /// Columns of tiles: the pixel columns of each, and the runs of rows that are looked at in it.
    pub fn down(&self) -> impl Iterator<Item = (Range<usize>, impl Iterator<Item = Range<usize>> + '_)> + '_ {
        let width = self.rect.width as usize;
        (0..self.columns).map(move |c| {
            let x = c * Self::TILE..((c + 1) * Self::TILE).min(width);
            let tiles = self.on.iter().skip(c).step_by(self.columns).copied();
            (x, runs(tiles, self.rect.height as usize))
        })
    }
}

/// Joins neighbouring tiles to runs of pixels, which end at `end`.
fn runs(tiles: impl Iterator<Item = bool>, end: usize) -> impl Iterator<Item = Range<usize>> {
    let mut tiles = tiles.enumerate();
    std::iter::from_fn(move || {
        let from = tiles.find(|(_, on)| *on)?.0;
        let to = tiles.find(|(_, on)| !on).map_or(end, |(i, _)| i * Near::TILE);
        Some(from * Near::TILE..to.min(end))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_is_what_lies_within_reach() {
        let points = [DVec2::new(60.0, 70.0), DVec2::new(300.0, 75.0)];
        let near = Near::around(points, 40.0, &Rect::new(0, 0, 320, 400));
        assert_eq!(near.rect, Rect::new(20, 30, 300, 85));
        for y in 0..85 {
            for x in 0..300 {
                let p = DVec2::new(f64::from(x) + 20.5, f64::from(y) + 30.5);
                let far = points
                    .iter()
                    .map(|q| (p - q).abs().max_element())
                    .fold(f64::INFINITY, f64::min);
                let (x, y) = (x as usize, y as usize);
                if far < 40.0 {
                    assert!(near.holds(x, y), "{x} {y}");
                }
                if far > 40.0 + Near::TILE as f64 {
                    assert!(!near.holds(x, y), "{x} {y}");
                }
                assert_eq!(near.across(y).any(|r| r.contains(&x)), near.holds(x, y));
            }
        }
        for (columns, rows) in near.down() {
            let rows: Vec<_> = rows.collect();
            for y in 0..85 {
                let held = near.holds(columns.start, y);
                assert_eq!(rows.iter().any(|r| r.contains(&y)), held);
            }
        }
    }

    #[test]
    fn cells_within_reach_of_tiles_and_no_others() {
        let (over, step, size, reach) = (Rect::new(3, 10, 330, 110), 7, (48, 16), 3);
        let near = Near::around([DVec2::new(150.0, 70.0)], 12.0, &Rect::new(0, 0, 320, 400));
        let cells = near.cells(&over, step, size, reach);
        let held = |x: i32, y: i32| {
            let (x, y) = (x - near.rect.x, y - near.rect.y);
            x >= 0
                && y >= 0
                && near.holds(x as usize, y as usize)
                && (x as u32) < near.rect.width
                && (y as u32) < near.rect.height
        };
        for (i, on) in cells.iter().enumerate() {
            let (cx, cy) = ((i % size.0) as i32, (i / size.0) as i32);
            // Any pixel of the cells within reach.
            let span = |c: i32, from: i32| {
                let (s, r) = (step as i32, reach as i32);
                from + (c - r).max(0) * s..from + (c + r + 1) * s
            };
            let expected = span(cy, over.y).any(|y| span(cx, over.x).any(|x| held(x, y)));
            assert_eq!(*on, expected, "{cx} {cy}");
        }
    }

    #[test]
    fn all_is_all_and_nothing_is_nothing() {
        let near = Near::all(Rect::new(5, 5, 70, 33));
        assert!((0..33).all(|y| near.across(y).eq(std::iter::once(0..70))));
        let none = Near::around(Vec::new(), 9.0, &Rect::new(0, 0, 50, 50));
        assert!(none.rect.is_empty() && none.across(0).next().is_none() && none.down().next().is_none());
    }
}
