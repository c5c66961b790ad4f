//! The band around the finger.

use std::f64::consts::{FRAC_PI_2, PI};

use glam::DVec2;

use super::{Seat, inside};
use crate::fit::limb::tube::{Rib, SectionPoint, section, weave};
use crate::fit::{WarpMesh, WarpVertex};
use crate::product::band::BandView;

/// Ribs around the visible part.
const RIBS: usize = 120;
/// The product is read this much beyond its inner and outer edges (of its breadth), so that the edges drawn are the
/// product's own and not the mesh's.
const BEYOND: f64 = 0.05;

/// Skin swells beside a ring and hides its foot: this much of the band's thickness, and no more than so many mm.
const SWELLING: f64 = 0.45;
const MOST_SWELLING_MM: f64 = 0.7;
/// Behind the finger the band ends where no more than its outermost part would show: this share of its thickness.
const LAST_SEEN: f64 = 0.8;
/// A band without a head looks the same all around: so much of a turn of the picture is drawn for a turn of the
/// finger, which leaves out the parts that show the band's inside or no more than its rim.
const PLAIN_SWEEP: f64 = 0.7;

/// The band's visible part.
pub struct Worn {
    /// The half that faces the camera.
    pub front: WarpMesh,
    /// What of the other half still shows beside the finger: only where the hand does not lie before it.
    pub tails: WarpMesh,
}

/// A tube of the product's section around the finger. The product's angle around its hole becomes the angle around the
/// finger, its breadth from hole to outline the seen breadth of the tube from the palm's side to the tips' side, as if it
/// had been photographed from the palm.
pub fn mesh(seat: &Seat, band: &BandView, mm_per_px: f64) -> Worn {
    let half_width = band.inner_radius * mm_per_px;
    let section = section(band.thickness * mm_per_px, band.width * mm_per_px);
    let thickness = band.thickness * mm_per_px;
    let facing = seat.limb.facing();
    let swelling = (SWELLING * thickness).min(MOST_SWELLING_MM);
    // Past the finger's silhouette the band's rim still shows beside the finger.
    let rim = half_width + LAST_SEEN * thickness;
    let reach = PI - ((half_width + swelling) / rim).clamp(0.0, 1.0).asin();
    let (top, sweep) = match &band.head {
        Some(head) => (band.angle_towards(head.up), 1.0),
        None => (band.angle_towards(band.outside_seen()), PLAIN_SWEEP),
    };
    let ribs: Vec<(f64, Rib)> = (0..=RIBS)
        .map(|k| {
            let angle = facing + reach * (2.0 * k as f64 / RIBS as f64 - 1.0);
            let hidden = beside_finger(angle - facing, half_width, swelling);
            let points: Vec<SectionPoint> = section
                .iter()
                .map(|p| SectionPoint {
                    out: p.out.max(hidden.min(thickness)),
                    ..*p
                })
                .collect();
            let from = inside(&seat.limb, angle, half_width);
            (
                angle,
                Rib::new(
                    &seat.view,
                    &points,
                    from,
                    seat.limb.outward(angle),
                    seat.limb.axis,
                ),
            )
        })
        .collect();
    let rows: Vec<Vec<WarpVertex>> = ribs
        .iter()
        .map(|(angle, rib)| {
            let shares = rib.shares();
            let vertex = |(share, target): (&f64, &DVec2)| WarpVertex {
                source: band.point(top + angle * sweep, share * (1.0 + 2.0 * BEYOND) - BEYOND),
                target: *target,
                height_mm: 0.0,
                cover: 1.0,
                normal: rib.normal,
            };
            shares.iter().zip(&rib.targets).map(vertex).collect()
        })
        .collect();
    let seen = |i: usize, j: usize| ribs[i].1.is_seen(j) || ribs[i - 1].1.is_seen(j);
    let faces = |i: usize| (ribs[i].0 - facing).abs() <= FRAC_PI_2;
    let mut worn = Worn {
        front: WarpMesh::default(),
        tails: WarpMesh::default(),
    };
    // One stretch more in front, so that no line shows between the two.
    weave(&mut worn.front, &rows, |i, j| {
        seen(i, j) && (faces(i) || faces(i - 1))
    });
    weave(&mut worn.tails, &rows, |i, j| {
        seen(i, j) && !(faces(i) && faces(i - 1))
    });
    worn
}

/// How far outside the band's inside something must lie to show beside the finger at `angle` from the camera, mm.
fn beside_finger(angle: f64, half_width: f64, swelling: f64) -> f64 {
    let angle = angle.abs();
    if angle <= FRAC_PI_2 {
        // Seen from the front, the swelling rises towards the silhouette.
        let t = (angle / FRAC_PI_2 * 3.0 - 2.0).clamp(0.0, 1.0);
        return swelling * t * t * (3.0 - 2.0 * t);
    }
    (half_width + swelling) / angle.sin().max(0.05) - half_width
}
