//! Light and its loss spread within skin: red farthest, so that the edge of a shadow is soft and warm.

use super::blur::blur;
use super::grid::Field;

/// Share of the light that comes back out of skin after it has wandered.
const WANDERS: f32 = 0.525;
/// Standard deviation of how far, per channel, mm. The order is that of measured skin (Jensen et al. 2001); the sizes
/// are fitted to rendered skin.
const FAR_MM: [f64; 3] = [0.9, 0.6, 0.55];
/// Farthest that anything is spread, mm.
pub const REACH_MM: f64 = 4.0;

/// Spreads the loss of light in one channel.
pub fn scatter(taken: &Field, channel: usize) -> Field {
    let mut spread = taken.clone();
    let far = FAR_MM[channel.min(2)] * taken.lattice.cells_per_mm;
    // Less than a few tenths of a cell changes nothing.
    if far < 0.3 {
        return spread;
    }
    blur(&mut spread, far);
    for (s, t) in spread.data.iter_mut().zip(&taken.data) {
        *s = (1.0 - WANDERS) * t + WANDERS * *s;
    }
    spread
}
