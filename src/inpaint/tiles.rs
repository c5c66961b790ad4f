//! Squares along the contour that a painter is shown one by one, and how they share a pixel.
//!
//! Neighbouring tiles overlap. In the overlap each fades as the other comes in, with weights that sum to 1 at every
//! pixel (a partition of unity), so that what two tiles paint differently changes gradually.

use super::band::{Band, pixels};
use super::painter::Reach;
use crate::imaging::Rect;

/// Part of a tile that fades into the next, as a share of the side.
const OVERLAP: f64 = 1.0 / 8.0;
/// Fewer pixels than this show a painter nothing.
const MIN_SIDE: f64 = 16.0;
/// Tiles of more pixels cost more memory than any picture needs.
const MAX_SIDE: f64 = 4096.0;

/// A square of the photograph; may reach outside it, where the edge's pixels are repeated.
#[derive(Debug, Clone, PartialEq)]
pub struct Tile {
    pub rect: Rect,
    /// Runs of band pixels that are this tile's to paint: (y, first x, end of x).
    pub spans: Vec<(i32, i32, i32)>,
    /// [`Reach::margin`].
    pub margin: f64,
}

impl Tile {
    /// The tile's say at a pixel, before it is divided by all tiles' together. 0 in the margin.
    pub fn window(&self, x: i32, y: i32) -> f32 {
        let side = f64::from(self.rect.width);
        let along = |v: i32, start: i32| {
            let u = (f64::from(v - start) + 0.5) / side;
            let t = ((u.min(1.0 - u) - self.margin) / OVERLAP).clamp(0.0, 1.0);
            t * t * (3.0 - 2.0 * t)
        };
        (along(x, self.rect.x) * along(y, self.rect.y)) as f32
    }
}

/// The side of a tile in photo pixels: as many millimetres as the painter wants to see, but, where it paints more than a
/// smooth change, never more pixels than it takes, for a tile that had to be shrunk would lose the skin's texture.
pub fn side(reach: Reach, px_per_mm: f64) -> u32 {
    let most = if reach.smooth {
        MAX_SIDE
    } else {
        f64::from(reach.side)
    };
    (reach.mm * px_per_mm).round().clamp(MIN_SIDE, most.max(MIN_SIDE)) as u32
}

/// Tiles that cover the band, in reading order of the parts of the band that they belong to.
pub fn tiles(band: &Band, reach: Reach) -> Vec<Tile> {
    let side = side(reach, band.px_per_mm);
    let margin = reach.margin.clamp(0.0, 0.25);
    let inner = f64::from(side) * (1.0 - 2.0 * margin);
    let mut tiles = Vec::new();
    for group in groups(band, inner) {
        let (columns, rows) = (
            starts(group.bounds.x, group.bounds.width, side, margin),
            starts(group.bounds.y, group.bounds.height, side, margin),
        );
        for y in &rows {
            for x in &columns {
                let rect = Rect::new(*x, *y, side, side);
                let spans: Vec<_> = group
                    .spans
                    .iter()
                    .filter(|(row, _, _)| *row >= rect.y && *row < rect.bottom())
                    .map(|(row, a, b)| (*row, (*a).max(rect.x), (*b).min(rect.right())))
                    .filter(|(_, a, b)| a < b)
                    .collect();
                let tile = Tile { rect, spans, margin };
                let says = |(row, a, b): &(i32, i32, i32)| (*a..*b).any(|x| tile.window(x, *row) > 0.0);
                if tile.spans.iter().any(says) {
                    tiles.push(tile);
                }
            }
        }
    }
    tiles
}

/// Where tiles start along one axis so that their windows cover `length` pixels from `from`.
fn starts(from: i32, length: u32, side: u32, margin: f64) -> Vec<i32> {
    let (side, length) = (f64::from(side), f64::from(length));
    // A pixel at the very end of a window would have next to no say: leave one spare at both ends.
    let inner = side * (1.0 - 2.0 * margin) - 2.0;
    let stride = (inner - side * OVERLAP).max(1.0);
    let more = ((length - inner) / stride).ceil().max(0.0);
    let span = more * stride + inner;
    let first = f64::from(from) + (length - span) / 2.0 - side * margin - 1.0;
    (0..=more as u32)
        .map(|i| (first + f64::from(i) * stride).floor() as i32)
        .collect()
}

/// Connected parts of the band; small ones that one tile can hold go together.
struct Group {
    bounds: Rect,
    spans: Vec<(i32, i32, i32)>,
}

fn groups(band: &Band, inner: f64) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for part in parts(band) {
        let fits = |group: &&mut Group| {
            let all = group.bounds.union(&part.bounds);
            f64::from(all.width.max(all.height)) <= inner - 2.0
        };
        match groups.iter_mut().find(fits) {
            Some(group) => {
                group.bounds = group.bounds.union(&part.bounds);
                group.spans.extend(part.spans);
            }
            None => groups.push(part),
        }
    }
    for group in &mut groups {
        group.spans.sort_unstable();
    }
    groups
}

/// Connected parts (by sides and corners) in reading order of their first pixels, as runs.
fn parts(band: &Band) -> Vec<Group> {
    let rect = &band.weight.rect;
    let mut runs: Vec<(i32, i32, i32)> = Vec::new();
    for ((x, y), w) in pixels(rect).zip(&band.weight.data) {
        if *w <= 0.0 {
            continue;
        }
        match runs.last_mut() {
            Some((row, _, end)) if *row == y && *end == x => *end += 1,
            _ => runs.push((y, x, x + 1)),
        }
    }
    // Union of runs that touch in neighbouring rows; the root is the earliest run.
    let mut root: Vec<usize> = (0..runs.len()).collect();
    let mut above = 0;
    for i in 0..runs.len() {
        let (y, a, b) = runs[i];
        while above < i && (runs[above].0 < y - 1 || (runs[above].0 == y - 1 && runs[above].2 < a)) {
            above += 1;
        }
        let mut j = above;
        while j < i && runs[j].0 == y - 1 && runs[j].1 <= b {
            let (one, two) = (find(&mut root, i), find(&mut root, j));
            root[one.max(two)] = one.min(two);
            j += 1;
        }
    }
    let mut place = vec![None; runs.len()];
    let mut parts: Vec<Group> = Vec::new();
    for (i, run) in runs.iter().enumerate() {
        let r = find(&mut root, i);
        let slot = *place[r].get_or_insert_with(|| {
            parts.push(Group {
                bounds: Rect::default(),
                spans: Vec::new(),
            });
            parts.len() - 1
        });
        let part = &mut parts[slot];
        part.bounds = part
            .bounds
            .union(&Rect::new(run.1, run.0, (run.2 - run.1) as u32, 1));
        part.spans.push(*run);
    }
    parts
}

fn find(root: &mut [usize], mut i: usize) -> usize {
    while root[i] != i {
        root[i] = root[root[i]];
        i = root[i];
    }
    i
}
