//! One half of the strap with its lugs: a ribbon that goes on from the case's edge, sloping down as far as the lugs reach,
//! then straight to the wrist and around it.

use std::f64::consts::PI;

use glam::{DVec2, DVec3};

use super::{EDGE, Pose, STRAP_MM};
use crate::fit::limb::tube::weave;
use crate::fit::limb::wrist::Seat;
use crate::fit::{WarpMesh, WarpVertex};
use crate::product::{Piece, WatchStructure};

/// Cross-lines over the lugs, from there to the wrist, and around it.
const LUG_STEPS: usize = 8;
const FREE_STEPS: usize = 12;
const STEPS: usize = 60;
/// Columns across.
const ACROSS: usize = 8;
/// Lugs leave the case this far above the strap's outside, mm, and slope down by this much per mm outwards.
const LUG_ROOT_MM: f64 = 2.5;
const LUG_SLOPE: f64 = 0.45;
/// The ribbon is this much wider than the strap: lugs stand beside it.
const WITH_LUGS: f64 = 1.8;
/// The last part of what the picture shows of a strap is not read, as a share of its length beyond the lugs.
const CUT_END: f64 = 0.15;
/// Share of a tube's curl along the arm that a strap does without.
const STIFFNESS: f64 = 0.7;
/// Straps longer than this many case diameters in the picture are laid out flat; shorter ones bend away or are cut.
const FLAT_LENGTH: f64 = 3.0;

/// Adds the half towards 12 o'clock (`sign` 1) or 6 o'clock (−1).
pub fn add(
    mesh: &mut WarpMesh,
    seat: &Seat,
    pose: &Pose,
    structure: &WatchStructure,
    piece: &Piece,
    sign: f64,
) {
    let edge = EDGE * structure.dial_radius;
    let rigid = structure.rigid.max(edge);
    let line = line(
        seat,
        seat.ulnar() * sign,
        (edge * pose.mm_per_px, rigid * pose.mm_per_px),
    );
    let Some(root) = line.first().map(|p| seat.view.project(p.at)) else {
        return;
    };
    let half = (WITH_LUGS * structure.strap_width / 2.0).min(structure.dial_radius);
    let reach = Reach::of(structure, piece, sign, rigid);
    // The case is moved by a similarity: its edge lies a little off where the lugs begin in space. The strap makes that
    // good before it touches the wrist.
    let off = pose.place(structure, structure.dial_center + structure.strap * (sign * edge)) - root;
    let rows: Vec<Vec<WarpVertex>> = line
        .iter()
        .map(|p| {
            let from =
                structure.dial_center + structure.strap * (sign * reach.seen(p.travelled / pose.mm_per_px));
            let at = seat.view.project(p.at);
            // A strap is stiff across: it bridges the hollows beside the wrist rather than curl along the arm.
            let along = seat.wrist.axis * (at - root).dot(seat.wrist.axis);
            let to = at - along * STIFFNESS + off * (1.0 - p.settled);
            let vertex = |k: usize| {
                let u = half * (2.0 * k as f64 / ACROSS as f64 - 1.0);
                WarpVertex {
                    source: from + structure.strap.perp() * u,
                    target: to + pose.twelve.perp() * (u * pose.scale),
                    height_mm: STRAP_GAP_MM + (1.0 - p.settled) * LUG_ROOT_MM,
                    cover: 1.0,
                    normal: p.normal,
                }
            };
            (0..=ACROSS).map(vertex).collect()
        })
        .collect();
    // From where it first turns away from the camera all is hidden behind the wrist.
    let facing = |p: &Point| p.normal.dot(seat.view.towards_camera(p.at)) > 0.0;
    let seen = line.iter().take_while(|p| facing(p)).count();
    weave(mesh, &rows, |i, _| i < seen);
}

/// Between strap and skin, mm.
const STRAP_GAP_MM: f64 = 0.3;

struct Point {
    at: DVec3,
    normal: DVec3,
    /// Distance from the dial's middle along the watch as its picture shows it, mm.
    travelled: f64,
    /// 0 at the case ..= 1 on the wrist.
    settled: f64,
}

