//! The real piece as photographed, made a placement: its own pixels at their own place, with the geometry that the
//! truth knows. What is left between the picture rendered from it and the worn picture is light and contact alone.

use std::path::Path;
use std::sync::Arc;

use glam::{DVec2, DVec3};
use image::{GrayImage, RgbImage};

use super::truth::{SceneKind, Truth, TruthPiece};
use crate::fit::{Layer, Placement, WarpMesh, WarpVertex};
use crate::imaging::pixel::decode_srgb8;
use crate::imaging::{Limits, LinearImage, Mask, Rect, open_cutout};
use crate::locate::body::Body;
use crate::product::band::Head;
use crate::product::{Facts, Kind, Piece, ScaleSource, Structure, WatchStructure};

/// One real piece and how it is worn.
pub struct Worn {
    pub piece: Piece,
    pub placement: Placement,
}

/// Bottom of a watch's case above the skin, and its height, as modelled, mm.
const CASE_FROM_MM: f64 = 2.1;
const CASE_MM: f64 = 7.5;
/// Middle of a link bracelet's links above the skin, and from there down to its underside, as modelled, mm: links 6 mm
/// wide, of wire of 0.85 mm radius, each rolled by 45 degrees.
const LINKS_MM: f64 = 4.2;
const LINK_HALF_MM: f64 = 2.4;
/// Spacing of the mesh that carries heights and normals, photo pixels.
const CELL: u32 = 4;

/// The pieces of a scene, each with the pixels of the mask that are nearest to it. `receiver` is where shadows fall;
/// product pictures lie in `folder`.
pub fn worn(
    truth: &Truth,
    folder: &Path,
    picture: &RgbImage,
    mask: &GrayImage,
    receiver: &GrayImage,
) -> Vec<Worn> {
    let anatomy = truth.anatomy(None);
    let body = Body::new(&anatomy);
    let (pieces, surfaces): (Vec<&TruthPiece>, Vec<Surface>) = truth
        .jewelry
        .iter()
        .filter_map(|piece| Some((piece, Surface::of(truth, piece, body.as_ref())?)))
        .unzip();
    let receiver = Arc::new(mask_of(receiver));
    (0..surfaces.len())
        .filter_map(|k| {
            let own = |p: DVec2| {
                let distance = |s: &Surface| {
                    s.points
                        .iter()
                        .map(|q| q.pixel.distance(p))
                        .fold(f64::INFINITY, f64::min)
                };
                let mine = distance(&surfaces[k]);
                surfaces
                    .iter()
                    .enumerate()
                    .all(|(i, s)| i == k || distance(s) >= mine)
            };
            let (rect, pixels) = cut(picture, mask, own)?;
            Some(Worn {
                piece: piece(folder, pieces[k], surfaces[k].kind, pixels),
                placement: Placement {
                    kind: surfaces[k].kind,
                    layers: vec![Layer {
                        mesh: mesh(&rect, &surfaces[k]),
                        visible: None,
                        rect,
                    }],
                    anchors: Vec::new(),
                    px_per_mm: surfaces[k].px_per_mm,
                    scale: ScaleSource::Given,
                    receiver: Some(receiver.clone()),
                },
            })
        })
        .collect()
}

/// A point of the piece in the picture, its height above the skin and the skin's normal (camera frame).
#[derive(Debug, Clone, Copy)]
struct SurfacePoint {
    pixel: DVec2,
    height_mm: f64,
    normal: DVec3,
}

struct Surface {
    kind: Kind,
    px_per_mm: f64,
    points: Vec<SurfacePoint>,
}

impl Surface {
    fn of(truth: &Truth, piece: &TruthPiece, body: Option<&Body>) -> Option<Self> {
        match (truth.kind, piece.piece.as_str()) {
            (_, "necklace") => Self::necklace(truth, piece, body?),
            (_, "earring") => Self::earring(truth, piece, body?),
            (SceneKind::Hand, "ring") => Self::ring(truth, piece),
            (SceneKind::Hand, _) => Self::around_wrist(truth, piece),
            _ => None,
        }
    }

