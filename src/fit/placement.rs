use std::sync::Arc;

use glam::{DVec2, DVec3};

use crate::imaging::{Mask, Rect};
use crate::product::{Kind, ScaleSource};

/// Where and how one piece is worn in one photograph.
#[derive(Debug, Clone)]
pub struct Placement {
    pub kind: Kind,
    /// Drawn in this order, the farthest first.
    pub layers: Vec<Layer>,
    pub anchors: Vec<Anchor>,
    /// At the first anchor.
    pub px_per_mm: f64,
    pub scale: ScaleSource,
    /// Skin and cloth that shadows may fall on, 0..=1, over at least the piece and 30 mm around it. `None`: everything.
    pub receiver: Option<Arc<Mask>>,
}

/// A point of the body that the piece is fixed to.
#[derive(Debug, Clone)]
pub struct Anchor {
    /// `left_lobe`, `ring_finger`, `pit`, `wrist`, …
    pub name: String,
    pub position: DVec2,
    pub px_per_mm: f64,
}

/// One connected part of the piece that is warped by one mesh.
#[derive(Debug, Clone)]
pub struct Layer {
    pub mesh: WarpMesh,
    /// How much of the piece shows, 0..=1 in photo space: hair, cloth or fingers in front take it away. `None`: all.
    pub visible: Option<Arc<Mask>>,
    /// Photo-space region that the layer may touch.
    pub rect: Rect,
}

/// Triangles that carry product pixels to photo pixels.
#[derive(Debug, Clone, Default)]
pub struct WarpMesh {
    pub vertices: Vec<WarpVertex>,
    /// Indices into `vertices`; drawn in order, so that later triangles lie over earlier ones.
    pub triangles: Vec<[u32; 3]>,
}

#[derive(Debug, Clone, Copy)]
pub struct WarpVertex {
    /// Pixels of the trimmed cut-out.
    pub source: DVec2,
    /// Pixels of the photograph.
    pub target: DVec2,
    /// Height of the piece's underside above the skin, mm (0 where it touches).
    pub height_mm: f64,
    /// 1 in front, 0 behind the body; interpolated over the triangle and clamped there, so that values beyond both say
    /// where between the vertices the edge lies.
    pub cover: f64,
    /// Unit outward normal of the surface that carries the piece, camera frame; for shading.
    pub normal: DVec3,
}

/// Why a piece cannot be worn in this photograph.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{reason}: {detail}")]
pub struct Unfit {
    pub reason: UnfitReason,
    /// A plain sentence for the person who reads it.
    pub detail: String,
}

/// Named reasons; the wire names are `snake_case`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum UnfitReason {
    NoFace,
    NoHand,
    NoNeck,
    NoWrist,
    EarHidden,
    FingerFolded,
    FingerHidden,
    NeckHidden,
    WristHidden,
    TooSmall,
    /// The chain does not go around the neck.
    TooShort,
    OutOfFrame,
    ProductUnusable,
}

impl std::fmt::Display for UnfitReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::NoFace => "no_face",
            Self::NoHand => "no_hand",
            Self::NoNeck => "no_neck",
            Self::NoWrist => "no_wrist",
            Self::EarHidden => "ear_hidden",
            Self::FingerFolded => "finger_folded",
            Self::FingerHidden => "finger_hidden",
            Self::NeckHidden => "neck_hidden",
            Self::WristHidden => "wrist_hidden",
            Self::TooSmall => "too_small",
            Self::TooShort => "too_short",
            Self::OutOfFrame => "out_of_frame",
            Self::ProductUnusable => "product_unusable",
        })
    }
}
