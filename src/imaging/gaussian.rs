//! The Gaussian as weights of pixels.

/// One side of the sampled Gaussian out to three `sigma`, the middle first; both sides together sum to 1. `sigma` is above 0.
pub fn gaussian(sigma: f64) -> Vec<f32> {
    let reach = (3.0 * sigma).ceil() as usize;
    let side: Vec<f64> = (0..=reach)
        .map(|i| (-((i * i) as f64) / (2.0 * sigma * sigma)).exp())
        .collect();
    let sum = 2.0 * side.iter().sum::<f64>() - 1.0;
    side.iter().map(|v| (v / sum) as f32).collect()
}
