//! Where the chain goes over the shoulders' crest: along the outline that the picture shows. The stand-in for the body, which
//! is a few mm off, would let it float in the air beside the neck.

use std::ops::RangeInclusive;

use glam::DVec2;

use super::hung::Hung;
use super::map::ChainMesh;
use super::outline::End;
use crate::imaging::Mask;
use crate::locate::camera::Camera;

/// Steps along the chain, mm.
const STEP_MM: f64 = 1.0;
/// Share of background that counts as air: rims that the light makes pale are less.
const SURELY: f32 = 0.9;
/// A chain in the air is led back to the body from no farther than this, mm.
const REACH_MM: f64 = 20.0;
/// Directions in which the body is looked for, and steps on the way, mm.
const DIRECTIONS: u32 = 24;
const LOOK_MM: f64 = 0.5;
/// Of half its thickness: how far the chain's middle stands out beyond the outline where it comes to it, and where it has
/// passed behind the neck.
const PROUD: (f64, f64) = (0.75, -1.6);
/// Of half its thickness, so much of it is in sight on this side of the outline.
pub const ASTRIDE: f64 = 0.5;
/// Half the width of the window, applied twice, over which the way back to the body is evened out along the chain, mm.
const EVEN_MM: f64 = 6.0;
/// A stretch of chain shorter than this at its end, mm, with a gap of at least this before it, is no more than a crumb.
const CRUMB_MM: f64 = 15.0;
const GAP_MM: f64 = 2.0;

/// The hung chain as the picture has it: by steps of arc length from the nape around to the nape.
pub struct Crest {
    places: Vec<DVec2>,
    moves: Vec<DVec2>,
    length: f64,
    /// Arc lengths up to which it lies in front; beyond them it goes along the outline and passes behind.
    pub front: RangeInclusive<f64>,
}

impl Crest {
    /// `ends` are those that were moved, and by how much; `body` is skin and cloth, `air` what is behind.
    pub fn find(
        hung: &Hung,
        camera: &Camera,
        ends: &[(End, f64)],
        [body, air]: [&Mask; 2],
        radius_mm: f64,
    ) -> Self {
        let length = hung.length();
        let count = (length / STEP_MM).ceil().max(2.0) as usize;
        let at = |i: usize| length * i as f64 / count as f64;
        let place = |i: usize| {
            let place = camera.project(hung.at(at(i)));
            ends.iter().fold(place, |p, (end, mm)| end.moved(p, *mm))
        };
        let places: Vec<DVec2> = (0..=count).map(place).collect();
        let mut moves = vec![DVec2::ZERO; count + 1];
        let mut half = |way: &[usize]| {
            let in_air = |i: &usize| air.sample(places[*i]) > SURELY;
            let run = (GAP_MM / STEP_MM) as usize;
            let comes = way.windows(run).position(|w| w.iter().all(in_air))?;
            let hidden = way.iter().position(|i| hung.cover(at(*i)) <= 0.5);
            let passed = hidden.unwrap_or(way.len()).max(comes + 1);
            for (k, i) in way.iter().enumerate().skip(comes) {
                let t = ((k - comes) as f64 / (passed - comes) as f64).min(1.0);
                let proud = (PROUD.0 + (PROUD.1 - PROUD.0) * t) * radius_mm;
                let px_per_mm = camera.px_per_mm(hung.at(at(*i)).z);
                moves[*i] = match k {
                    k if k < passed => way_back(places[*i], [body, air], px_per_mm, proud),
                    // Out of sight; the evening out below must not pull at what is seen.
                    k => moves[way[k - 1]],
                };
            }
            Some(at(way[comes]))
        };
        let back = half(&(0..=count / 2).rev().collect::<Vec<_>>());
        let on = half(&(count / 2..=count).collect::<Vec<_>>());
        let window = (EVEN_MM / STEP_MM) as usize;
        Self {
            places,
            moves: even(&even(&moves, window), window),
            length,
            front: back.unwrap_or(0.0)..=on.unwrap_or(length),
        }
    }

    /// Leads the chain along the outline.
    pub fn lay(&self, chain: &mut ChainMesh) {
        for (vertex, s) in chain.mesh.vertices.iter_mut().zip(&chain.at) {
            let step = (s / self.length).clamp(0.0, 1.0) * (self.moves.len() - 1) as f64;
            let (low, share) = (step.floor() as usize, step.fract());
            let next = (low + 1).min(self.moves.len() - 1);
            vertex.target += self.moves[low].lerp(self.moves[next], share);
        }
    }

    /// The arc lengths between which the chain is drawn: no crumb of it comes back into sight beyond hair or cloth.
    pub fn in_front(&self, hung: &Hung, shown: &Mask) -> RangeInclusive<f64> {
        let count = self.places.len();
        let step = self.length / (count - 1).max(1) as f64;
        let seen = |i: usize| {
            hung.cover(i as f64 * step) > 0.5 && shown.sample(self.places[i] + self.moves[i]) > 0.5
        };
        let middle = count / 2;
        let steps = |arc: f64| ((arc / step).round() as usize).abs_diff(middle);
        let (left, right) = (steps(*self.front.start()), steps(*self.front.end()));
        let back: Vec<bool> = (0..=middle).rev().map(seen).collect();
        let on: Vec<bool> = (middle..count).map(seen).collect();
        let (back, on) = (without_crumbs(&back, left), without_crumbs(&on, right));
        (middle as f64 - back as f64) * step..=(middle + on) as f64 * step
    }
}

