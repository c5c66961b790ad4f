//! What the shadow of a piece on a finger or wrist may fall on: the hand's own skin and a sleeve, not what lies behind.

use std::sync::Arc;

use crate::fit::visible;
use crate::fit::{Scene, WarpMesh};
use crate::imaging::{Mask, Rect};
use crate::locate::matte::{MatteSubject, Near, mattes_near};

/// Shadows of pieces that lie close reach no farther than this beyond them, mm.
const REACH_MM: f64 = 14.0;

/// Skin and cloth around `meshes` on the hand with index `hand` in the anatomy.
pub fn receiver<'a>(
    scene: &Scene,
    hand: usize,
    meshes: impl IntoIterator<Item = &'a WarpMesh, IntoIter: Clone>,
    px_per_mm: f64,
) -> Arc<Mask> {
    let points = meshes.into_iter().flat_map(|m| &m.vertices).map(|v| v.target);
    let photo = Rect::of_size(scene.anatomy.width, scene.anatomy.height);
    let near = Near::around(points, REACH_MM * px_per_mm, &photo);
    let mattes = mattes_near(scene.photo, scene.anatomy, MatteSubject::Hand(hand), near);
    Arc::new(visible::receiver(&mattes))
}
