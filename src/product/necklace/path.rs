//! The way along the chain from one end to the other, through the middle of the silhouette.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use glam::DVec2;
use image::{GrayImage, Luma};

use super::mask::Silhouette;

/// A pixel of the working picture.
type Pixel = (u32, u32);

/// Cost of a step, in thousandths of a pixel.
type Cost = u64;

/// How much dearer a step is at the silhouette's edge than deep inside it.
const EDGE: f64 = 4.0;

/// The chain's rough centre line in product pixels, from the left end to the right end of the picture, and whether it
/// is a closed loop (then opened at the top).
pub fn trace(silhouette: &Silhouette) -> Option<(Vec<DVec2>, bool)> {
    let hole = silhouette.neck_hole();
    let opened = hole.map(|h| open(silhouette, h));
    let closed = matches!(opened, Some(Some(_)));
    let (mask, from, to) = match opened.flatten() {
        Some(cut) => cut,
        None => {
            // The two ends of an open chain are the points farthest apart along it.
            let mask = silhouette.bridged.clone();
            let any = first(&mask)?;
            let one = farthest(&mask, any)?;
            let other = farthest(&mask, one)?;
            (mask, one, other)
        }
    };
    let mut path = cheapest(&mask, silhouette, from, to)?;
    if path.first()?.0 > path.last()?.0 {
        path.reverse();
    }
    Some((
        path.into_iter().map(|p| silhouette.to_product(p)).collect(),
        closed,
    ))
}

/// Cuts a closed loop above its hole; the two sides of the cut become its ends.
fn open(silhouette: &Silhouette, hole: DVec2) -> Option<(GrayImage, Pixel, Pixel)> {
    let mut mask = silhouette.bridged.clone();
    let (x, y) = (hole.x as u32, hole.y as u32);
    // The run of the silhouette that closes the hole upwards.
    let inside = (0..y).rev().find(|v| mask.get_pixel(x, *v)[0] > 0)?;
    let outside = (0..inside).rev().find(|v| mask.get_pixel(x, *v)[0] == 0)?;
    for v in outside..=inside {
        for u in x.saturating_sub(1)..=x + 1 {
            mask.put_pixel(u, v, Luma([0]));
        }
    }
    let middle = (outside + 1 + inside) / 2;
    let beside = |u: u32| {
        (0..=inside - outside)
            .flat_map(|d| [middle.saturating_sub(d), middle + d])
            .find(|v| *v < mask.height() && u < mask.width() && mask.get_pixel(u, *v)[0] > 0)
            .map(|v| (u, v))
    };
    let ends = (beside(x.checked_sub(2)?)?, beside(x + 2)?);
    Some((mask, ends.0, ends.1))
}

fn first(mask: &GrayImage) -> Option<Pixel> {
    mask.enumerate_pixels()
        .find(|(_, _, p)| p[0] > 0)
        .map(|(x, y, _)| (x, y))
}

fn farthest(mask: &GrayImage, from: Pixel) -> Option<Pixel> {
    let (cost, _) = spread(mask, from, None, |_| 1.0);
    let width = mask.width() as usize;
    let at = (0..cost.len())
        .filter(|i| cost[*i] != Cost::MAX)
        .max_by_key(|i| (cost[*i], Reverse(*i)))?;
    Some(((at % width) as u32, (at / width) as u32))
}

fn cheapest(mask: &GrayImage, silhouette: &Silhouette, from: Pixel, to: Pixel) -> Option<Vec<Pixel>> {
    let weight = |i: usize| 1.0 + EDGE / f64::from(silhouette.depth[i]).max(0.5);
    let (_, back) = spread(mask, from, Some(to), weight);
    let width = mask.width() as usize;
    let index = |p: Pixel| p.1 as usize * width + p.0 as usize;
    let (start, mut at) = (index(from), index(to));
    let mut path = vec![to];
    while at != start {
        at = back[at] as usize;
        if at == u32::MAX as usize {
            return None;
        }
        path.push(((at % width) as u32, (at / width) as u32));
    }
    Some(path)
}

/// Dijkstra over the eight neighbours inside the mask: cost of every pixel reached, and where it was reached from.
fn spread(
    mask: &GrayImage,
    from: Pixel,
    to: Option<Pixel>,
    weight: impl Fn(usize) -> f64,
) -> (Vec<Cost>, Vec<u32>) {
    let (w, h) = (mask.width() as i64, mask.height() as i64);
    let size = (w * h) as usize;
    let mut cost = vec![Cost::MAX; size];
    let mut back = vec![u32::MAX; size];
    let start = i64::from(from.1) * w + i64::from(from.0);
    let goal = to.map(|p| i64::from(p.1) * w + i64::from(p.0));
    let mut queue = BinaryHeap::new();
    cost[start as usize] = 0;
    queue.push(Reverse((0, start)));
    while let Some(Reverse((c, i))) = queue.pop() {
        if c > cost[i as usize] {
            continue;
        }
        if goal == Some(i) {
            break;
        }
        let (x, y) = (i % w, i / w);
        for dy in -1..=1i64 {
            for dx in -1..=1i64 {
                let (u, v) = (x + dx, y + dy);
                if (dx, dy) == (0, 0) || u < 0 || v < 0 || u >= w || v >= h {
                    continue;
                }
                if mask.get_pixel(u as u32, v as u32)[0] == 0 {
                    continue;
                }
                let j = v * w + u;
                let step = if dx != 0 && dy != 0 { 1414.0 } else { 1000.0 };
                let next = c + (step * weight(j as usize)) as Cost;
                if next < cost[j as usize] {
                    cost[j as usize] = next;
                    back[j as usize] = i as u32;
                    queue.push(Reverse((next, j)));
                }
            }
        }
    }
    (cost, back)
}
