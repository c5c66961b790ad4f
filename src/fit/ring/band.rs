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

/// Mesh of the band's visible part: a tube of the product's section around the finger. The product's angle around
/// its hole becomes the angle around the finger, its breadth from hole to outline the seen breadth of the tube from
/// the palm's side to the tips' side, as if it had been photographed from the palm.
pub fn mesh(seat: &Seat, band: &BandView, mm_per_px: f64) -> WarpMesh {
    let half_width = band.inner_radius * mm_per_px;
    let section = section(band.thickness * mm_per_px, band.width * mm_per_px);
    let thickness = band.thickness * mm_per_px;
    let facing = seat.limb.facing();
    // Past the finger's silhouette the band's rim still shows beside the finger.
    let reach = PI - (half_width / (half_width + thickness)).clamp(0.0, 1.0).asin();
    let up = band.head.as_ref().map_or(DVec2::NEG_Y, |h| h.up);
    let top = band.angle_towards(up);
    let ribs: Vec<(f64, Rib)> = (0..=RIBS)
        .map(|k| {
            let angle = facing + reach * (2.0 * k as f64 / RIBS as f64 - 1.0);
            let hidden = beside_finger(angle - facing, half_width);
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
                source: band.point(top + angle, share * (1.0 + 2.0 * BEYOND) - BEYOND),
                target: *target,
                height_mm: 0.0,
                cover: 1.0,
                normal: rib.normal,
            };
            shares.iter().zip(&rib.targets).map(vertex).collect()
        })
        .collect();
    let mut mesh = WarpMesh::default();
    weave(&mut mesh, &rows, |i, j| {
        ribs[i].1.is_seen(j) || ribs[i - 1].1.is_seen(j)
    });
    mesh
}

/// How far outside the skin something must lie to show beside the finger at `angle` from the camera, mm.
fn beside_finger(angle: f64, half_width: f64) -> f64 {
    if angle.abs() <= FRAC_PI_2 {
        return 0.0;
    }
    half_width / angle.sin().abs().max(0.05) - half_width
}