/// The way from a place in the air to the body's outline, up to `proud_mm` from it; nothing for a place on the body.
fn way_back(place: DVec2, [body, air]: [&Mask; 2], px_per_mm: f64, proud_mm: f64) -> DVec2 {
    if air.sample(place) <= SURELY {
        return DVec2::ZERO;
    }
    let ways: Vec<DVec2> = (0..DIRECTIONS)
        .map(|k| DVec2::from_angle(std::f64::consts::TAU * f64::from(k) / f64::from(DIRECTIONS)))
        .collect();
    let steps = (REACH_MM / LOOK_MM) as usize;
    (1..=steps)
        .map(|i| i as f64 * LOOK_MM)
        .find_map(|mm| {
            let way = ways
                .iter()
                .find(|way| body.sample(place + **way * (mm * px_per_mm)) > 1.0 - SURELY)?;
            Some(*way * ((mm - proud_mm).max(0.0) * px_per_mm))
        })
        .unwrap_or(DVec2::ZERO)
}

/// Mean over `window` neighbours to either side; beyond the ends the last value goes on.
fn even(values: &[DVec2], window: usize) -> Vec<DVec2> {
    let last = values.len().saturating_sub(1);
    let at = |i: usize, k: usize| values[(i + k).saturating_sub(window).min(last)];
    let width = 2 * window + 1;
    (0..values.len())
        .map(|i| (0..width).map(|k| at(i, k)).sum::<DVec2>() / width as f64)
        .collect()
}

/// Steps from the chain's middle up to which it is drawn, from what of it is seen. What lies from `crest` on is behind
/// what hides the chain before it.
fn without_crumbs(seen: &[bool], crest: usize) -> usize {
    let (crumb, gap) = ((CRUMB_MM / STEP_MM) as usize, (GAP_MM / STEP_MM) as usize);
    let mut end = seen.len();
    loop {
        // The last stretch in sight, and what is in sight before it.
        let Some(last) = seen[..end].iter().rposition(|s| *s) else {
            return end;
        };
        let first = seen[..last].iter().rposition(|s| !s).map_or(0, |i| i + 1);
        let Some(before) = seen[..first].iter().rposition(|s| *s) else {
            return end;
        };
        let long = last + 1 - first >= crumb && first < crest;
        if long || first - before - 1 < gap {
            return end;
        }
        end = before + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::Rect;

    /// Body from row 100 down, air above.
    fn horizon() -> [Mask; 2] {
        let rect = Rect::new(0, 0, 200, 200);
        [false, true].map(|above| Mask {
            data: (0..200 * 200)
                .map(|i| f32::from((i / 200 < 100) == above))
                .collect(),
            ..Mask::filled(rect, 0.0)
        })
    }

    #[test]
    fn a_chain_in_the_air_is_led_to_the_outline_and_no_other() {
        let [body, air] = horizon();
        let way = |y: f64| way_back(DVec2::new(90.0, y), [&body, &air], 4.0, 1.0);
        assert_eq!(way(120.0), DVec2::ZERO);
        // 6 mm above the outline: 5 mm down leave the mm that stands out.
        assert!((way(76.0) - DVec2::new(0.0, 20.0)).length() <= LOOK_MM * 4.0);
        // Farther off than is looked.
        assert_eq!(way(10.0), DVec2::ZERO);
    }

    #[test]
    fn evening_out_keeps_what_is_even_and_the_sum() {
        let same = vec![DVec2::new(2.0, -1.0); 20];
        assert!(even(&same, 4).iter().all(|v| v.distance(same[0]) < 1e-12));
        let mut one = vec![DVec2::ZERO; 30];
        one[15] = DVec2::X;
        let spread = even(&one, 4);
        assert!((spread.iter().sum::<DVec2>() - DVec2::X).length() < 1e-12);
        assert!((spread[11].x - 1.0 / 9.0).abs() < 1e-12 && spread[10].x == 0.0);
    }

    #[test]
    fn crumbs_at_the_end_are_left_out() {
        let drawn = |runs: &[(bool, usize)]| {
            let seen: Vec<bool> = runs.iter().flat_map(|(seen, mm)| vec![*seen; *mm]).collect();
            without_crumbs(&seen, 120)
        };
        assert_eq!(drawn(&[(true, 90), (false, 60)]), 150);
        // Hair, and behind it the crest.
        assert_eq!(drawn(&[(true, 90), (false, 35), (true, 40)]), 90);
        assert_eq!(drawn(&[(true, 122), (false, 1), (true, 40)]), 163);
        assert_eq!(drawn(&[(true, 90), (false, 9), (true, 30)]), 129);
        assert_eq!(drawn(&[(true, 90), (false, 1), (true, 4)]), 95);
        assert_eq!(
            drawn(&[(true, 90), (false, 9), (true, 8), (false, 5), (true, 3)]),
            90
        );
        assert_eq!(drawn(&[(false, 9), (true, 5)]), 14);
    }
}
