use std::f64::consts::{PI, TAU};

use super::*;
use crate::imaging::Rect;
use crate::inpaint::Noise;
use crate::product::LinkArc;

#[test]
fn folding_keeps_the_arc_and_mirrors_it_at_its_ends() {
    let arc = LinkArc {
        before: 0.7,
        after: 0.9,
    };
    for k in -7..=9 {
        let angle = f64::from(k) / 10.0;
        assert!((arc.fold(angle) - angle).abs() < 1e-12);
    }
    for k in 0..40 {
        let away = f64::from(k) / 25.0;
        assert!((arc.fold(0.9 + away) - arc.fold(0.9 - away)).abs() < 1e-12);
        assert!((arc.fold(-0.7 - away) - arc.fold(-0.7 + away)).abs() < 1e-12);
    }
}

/// A ring between 80 and 100 px from the middle, seen along its axis, with gaps where `gap` says so of the angle.
fn ring(gap: impl Fn(f64) -> bool) -> BraceletStructure {
    let mut picture = LinearImage::transparent(Rect::new(0, 0, 240, 240));
    for y in 0..240 {
        for x in 0..240 {
            let d = DVec2::new(x as f64 + 0.5, y as f64 + 0.5) - 120.0;
            let (radius, angle) = (d.length(), d.y.atan2(d.x));
            if (80.0..100.0).contains(&radius) && !(gap(angle) && (86.0..94.0).contains(&radius)) {
                picture.data[y * 240 + x] = [0.5, 0.5, 0.5, 1.0];
            }
        }
    }
    let facts = Facts {
        style: Some("link".into()),
        ..Facts::default()
    };
    find(&picture, &facts).unwrap()
}

#[test]
fn the_arc_of_a_chain_ends_in_a_link_or_between_two() {
    const PITCH: f64 = TAU / 24.0;
    let structure = ring(|angle| (angle / PITCH * TAU).cos() > 0.3);
    let BandShape::Open(view) = &structure.shape else {
        panic!()
    };
    let links = structure.links.unwrap();
    for end in [links.after, -links.before] {
        // Gaps and links have their middles at whole multiples of half a pitch.
        let place = view.point(view.angle_towards(structure.front) + end, 0.5) - 120.0;
        let halves = place.y.atan2(place.x) / PITCH * 2.0;
        assert!((halves - halves.round()).abs() < 0.2, "{halves}");
    }
}

#[test]
fn a_chain_that_nowhere_mirrors_itself_is_read_as_it_is() {
    // Gaps at random, one place for every degree.
    let random = Noise::new(7, 0).gaussians(0, 360);
    let structure = ring(|angle| random[((angle + PI).to_degrees()) as usize % 360] > 0.0);
    assert_eq!(structure.links, None);
}