    fn necklace(truth: &Truth, piece: &TruthPiece, body: &Body) -> Option<Self> {
        let curve: Vec<DVec3> = piece.curve3d.iter().map(|p| truth.to_camera(*p)).collect();
        let middle = curve.iter().sum::<DVec3>() / curve.len().max(1) as f64;
        let points = curve.iter().map(|p| SurfacePoint {
            pixel: truth.camera().project(*p),
            height_mm: 0.0,
            normal: body.direction_to_camera(body.distance(body.from_camera(*p)).1),
        });
        Some(Self {
            kind: Kind::Necklace,
            px_per_mm: truth.camera().px_per_mm(middle.z),
            points: points.filter(|p| p.normal.z < 0.2).collect(),
        })
    }

    /// From the lobe straight down; a drop hangs free of the neck.
    fn earring(truth: &Truth, piece: &TruthPiece, body: &Body) -> Option<Self> {
        let lobe = truth.to_camera(piece.origin3d?);
        let ear = truth.ears.get(piece.side.as_deref()?)?;
        let drop = size(piece, "total_drop_mm").or_else(|| size(piece, "diameter_mm"));
        let hangs = piece.spec.get("kind").and_then(|v| v.as_str()) != Some("pearl_stud");
        let length = if hangs { drop.unwrap_or(20.0) } else { 0.0 };
        let normal = truth.direction(ear.normal);
        let points = (0..=8).map(|k| {
            let down = length * f64::from(k) / 8.0;
            let p = lobe + DVec3::Y * down;
            let (gap, skin) = body.distance(body.from_camera(p));
            // Off the lobe it is the neck that receives.
            let free = (down / 6.0).min(1.0);
            SurfacePoint {
                pixel: truth.camera().project(p),
                height_mm: free * gap.max(0.0),
                normal: normal.lerp(body.direction_to_camera(skin), free).normalize(),
            }
        });
        Some(Self {
            kind: Kind::Earring,
            px_per_mm: ear.px_per_mm,
            points: points.collect(),
        })
    }

    /// The band lies on the finger; a stone stands on the band.
    fn ring(truth: &Truth, piece: &TruthPiece) -> Option<Self> {
        let finger = truth.fingers.get(piece.finger.as_deref()?)?;
        let frame = Frame::of(truth, piece)?;
        let inner = size(piece, "inner_diameter_mm")? / 2.0;
        let mut points = frame.front_of_circle(inner + 0.9, 0.0);
        if let Some(stone) = size(piece, "stone_mm") {
            // The girdle, as modelled, above the skin under the band.
            let girdle = 1.6 + 0.62 * stone;
            let top = frame.point(DVec3::new(0.0, -(inner + girdle), 0.0));
            hide_under(
                &mut points,
                truth.camera().project(top),
                0.5 * stone * finger.px_per_mm,
            );
            for k in 0..12 {
                let (s, c) = (f64::from(k) / 12.0 * std::f64::consts::TAU).sin_cos();
                for r in [0.3, 0.55] {
                    let p = top + frame.x * (r * stone * c) + frame.z * (r * stone * s);
                    points.push(SurfacePoint {
                        pixel: truth.camera().project(p),
                        height_mm: girdle - Head::HALF_MM,
                        normal: -frame.y,
                    });
                }
            }
        }
        Some(Self {
            kind: Kind::Ring,
            px_per_mm: finger.px_per_mm,
            points,
        })
    }

