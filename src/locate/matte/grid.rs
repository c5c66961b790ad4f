use glam::DVec2;

use super::Classes;

/// What is roughly where: class shares on a square grid of cells over a head or a hand.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct RegionGrid {
    /// Middle of the upright square, pixels of the photograph.
    pub centre: DVec2,
    /// Its side in pixels.
    pub side: f64,
    /// Cells along a side.
    pub size: usize,
    /// Row-major `size × size`: shares of skin, hair, cloth and background.
    pub classes: Vec<[f32; 4]>,
}

impl RegionGrid {
    /// Photo position of the middle of cell (x, y).
    pub fn middle(&self, x: usize, y: usize) -> DVec2 {
        let cell = self.side / self.size.max(1) as f64;
        self.centre - self.side / 2.0 + (DVec2::new(x as f64, y as f64) + 0.5) * cell
    }

    /// Class shares at photo position `p`, bilinear; outside the square those of its nearest point.
    pub fn sample(&self, p: DVec2) -> [f32; 4] {
        let cell = self.side / self.size.max(1) as f64;
        let last = self.size.saturating_sub(1) as f64;
        let q = ((p - self.centre + self.side / 2.0) / cell - 0.5).clamp(DVec2::ZERO, DVec2::splat(last));
        let f = q.floor();
        let (u, v) = ((q.x - f.x) as f32, (q.y - f.y) as f32);
        let (x, y) = (f.x as usize, f.y as usize);
        let (x1, y1) = ((x + 1).min(last as usize), (y + 1).min(last as usize));
        let at = |x: usize, y: usize| self.classes.get(y * self.size + x).copied().unwrap_or_default();
        let corners = [at(x, y), at(x1, y), at(x, y1), at(x1, y1)];
        let weights = [(1.0 - u) * (1.0 - v), u * (1.0 - v), (1.0 - u) * v, u * v];
        let mut out: Classes = [0.0; 4];
        for (corner, w) in corners.iter().zip(weights) {
            for (o, c) in out.iter_mut().zip(corner) {
                *o += c * w;
            }
        }
        out
    }
}
