//! Meshes of a bracelet's front and back.

use std::f64::consts::{FRAC_PI_2, TAU};
use std::ops::RangeInclusive;

use glam::{DVec2, DVec3};

use super::hang::Hang;
use super::is_open;
use crate::fit::limb::tube::{Rib, SectionPoint, section, weave};
use crate::fit::limb::wrist::Seat;
use crate::fit::{WarpMesh, WarpVertex};
use crate::imaging::LinearImage;
use crate::product::BraceletStructure;
use crate::product::band::{BandShape, BandView, SideView};

/// What a chain's link seen on edge shows, of its length seen flat.
const LINK_ON_EDGE: f64 = 0.45;
/// Ribs of the front, and of the back.
const RIBS: usize = 120;
/// The product is read this much beyond its edges, of its breadth.
const BEYOND: f64 = 0.06;
/// An opening flatter than this shows the bracelet from above; its front arc is then the lower one.
const SEEN_ALONG_AXIS: f64 = 0.75;

/// The product as the meshes read it, millimetres.
pub struct Source<'a> {
    structure: &'a BraceletStructure,
    pub inner_radius_mm: f64,
    pub thickness_mm: f64,
    pub width_mm: f64,
    /// Along the middle of the band.
    pub length_mm: f64,
    mm_per_px: f64,
    /// The arc in front is the one nearer to the camera, seen from outside.
    from_above: bool,
    /// How far a chain is slid around the wrist, mm to the right at the front.
    slid_mm: f64,
}

impl<'a> Source<'a> {
    pub fn of(structure: &'a BraceletStructure, mm_per_px: f64) -> Self {
        let (inner, thickness, width, length, from_above) = match &structure.shape {
            BandShape::Open(b) => (
                b.inner_radius,
                b.thickness,
                b.width_at(b.angle_towards(structure.front)),
                TAU * (b.inner_radius + b.thickness / 2.0),
                b.opening.axes.y < SEEN_ALONG_AXIS * b.opening.axes.x && structure.front.y > 0.0,
            ),
            // A chain laid out straight, or a bangle seen from its side.
            BandShape::Side(s) if structure.flexible => {
                (2.0 * s.radius / TAU, s.width * 0.3, s.width, 2.0 * s.radius, true)
            }
            BandShape::Side(s) => (0.93 * s.radius, 0.07 * s.radius, s.width, TAU * s.radius, true),
        };
        Self {
            structure,
            inner_radius_mm: inner * mm_per_px,
            thickness_mm: thickness * mm_per_px,
            width_mm: width * mm_per_px,
            length_mm: length * mm_per_px,
            mm_per_px,
            from_above,
            slid_mm: 0.0,
        }
    }

    /// Slides a chain around the wrist until it turns between front and back, at the end of the loop that hangs down,
    /// where links join: a link that is cut open there would end in two points.
    pub fn slide_to_turn(&mut self, hang: &Hang, turns: [f64; 2], pixels: &LinearImage) {
        /// Links are about as long as the chain is wide, and half of one is far enough.
        const REACH: f64 = 0.75;
        const STEPS: i32 = 48;
        /// Coverage that sliding all the way must gain: the nearest join is as good as any.
        const COST: f64 = 0.05;
        let travel = self.travelled(hang, turns);
        let hanging = turns.map(|a| hang.outward(a)).map(|out| hang.hanging(out));
        let Some(at) = (if hanging[0] > hanging[1] {
            travel.first()
        } else {
            travel.last()
        }) else {
            return;
        };
        let tried = (-STEPS..=STEPS).map(|step| {
            let part = f64::from(step) / f64::from(STEPS);
            let slid = part * REACH * self.width_mm;
            (slid, self.covered(pixels, at - slid) - COST * part.abs())
        });
        let best = tried.max_by(|a, b| a.1.total_cmp(&b.1));
        self.slid_mm = best.map_or(0.0, |(slid, _)| slid);
    }

    /// Mean coverage across the band in a short piece of it.
    fn covered(&self, pixels: &LinearImage, travel: f64) -> f64 {
        const ACROSS: i32 = 16;
        const ALONG: i32 = 5;
        /// Length of the piece, of the band's width.
        const PIECE: f64 = 0.12;
        let alpha = |k: i32| {
            let (i, j) = (k % ACROSS, k / ACROSS);
            let along = (f64::from(j) / f64::from(ALONG - 1) - 0.5) * PIECE * self.width_mm;
            let p = self.at(travel + along, (f64::from(i) + 0.5) / f64::from(ACROSS), false);
            pixels.alpha_at(p).map(f64::from)
        };
        (0..ACROSS * ALONG).filter_map(alpha).sum::<f64>() / f64::from(ACROSS * ALONG)
    }