/// The ribbon's middle line; `edge` and `rigid` tell where the case and the lugs end, mm from the dial's middle.
fn line(seat: &Seat, outwards: DVec3, (edge, rigid): (f64, f64)) -> Vec<Point> {
    let limb = &seat.limb;
    let root = outwards * edge + limb.dorsal * (limb.half_dorsal + STRAP_MM + LUG_ROOT_MM);
    let end = root + (outwards - limb.dorsal * LUG_SLOPE) * (rigid - edge);
    let direction = |t: f64| limb.dorsal * t.cos() + outwards * t.sin();
    let skin = |t: f64| limb.skin(direction(t), STRAP_MM);
    // The strap touches first where the line from the lugs leaves all of the wrist on its inner side.
    let steps = 4 * STEPS;
    let angle = |k: usize| PI * k as f64 / steps as f64;
    let turned = |k: usize| {
        let d = skin(angle(k)) - end;
        d.dot(outwards).atan2(-d.dot(limb.dorsal))
    };
    let touch = (0..=steps)
        .filter(|k| skin(angle(*k)).distance(end) > 1e-6)
        .max_by(|a, b| turned(*a).total_cmp(&turned(*b)))
        .map_or(0.0, angle);
    // Perpendicular to a stretch within the section, outwards.
    let normal =
        |d: DVec3| (limb.dorsal * d.dot(outwards) - outwards * d.dot(limb.dorsal)).normalize_or(limb.dorsal);
    let lugs = normal(outwards - limb.dorsal * LUG_SLOPE);
    let free = normal(skin(touch) - end);
    let share = |k: usize, of: usize| k as f64 / of as f64;
    let lugs = (0..LUG_STEPS).map(|k| (root.lerp(end, share(k, LUG_STEPS)), lugs));
    let free = (0..FREE_STEPS).map(|k| (end.lerp(skin(touch), share(k, FREE_STEPS)), free));
    let around = (0..=STEPS).map(|k| {
        let t = touch + (PI - touch) * share(k, STEPS);
        (skin(t), direction(t))
    });
    let mut travelled = edge;
    let mut last = root;
    lugs.chain(free)
        .chain(around)
        .enumerate()
        .map(|(k, (at, normal))| {
            // The picture shows the lugs from straight above.
            travelled += if k <= LUG_STEPS {
                (at - last).dot(outwards)
            } else {
                at.distance(last)
            };
            last = at;
            Point {
                at,
                normal,
                travelled,
                settled: share(k, LUG_STEPS + FREE_STEPS).min(1.0),
            }
        })
        .collect()
}

/// How far from the dial's middle a place along the strap is seen in the product picture, product pixels.
struct Reach {
    /// To the ends of the lugs, and of the strap.
    rigid: f64,
    end: f64,
    flat: bool,
}

impl Reach {
    fn of(structure: &WatchStructure, piece: &Piece, sign: f64, rigid: f64) -> Self {
        let size = DVec2::new(piece.pixels.width() as f64, piece.pixels.height() as f64);
        let corners = [
            DVec2::ZERO,
            size,
            DVec2::new(size.x, 0.0),
            DVec2::new(0.0, size.y),
        ];
        let along = corners.map(|c| (c - structure.dial_center).dot(structure.strap) * sign);
        let length = size.dot(structure.strap.abs());
        Self {
            rigid,
            // Not the strap's cut end, which fades when it is drawn out.
            end: rigid + (1.0 - CUT_END) * (along.iter().copied().fold(rigid, f64::max) - rigid),
            flat: length > FLAT_LENGTH * 2.0 * structure.dial_radius,
        }
    }

    /// A strap that bends away or is cut shows ever less of what is farther on: its last stretch is drawn out.
    fn seen(&self, travelled: f64) -> f64 {
        let left = (self.end - self.rigid).max(0.0);
        let beyond = travelled - self.rigid;
        if beyond <= 0.0 || self.flat || left <= 0.0 {
            return travelled.min(self.end.max(self.rigid));
        }
        self.rigid + left * (1.0 - (-beyond / left).exp())
    }
}
