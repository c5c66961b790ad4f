//! Exact Euclidean distances on a grid: Felzenszwalb and Huttenlocher, "Distance transforms of sampled functions", 2012.

/// Distance from each cell's centre to that of the nearest cell that is `inside`, in cells; infinite when none is.
/// Row-major, `inside.len()` is a multiple of `width`.
pub fn distances(inside: &[bool], width: usize) -> Vec<f32> {
    let height = inside.len().checked_div(width).unwrap_or(0);
    let mut squared: Vec<f64> = inside
        .iter()
        .map(|i| if *i { 0.0 } else { f64::INFINITY })
        .collect();
    let longest = width.max(height);
    let mut hull = Hull::with_capacity(longest);
    let mut line = Vec::with_capacity(longest);
    for x in 0..width {
        line.clear();
        line.extend(squared.iter().skip(x).step_by(width));
        hull.of(&line);
        for (cell, d) in squared.iter_mut().skip(x).step_by(width).zip(hull.values(height)) {
            *cell = d;
        }
    }
    for row in squared.chunks_exact_mut(width.max(1)) {
        hull.of(row);
        for (cell, d) in row.iter_mut().zip(hull.values(width)) {
            *cell = d;
        }
    }
    squared.iter().map(|d| d.sqrt() as f32).collect()
}

/// Lower envelope of the parabolas (x − i)² + f(i).
struct Hull {
    /// Root i, f(i), and where the parabola becomes the lowest.
    parabolas: Vec<(f64, f64, f64)>,
}

impl Hull {
    fn with_capacity(n: usize) -> Self {
        Self {
            parabolas: Vec::with_capacity(n),
        }
    }

    fn of(&mut self, f: &[f64]) {
        self.parabolas.clear();
        for (i, &value) in f.iter().enumerate() {
            if value.is_infinite() {
                continue;
            }
            let i = i as f64;
            let mut from = f64::NEG_INFINITY;
            while let Some(&(j, other, start)) = self.parabolas.last() {
                from = ((value + i * i) - (other + j * j)) / (2.0 * (i - j));
                if from > start {
                    break;
                }
                self.parabolas.pop();
                from = f64::NEG_INFINITY;
            }
            self.parabolas.push((i, value, from));
        }
    }

    /// The envelope at 0, 1, … n − 1.
    fn values(&self, n: usize) -> impl Iterator<Item = f64> + '_ {
        let mut k = 0;
        (0..n).map(move |x| {
            let x = x as f64;
            while self.parabolas.get(k + 1).is_some_and(|next| next.2 <= x) {
                k += 1;
            }
            self.parabolas
                .get(k)
                .map_or(f64::INFINITY, |(i, f, _)| (x - i) * (x - i) + f)
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn as_by_trying_every_cell(width in 1usize..14, cells in prop::collection::vec(prop::bool::weighted(0.1), 1..160)) {
            let cells = &cells[..cells.len() / width * width];
            let got = distances(cells, width);
            for (i, d) in got.iter().enumerate() {
                let brute = (0..cells.len())
                    .filter(|j| cells[*j])
                    .map(|j| {
                        let (dx, dy) = ((i % width).abs_diff(j % width) as f32, (i / width).abs_diff(j / width) as f32);
                        dx.hypot(dy)
                    })
                    .fold(f32::INFINITY, f32::min);
                prop_assert!(*d == brute || (d - brute).abs() < 1e-5, "{i}: {d} for {brute}");
            }
        }
    }
}
