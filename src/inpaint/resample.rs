//! Squares of numbers at another size.

/// Values of N channels at `to` × `to` from `from` × `from`, row by row: Catmull-Rom when growing, its support widened
/// by the factor when shrinking, so that every value counts. The same size gives the same values.
pub fn resize<const N: usize>(values: &[[f32; N]], from: usize, to: usize) -> Vec<[f32; N]> {
    if from == to {
        return values.to_vec();
    }
    let taps = taps(from, to);
    let mut wide = Vec::with_capacity(to * from);
    for row in values.chunks_exact(from.max(1)) {
        wide.extend(taps.iter().map(|t| t.gather(|i| row[i])));
    }
    let mut out = Vec::with_capacity(to * to);
    for t in &taps {
        out.extend((0..to).map(|x| t.gather(|y| wide[y * to + x])));
    }
    out
}

/// What one new value is made of: a first index, and weights from there on. All indices are below `from`.
struct Taps {
    first: usize,
    weights: Vec<f32>,
}

impl Taps {
    fn gather<const N: usize>(&self, at: impl Fn(usize) -> [f32; N]) -> [f32; N] {
        let mut sum = [0.0; N];
        for (i, w) in self.weights.iter().enumerate() {
            let v = at(self.first + i);
            for k in 0..N {
                sum[k] += w * v[k];
            }
        }
        sum
    }
}

fn taps(from: usize, to: usize) -> Vec<Taps> {
    let scale = from as f64 / to as f64;
    let wide = scale.max(1.0);
    (0..to)
        .map(|i| {
            let centre = (i as f64 + 0.5) * scale;
            let first = (centre - 2.0 * wide).floor().max(0.0) as usize;
            let last = ((centre + 2.0 * wide).ceil() as usize).min(from);
            let raw: Vec<f64> = (first..last)
                .map(|j| catmull_rom((j as f64 + 0.5 - centre) / wide))
                .collect();
            let sum: f64 = raw.iter().sum();
            Taps {
                first,
                weights: raw.iter().map(|w| (w / sum) as f32).collect(),
            }
        })
        .collect()
}

fn catmull_rom(x: f64) -> f64 {
    let x = x.abs();
    if x < 1.0 {
        (1.5 * x - 2.5) * x * x + 1.0
    } else if x < 2.0 {
        ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Catmull-Rom interpolation reproduces straight lines, away from the border.
    #[test]
    fn a_ramp_stays_a_ramp() {
        for (from, to) in [(16, 40), (40, 16), (16, 16), (24, 23)] {
            let ramp: Vec<[f32; 1]> = (0..from * from).map(|i| [(i % from) as f32 + 0.5]).collect();
            let got = resize(&ramp, from, to);
            let scale = from as f32 / to as f32;
            let border = (2.0 * scale.max(1.0) / scale).ceil() as usize + 1;
            for (i, v) in got.iter().enumerate() {
                let x = i % to;
                if x >= border && x < to - border {
                    let want = (x as f32 + 0.5) * scale;
                    assert!(
                        (v[0] - want).abs() < 0.02 * scale.max(1.0),
                        "{from} {to} {x}: {}",
                        v[0]
                    );
                }
            }
        }
    }

    #[test]
    fn a_constant_stays_itself() {
        let flat = vec![[0.25f32, 0.5]; 18 * 18];
        for to in [7, 18, 50] {
            for v in resize(&flat, 18, to) {
                assert!((v[0] - 0.25).abs() < 1e-6 && (v[1] - 0.5).abs() < 1e-6);
            }
        }
    }
}
