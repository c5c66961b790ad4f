//! The inside of a piece: what is its own colour alone, clear of its edge.

use super::warp::Warped;

/// Width of the rim that is not counted as inside, pixels.
const RIM: i32 = 2;
/// Fewest pixels that speak for a piece.
const FEWEST: usize = 30;

/// Indices of the fragments whose own colour a piece is judged by: opaque, and everything within [`RIM`] too. Of a
/// piece too fine to have such an inside, the opaque fragments; of one with none, all that are more than half there.
pub fn core(piece: &Warped) -> Vec<usize> {
    let solid = |least: f32| -> Vec<usize> {
        let fragments = piece.fragments.iter().enumerate();
        fragments
            .filter(|(_, f)| f.color[3] >= least)
            .map(|(i, _)| i)
            .collect()
    };
    let opaque = solid(1.0);
    let inside = eroded(piece, &opaque);
    [inside, opaque]
        .into_iter()
        .find(|c| c.len() >= FEWEST)
        .unwrap_or_else(|| solid(0.5))
}

/// The opaque fragments around which a disc of radius [`RIM`] is opaque.
fn eroded(piece: &Warped, opaque: &[usize]) -> Vec<usize> {
    let bounds = piece.bounds().grown(RIM as u32);
    let width = bounds.width as usize;
    let at = |x: i32, y: i32| (y - bounds.y) as usize * width + (x - bounds.x) as usize;
    let mut covered = vec![false; width * bounds.height as usize];
    for f in opaque.iter().map(|i| &piece.fragments[*i]) {
        covered[at(f.x, f.y)] = true;
    }
    // Half widths of the disc's rows.
    let rows = (-RIM..=RIM).map(|dy| (dy, f64::from(RIM * RIM - dy * dy).sqrt() as i32));
    let disc: Vec<(i32, i32)> = rows.collect();
    let inside = |x: i32, y: i32| {
        disc.iter()
            .all(|(dy, half)| (-half..=*half).all(|dx| covered[at(x + dx, y + dy)]))
    };
    let fragments = opaque.iter().map(|i| (*i, &piece.fragments[*i]));
    fragments
        .filter(|(_, f)| inside(f.x, f.y))
        .map(|(i, _)| i)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::warp::Fragment;

    fn rectangle(width: i32, height: i32, alpha: f32) -> Warped {
        let place = |i: i32| (i % width, i / width);
        Warped {
            fragments: (0..width * height)
                .map(|i| Fragment {
                    x: place(i).0 - 3,
                    y: place(i).1 + 5,
                    color: [alpha; 4],
                    height_mm: 0.0,
                    normal: [0.0, 0.0, -1.0],
                })
                .collect(),
        }
    }

    #[test]
    fn two_pixels_along_every_edge_are_no_core() {
        let piece = rectangle(20, 10, 1.0);
        let core = core(&piece);
        assert_eq!(core.len(), 16 * 6);
        for f in core.iter().map(|i| &piece.fragments[*i]) {
            assert!((-1..=14).contains(&f.x) && (7..=12).contains(&f.y));
        }
    }

    #[test]
    fn what_has_no_inside_is_judged_by_all_of_it() {
        assert_eq!(core(&rectangle(40, 3, 1.0)).len(), 120);
        assert_eq!(core(&rectangle(40, 3, 0.7)).len(), 120);
        assert!(core(&rectangle(40, 3, 0.2)).is_empty());
    }
}
