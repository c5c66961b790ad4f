//! What paints: the trait that the engines share.

use super::Noise;

/// How much a painter sees at once.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reach {
    /// Pixels of a tile's side as the painter takes it.
    pub side: u32,
    /// Millimetres that a tile should show.
    pub mm: f64,
    /// Border of a tile that is only shown to the painter, as a share of the side, below a quarter: models are unsure where
    /// they cannot see on.
    pub margin: f64,
    /// What it paints is a smooth change of what was there: a tile may be shrunk for it, is never enlarged, and its colours are
    /// right by themselves. Else a tile is never shrunk, for the skin's texture would be lost, and its colours, which may have
    /// drifted as an autoencoder's do, are matched at the band's rim.
    pub smooth: bool,
}

/// A tile as a painter sees it: squares of [`Reach::side`] pixels, or fewer for a smooth one, row by row.
#[derive(Debug, Clone)]
pub struct TileView {
    pub side: usize,
    /// The composite, sRGB-encoded, 0..=1.
    pub picture: Vec<[f32; 3]>,
    /// Coverage by jewelry.
    pub alpha: Vec<f32>,
    /// What is to be repainted: the share that the result will have.
    pub band: Vec<f32>,
    /// Shadow that was laid, 0 none ..= 1 black.
    pub shadow: Vec<f32>,
    /// What is neither skin nor jewelry: hair, cloth, background.
    pub other: Vec<f32>,
    /// Of this view.
    pub px_per_mm: f64,
    /// The tile's own stream.
    pub noise: Noise,
}

/// Repaints tiles.
pub trait Painter: Send + Sync {
    /// The engine's name in presets and results.
    fn name(&self) -> &'static str;

    fn reach(&self) -> Reach;

    /// The whole tile with its band repainted, sRGB-encoded, as many pixels as came in. The same view gives the same
    /// paint. What lies outside the band is not used.
    ///
    /// # Errors
    /// A sentence; the tile then stays as it is.
    fn paint(&self, view: &TileView) -> Result<Vec<[f32; 3]>, String>;
}