    fn around_wrist(truth: &Truth, piece: &TruthPiece) -> Option<Self> {
        let wrist = truth.wrist.as_ref()?;
        let skin: Vec<DVec3> = wrist.ring3d.iter().map(|p| truth.to_camera(*p)).collect();
        let kind = piece.product.as_ref().map_or(Kind::Bracelet, |p| p.kind);
        let frame = Frame::of(truth, piece)?;
        let points = match size(piece, "inner_diameter_mm") {
            // A bangle: rigid and free of the skin except where it rests.
            Some(inner) => {
                let thickness = size(piece, "thickness_mm").unwrap_or(4.0);
                let mut points = frame.front_of_circle((inner + thickness) / 2.0, 0.0);
                for p in &mut points {
                    let depth = frame.origin.z;
                    let at = truth.camera().unproject(p.pixel, depth);
                    let near = |q: &&DVec3| (q.truncate() - at.truncate()).length();
                    let front = skin.iter().filter(|q| q.z < frame.origin.z);
                    if let Some(q) = front.min_by(|a, b| near(a).total_cmp(&near(b))) {
                        let radial = q - frame.origin;
                        p.height_mm = ((inner / 2.0) - radial.length()).max(0.0);
                    }
                }
                points
            }
            None => {
                let above = match kind {
                    Kind::Bracelet => LINKS_MM,
                    _ => 0.0,
                };
                let front = skin.iter().filter(|q| q.z < frame.origin.z);
                let around = front.map(|q| {
                    let normal = (q - frame.origin).normalize();
                    SurfacePoint {
                        pixel: truth.camera().project(q + normal * above),
                        height_mm: (above - LINK_HALF_MM).max(0.0),
                        normal,
                    }
                });
                let mut points: Vec<SurfacePoint> = around.collect();
                if let Some(diameter) = size(piece, "case_diameter_mm") {
                    let crystal = frame.crystal(&skin);
                    let radius = diameter / 2.0;
                    hide_under(
                        &mut points,
                        frame.camera.project(crystal),
                        radius * wrist.px_per_mm,
                    );
                    points.extend(frame.watch_case(crystal, radius));
                }
                points
            }
        };
        Some(Self {
            kind,
            px_per_mm: wrist.px_per_mm,
            points,
        })
    }

    /// Height and normal at a photo position, from the nearest points.
    fn at(&self, p: DVec2) -> (f64, DVec3) {
        let (mut weight, mut height, mut normal) = (0.0, 0.0, DVec3::ZERO);
        for q in &self.points {
            let d = q.pixel.distance(p) / self.px_per_mm;
            let w = 1.0 / (0.5 + d).powi(4);
            weight += w;
            height += w * q.height_mm;
            normal += w * q.normal;
        }
        (
            height / weight.max(1e-12),
            normal.try_normalize().unwrap_or(DVec3::NEG_Z),
        )
    }
}

/// A piece's own axes in camera millimetres: z along the finger or wrist, -y out of its back.
struct Frame {
    camera: crate::locate::camera::Camera,
    origin: DVec3,
    x: DVec3,
    y: DVec3,
    z: DVec3,
}

impl Frame {
    fn of(truth: &Truth, piece: &TruthPiece) -> Option<Self> {
        let r = piece.rotation?;
        let axis = |k: usize| truth.direction(DVec3::new(r[0][k], r[1][k], r[2][k]));
        Some(Self {
            camera: truth.camera(),
            origin: truth.to_camera(piece.origin3d?),
            x: axis(0),
            y: axis(1),
            z: axis(2),
        })
    }

    /// The dial of a watch, as modelled: flat over the back of the wrist, around the crystal's middle.
    fn watch_case(&self, crystal: DVec3, radius: f64) -> Vec<SurfacePoint> {
        let turns = (0..24).map(|k| (f64::from(k) / 24.0 * std::f64::consts::TAU).sin_cos());
        let disc = turns.flat_map(|(s, c)| [0.2, 0.5, 0.8, 1.0].map(|r| (r * radius * c, r * radius * s)));
        disc.map(|(x, z)| SurfacePoint {
            pixel: self.camera.project(crystal + self.x * x + self.z * z),
            height_mm: CASE_FROM_MM,
            normal: -self.y,
        })
        .collect()
    }

    /// The middle of a watch's crystal.
    fn crystal(&self, skin: &[DVec3]) -> DVec3 {
        let back = skin.iter().map(|q| (q - self.origin).dot(self.y));
        self.point(DVec3::Y * (back.fold(f64::INFINITY, f64::min) - CASE_FROM_MM - CASE_MM))
    }

    fn point(&self, p: DVec3) -> DVec3 {
        self.origin + self.x * p.x + self.y * p.y + self.z * p.z
    }

    /// The half of a circle around z that faces the camera.
    fn front_of_circle(&self, radius: f64, height_mm: f64) -> Vec<SurfacePoint> {
        (0..96)
            .map(|k| {
                let (s, c) = (f64::from(k) / 96.0 * std::f64::consts::TAU).sin_cos();
                let normal = self.x * c + self.y * s;
                let p = self.point(DVec3::new(radius * c, radius * s, 0.0));
                SurfacePoint {
                    pixel: self.camera.project(p),
                    height_mm,
                    normal,
                }
            })
            .filter(|p| p.normal.z < 0.1)
            .collect()
    }
}