    /// Signed length along the product from its front to each rib of the part between two angles: the band's own, but for a
    /// chain where it turns away, for links cover each other there and each still shows its thickness.
    fn travelled(&self, hang: &Hang, [start, end]: [f64; 2]) -> Vec<f64> {
        let place = |a: f64| {
            let out = hang.outward(a);
            hang.inside(out) + out * (self.thickness_mm / 2.0)
        };
        let between = |from: f64, to: f64, k: usize| from + (to - from) * k as f64 / RIBS as f64;
        let across = hang.axis().truncate().perp().normalize_or_zero();
        let step = |from: f64, to: f64, k: usize| {
            let along = place(between(from, to, k + 1)) - place(between(from, to, k));
            if self.structure.flexible {
                links_seen(along, across)
            } else {
                along.length()
            }
        };
        let middle = hang.facing();
        let length: f64 = (0..RIBS).map(|k| step(middle, start, k)).sum();
        let mut sum = length.copysign(start - middle);
        let mut all = vec![sum];
        for k in 0..RIBS {
            sum += step(start, end, k);
            all.push(sum);
        }
        all
    }

    /// Product pixel `travel` mm to the right of the front's middle along the band, at `share` 0..=1 of its breadth
    /// from the elbow to the fingers.
    fn at(&self, travel: f64, share: f64, back: bool) -> DVec2 {
        let travel = travel - self.slid_mm;
        let wide = share * (1.0 + 2.0 * BEYOND) - BEYOND;
        let radius = self.inner_radius_mm + self.thickness_mm / 2.0;
        match &self.structure.shape {
            BandShape::Open(band) => self.on_band(band, travel / radius, wide, back),
            BandShape::Side(side) => self.on_side(side, travel, travel / radius, wide),
        }
    }

    fn on_band(&self, band: &BandView, angle: f64, wide: f64, back: bool) -> DVec2 {
        let front = band.angle_towards(self.structure.front);
        // From above, the right of the lower arc lies against the sense of the angles, and its outer edge is the
        // lower one; on the upper arc the outer edge is the upper one.
        let offset = if self.from_above { -angle } else { angle };
        let (offset, back) = match self.structure.links {
            Some(links) => (links.fold(offset), false),
            None => (offset, back),
        };
        let wide = if self.from_above && !back {
            1.0 - wide
        } else {
            wide
        };
        band.point(front + offset, wide)
    }

    fn on_side(&self, side: &SideView, travel: f64, angle: f64, wide: f64) -> DVec2 {
        let along = if self.structure.flexible {
            travel / self.mm_per_px
        } else {
            side.radius * angle.clamp(-FRAC_PI_2, FRAC_PI_2).sin()
        };
        let up = -side.along.perp();
        side.center + side.along * along - up * ((wide - 0.5) * side.width)
    }
}

/// Where the bracelet turns away from the camera on either side of its front: a quarter turn from it on the wrist, and at
/// the outermost place in the picture where a chain hangs down.
pub fn turns(hang: &Hang) -> [f64; 2] {
    /// Steps of a turn, and the turns that are believed.
    const STEP: f64 = TAU / 1440.0;
    const BELIEVED: RangeInclusive<f64> = 0.5..=2.6;
    let middle = hang.facing();
    let across = hang.axis().truncate().perp().normalize_or_zero();
    let at = |a: f64| hang.inside(hang.outward(a)).truncate().dot(across);
    [-1.0, 1.0].map(|sign| {
        let angle = |k: usize| middle + sign * k as f64 * STEP;
        let out = (at(angle(1)) - at(angle(0))).signum();
        let last = (1..=720).find(|k| (at(angle(k + 1)) - at(angle(*k))) * out <= 0.0);
        let turn = last.map_or(FRAC_PI_2, |k| k as f64 * STEP);
        let hangs = last.is_some_and(|k| hang.hanging(hang.outward(angle(k))) > 0.0);
        let believed = hangs && BELIEVED.contains(&turn);
        middle + sign * if believed { turn } else { FRAC_PI_2 }
    })
}

/// How much of a piece `along` a chain shows, where the picture's direction across the wrist is `across`.
fn links_seen(along: DVec3, across: DVec2) -> f64 {
    (along.truncate().dot(across).abs() / LINK_ON_EDGE).min(along.length())
}

/// The part that faces the camera, seen from outside.
pub fn front(seat: &Seat, hang: &Hang, turns: [f64; 2], source: &Source) -> WarpMesh {
    let profile = section(source.thickness_mm, source.width_mm);
    part(hang, source, turns, false, &|inside: DVec3, out: DVec3| {
        Rib::new(&seat.view, &profile, inside, out, hang.axis())
    })
}

