//! The colour of the band's outer rim matched to the picture around it.

/// Takes from a change of colour what it is at the rim nearby, so that it comes to nothing there on average: the mean
/// over the rim, weighted by a smooth bump about as wide as the band.
///
/// `change` and `rim` are squares of `side` pixels.
pub fn match_rim(change: &mut [[f32; 3]], rim: &[f32], side: usize, width_px: f64) {
    /// Rim that is seen from so far away says little.
    const FAINT: f32 = 1e-3;
    let mut field: Vec<[f32; 4]> = change
        .iter()
        .zip(rim)
        .map(|(c, r)| [c[0] * r, c[1] * r, c[2] * r, *r])
        .collect();
    // Three boxes of this radius have a standard deviation of about the band's width.
    let radius = (width_px.round() as usize).clamp(1, side.max(1));
    for _ in 0..3 {
        blur_rows(&mut field, side, radius);
        transpose(&mut field, side);
        blur_rows(&mut field, side, radius);
        transpose(&mut field, side);
    }
    for (c, f) in change.iter_mut().zip(&field) {
        for k in 0..3 {
            c[k] -= f[k] / (f[3] + FAINT);
        }
    }
}

/// Running means of `2 radius + 1` values along each row; beyond its ends there is nothing.
fn blur_rows(field: &mut [[f32; 4]], side: usize, radius: usize) {
    let share = 1.0 / (2 * radius + 1) as f64;
    let mut sums = vec![[0.0f64; 4]; side + 1];
    for row in field.chunks_exact_mut(side.max(1)) {
        for (i, v) in row.iter().enumerate() {
            for k in 0..4 {
                sums[i + 1][k] = sums[i][k] + f64::from(v[k]);
            }
        }
        for (i, v) in row.iter_mut().enumerate() {
            let (a, b) = (i.saturating_sub(radius), (i + radius + 1).min(side));
            for k in 0..4 {
                v[k] = ((sums[b][k] - sums[a][k]) * share) as f32;
            }
        }
    }
}

fn transpose(field: &mut [[f32; 4]], side: usize) {
    for y in 0..side {
        for x in 0..y {
            field.swap(y * side + x, x * side + y);
        }
    }
}