/// Leaves out the points under a stone or a case, which do not show.
fn hide_under(points: &mut Vec<SurfacePoint>, middle: DVec2, radius_px: f64) {
    points.retain(|p| p.pixel.distance(middle) > radius_px);
}

fn size(piece: &TruthPiece, name: &str) -> Option<f64> {
    piece.spec.get(name)?.as_f64()
}

/// The masked pixels that `own` claims, premultiplied, and where they lie.
fn cut(picture: &RgbImage, mask: &GrayImage, own: impl Fn(DVec2) -> bool) -> Option<(Rect, LinearImage)> {
    let claimed: Vec<(u32, u32, u8)> = mask
        .enumerate_pixels()
        .filter(|(x, y, m)| m[0] > 0 && own(DVec2::new(f64::from(*x), f64::from(*y)) + 0.5))
        .map(|(x, y, m)| (x, y, m[0]))
        .collect();
    let rect = Rect::around(
        claimed
            .iter()
            .map(|(x, y, _)| DVec2::new(f64::from(*x), f64::from(*y))),
        1.0,
    )
    .clip(&Rect::of_size(picture.width(), picture.height()));
    if rect.is_empty() {
        return None;
    }
    let mut pixels = LinearImage::transparent(Rect::of_size(rect.width, rect.height));
    for (x, y, m) in claimed {
        let a = f32::from(m) / 255.0;
        let [r, g, b] = picture.get_pixel(x, y).0.map(|v| decode_srgb8(v) * a);
        let at = (y as i32 - rect.y) as usize * rect.width as usize + (x as i32 - rect.x) as usize;
        if let Some(px) = pixels.data.get_mut(at) {
            *px = [r, g, b, a];
        }
    }
    Some((rect, pixels))
}

/// The identity, with heights and normals.
fn mesh(rect: &Rect, surface: &Surface) -> WarpMesh {
    let (nx, ny) = (rect.width.div_ceil(CELL), rect.height.div_ceil(CELL));
    let mut mesh = WarpMesh::default();
    for j in 0..=ny {
        for i in 0..=nx {
            let source = DVec2::new(
                f64::from((i * CELL).min(rect.width)),
                f64::from((j * CELL).min(rect.height)),
            );
            let target = source + DVec2::new(f64::from(rect.x), f64::from(rect.y));
            let (height_mm, normal) = surface.at(target);
            mesh.vertices.push(WarpVertex {
                source,
                target,
                height_mm,
                cover: 1.0,
                normal,
            });
        }
    }
    for j in 0..ny {
        for i in 0..nx {
            let a = j * (nx + 1) + i;
            mesh.triangles.push([a, a + 1, a + nx + 2]);
            mesh.triangles.push([a, a + nx + 2, a + nx + 1]);
        }
    }
    mesh
}

pub(super) fn mask_of(image: &GrayImage) -> Mask {
    Mask {
        rect: Rect::of_size(image.width(), image.height()),
        data: image.as_raw().iter().map(|v| f32::from(*v) / 255.0).collect(),
        outside: 0.0,
    }
}

/// The product as the program reads it, for how thick it is, with the pixels of the worn picture.
fn piece(folder: &Path, worn: &TruthPiece, kind: Kind, pixels: LinearImage) -> Piece {
    let read = worn.product.as_ref().and_then(|product| {
        let cutout = open_cutout(&folder.join(&product.file), &Limits::default()).ok()?;
        crate::product::read(&cutout, kind, &product.facts()).ok()
    });
    let (mm_per_px, structure) = match read {
        Some(read) => (read.mm_per_px, read.structure),
        None => (1.0, Structure::Watch(PLAIN)),
    };
    Piece {
        kind,
        pixels: Arc::new(pixels),
        pyramid: Arc::default(),
        mm_per_px,
        scale: ScaleSource::Given,
        facts: Facts::default(),
        structure,
    }
}

/// Stands for a product that cannot be read: a strap's thickness.
const PLAIN: WatchStructure = WatchStructure {
    dial_center: DVec2::ZERO,
    dial_radius: 1.0,
    strap: DVec2::NEG_Y,
    strap_width: 1.0,
    rigid: 1.0,
};