/// The rest, seen from inside; empty when the picture shows no more than the front.
pub fn back(seat: &Seat, hang: &Hang, [from, to]: [f64; 2], source: &Source) -> WarpMesh {
    if !is_open(&source.structure.shape) {
        return WarpMesh::default();
    }
    let profile: Vec<SectionPoint> = section(source.thickness_mm, source.width_mm);
    part(
        hang,
        source,
        [to, from + TAU],
        true,
        &|inside: DVec3, out: DVec3| {
            let outside = inside + out * source.thickness_mm;
            Rib::new(&seat.view, &profile, outside, -out, hang.axis())
        },
    )
}

fn part(
    hang: &Hang,
    source: &Source,
    [start, end]: [f64; 2],
    back: bool,
    rib: &dyn Fn(DVec3, DVec3) -> Rib,
) -> WarpMesh {
    let travel = source.travelled(hang, [start, end]);
    let (ribs, rows): (Vec<Rib>, Vec<Vec<WarpVertex>>) = (0..=RIBS)
        .map(|k| {
            let angle = start + (end - start) * k as f64 / RIBS as f64;
            let (outward, normal) = (hang.outward(angle), hang.normal(angle));
            let rib = rib(hang.inside(outward), normal);
            let shares = rib.shares();
            let vertex = |(share, target): (&f64, &DVec2)| WarpVertex {
                source: source.at(travel[k], *share, back),
                target: *target,
                height_mm: hang.height(outward),
                cover: 1.0,
                normal,
            };
            let row = shares.iter().zip(&rib.targets).map(vertex).collect();
            (rib, row)
        })
        .unzip();
    let mut mesh = WarpMesh::default();
    weave(&mut mesh, &rows, |i, j| {
        ribs[i].is_seen(j) || ribs[i - 1].is_seen(j)
    });
    mesh
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fit::limb::Limb;

    fn wrist(axis: DVec3) -> Limb {
        Limb {
            axis,
            dorsal: DVec3::NEG_Z,
            side: axis.cross(DVec3::NEG_Z),
            half_side: 28.0,
            half_dorsal: 20.0,
        }
    }

    /// No place of a loop that hangs down lies lower in the picture than where its front ends and its back begins.
    #[test]
    fn a_loop_turns_at_its_lowest_place() {
        let hang = Hang::chain(&wrist(DVec3::X), 3.0, 210.0);
        assert!(hang.seen_sag() > 5.0);
        let height = |a: f64| hang.inside(hang.outward(a)).y;
        let lowest = (0..3600).map(|k| height(f64::from(k) / 3600.0 * TAU));
        let lowest = lowest.fold(f64::NEG_INFINITY, f64::max);
        let turned = turns(&hang)
            .map(height)
            .into_iter()
            .fold(f64::NEG_INFINITY, f64::max);
        assert!((lowest - turned).abs() < 0.05, "{lowest} {turned}");
    }

    /// Seen flat or at 60°, where a link still spans half its length, all shows; nearly on edge less and less.
    #[test]
    fn links_on_edge_cover_each_other() {
        for (deg, seen) in [
            (0.0f64, 4.0),
            (60.0, 4.0),
            (80.0, 4.0 * 0.17365 / 0.45),
            (90.0, 0.0),
        ] {
            let (sin, cos) = deg.to_radians().sin_cos();
            let found = links_seen(DVec3::new(0.0, 4.0 * cos, 4.0 * sin), DVec2::Y);
            assert!((found - seen).abs() < 1e-4, "{deg}: {found} {seen}");
        }
        // Along the arm the picture shows no more of a link.
        assert_eq!(links_seen(DVec3::new(2.0, 0.0, 2.0), DVec2::Y), 0.0);
    }

    #[test]
    fn on_the_wrist_it_turns_a_quarter_from_its_front() {
        let hang = Hang::bangle(&wrist(DVec3::NEG_Y), 34.0);
        let found = turns(&hang).map(|a| a - hang.facing());
        assert_eq!(found, [-FRAC_PI_2, FRAC_PI_2]);
    }

    /// The normal stands on the loop, and points away from its middle.
    #[test]
    fn normals_stand_on_the_loop() {
        let hang = Hang::chain(&wrist(DVec3::X), 3.0, 210.0);
        for k in 0..72 {
            let a = f64::from(k) / 72.0 * TAU;
            let at = |a: f64| hang.inside(hang.outward(a));
            let normal = hang.normal(a);
            assert!((normal.length() - 1.0).abs() < 1e-9 && normal.dot(hang.outward(a)) > 0.0);
            // Where it leaves the wrist there is a bend.
            let hanging = hang.hanging(hang.outward(a));
            if hanging == 0.0 || hanging > 0.1 {
                let along = (at(a + 1e-4) - at(a - 1e-4)).normalize();
                assert!(along.dot(normal).abs() < 0.03, "{k}: {}", along.dot(normal));
            }
        }
    }
}
