//! The light that explains a set of shaded normals.
//!
//! Irradiance from a distant light is, to within a few per cent, its order-2 spherical-harmonics expansion
//! (Ramamoorthi and Hanrahan 2001). A single key light over an even fill is that expansion turned about the light's
//! direction: two amplitudes per direction. All nine coefficients fitted freely to the front half of a head would be
//! ill-posed, for no normal there faces away from the camera.

use glam::DVec3;

use super::skin::Sample;
use crate::locate::Light;

/// Directions tried on the whole sphere; the weighted mean below interpolates between them.
const DIRECTIONS: usize = 600;
/// Lights from farther behind the subject than this (cosine towards the camera) leave no key on the skin seen.
const BEHIND: f64 = -0.3;
const ROUNDS: usize = 8;
/// Residuals beyond this many robust standard deviations lose weight (Cauchy).
const CAUCHY: f64 = 1.5;
/// Unexplained share of variance by which a direction's say drops to 1/e in the weighted mean.
const TEMPERATURE: f64 = 0.02;

/// Fits key and fill to the luminance of the samples by iteratively reweighted least squares.
pub fn fit(samples: &[Sample], prior: &Prior) -> Option<Light> {
    let directions = directions();
    let costs: Vec<f64> = directions.iter().map(|d| prior.cost(*d)).collect();
    among(samples, &directions, &costs)
}

/// Key and fill of a light whose direction is known.
pub fn toward(samples: &[Sample], direction: DVec3) -> Option<Light> {
    among(samples, &[direction], &[0.0])
}

/// The light among `directions`, each with what it costs beforehand, that explains the samples best.
fn among(samples: &[Sample], directions: &[DVec3], prior: &[f64]) -> Option<Light> {
    let luminance: Vec<f64> = samples.iter().map(|s| scene(s.luminance())).collect();
    // One row per direction: the irradiance of each sample under a unit light from there.
    let basis: Vec<Vec<f64>> = directions
        .iter()
        .map(|d| samples.iter().map(|s| irradiance(s.normal.dot(*d))).collect())
        .collect();

    let mut weights = vec![1.0; samples.len()];
    let mut found = None;
    for _ in 0..ROUNDS {
        let around = Moments::of(&weights, &luminance);
        if around.variance <= f64::EPSILON * around.mean * around.mean {
            return None;
        }
        let fits: Vec<Fit> = basis
            .iter()
            .map(|row| Fit::of(row, &weights, &luminance, &around))
            .collect();
        let costs = fits.iter().zip(prior).map(|(f, p)| f.unexplained + p);
        let (best, lowest) = costs.clone().enumerate().min_by(|a, b| a.1.total_cmp(&b.1))?;
        let mut mean = DVec3::ZERO;
        let mut total = 0.0;
        for (cost, d) in costs.zip(directions) {
            let say = (-(cost - lowest) / TEMPERATURE).exp();
            mean += say * *d;
            total += say;
        }
        let (best_fit, row) = (&fits[best], &basis[best]);
        let residuals: Vec<f64> = row
            .iter()
            .zip(&luminance)
            .map(|(b, y)| y - best_fit.fill - best_fit.key * b)
            .collect();
        let scale = CAUCHY * robust_deviation(&residuals).max(1e-9);
        for (w, r) in weights.iter_mut().zip(&residuals) {
            *w = 1.0 / (1.0 + (r / scale).powi(2));
        }
        found = Some((
            mean / total,
            best_fit.key,
            best_fit.fill,
            1.0 - best_fit.unexplained,
        ));
    }
    let (mean, key, fill, explained) = found?;
    let direction = mean.try_normalize()?;
    Some(Light {
        direction,
        softness: (fill / (fill + key * irradiance(1.0)).max(1e-9)).clamp(0.0, 1.0),
        color: DVec3::ONE,
        skin_level: Some(photographed(fill + key * irradiance(1.0))),
        // Sure when the shading is explained and few directions explain it.
        confidence: (explained * mean.length()).clamp(0.0, 1.0),
    })
}

/// The light that left a value of the picture: photographs compress what is bright, and `v = s / (s + 1)` stands for
/// their tone curves.
fn scene(value: f64) -> f64 {
    /// Above this curves differ too much, and skin glistens.
    const BRIGHTEST: f64 = 0.9;
    let value = value.clamp(0.0, BRIGHTEST);
    value / (1.0 - value)
}

fn photographed(light: f64) -> f64 {
    light / (light + 1.0)
}

/// Order-2 expansion of a clamped cosine, `t` the cosine between normal and light.
fn irradiance(t: f64) -> f64 {
    (0.25 + 0.5 * t + 0.3125 * (1.5 * t * t - 0.5)).max(0.0)
}

/// Even spread of directions over the sphere (Fibonacci lattice), those behind the subject left out.
pub fn directions() -> Vec<DVec3> {
    let turn = std::f64::consts::PI * (1.0 + 5f64.sqrt());
    (0..DIRECTIONS)
        .map(|i| {
            let z = 1.0 - (2.0 * i as f64 + 1.0) / DIRECTIONS as f64;
            let (r, a) = ((1.0 - z * z).sqrt(), turn * (i as f64 + 0.5));
            DVec3::new(r * a.cos(), r * a.sin(), z)
        })
        .filter(|d| d.z > BEHIND)
        .collect()
}

/// Where light is looked for first, and how stubbornly: photographers light from above, a little to one side. The pull
/// is weak: it decides only what shading leaves open, mostly the elevation.
pub struct Prior {
    elevation_deg: f64,
    /// Shares of unexplained variance that 25° off that elevation and 60° to the side cost.
    above: f64,
    beside: f64,
}

/// Faces and necks are upright in the picture.
pub const UPRIGHT: Prior = Prior {
    elevation_deg: 30.0,
    above: 0.1,
    beside: 0.02,
};

/// Hands lie any way round, and are lit from farther off the camera's axis.
pub const ANYHOW: Prior = Prior {
    elevation_deg: 40.0,
    above: 0.03,
    beside: 0.01,
};

impl Prior {
    fn cost(&self, d: DVec3) -> f64 {
        let elevation = d.y.asin().to_degrees();
        let azimuth = d.x.atan2(d.z).to_degrees();
        self.above * ((elevation - self.elevation_deg) / 25.0).powi(2)
            + self.beside * (azimuth / 60.0).powi(2)
    }
}

struct Moments {
    total: f64,
    mean: f64,
    variance: f64,
}

impl Moments {
    fn of(weights: &[f64], values: &[f64]) -> Self {
        let total: f64 = weights.iter().sum();
        let mean = weights.iter().zip(values).map(|(w, v)| w * v).sum::<f64>() / total;
        let variance = weights
            .iter()
            .zip(values)
            .map(|(w, v)| w * (v - mean) * (v - mean))
            .sum::<f64>()
            / total;
        Self {
            total,
            mean,
            variance,
        }
    }
}

/// Least squares of `luminance = fill + key · irradiance` with both amplitudes at least 0.
struct Fit {
    key: f64,
    fill: f64,
    /// Share of the weighted variance left.
    unexplained: f64,
}

impl Fit {
    fn of(row: &[f64], weights: &[f64], luminance: &[f64], around: &Moments) -> Self {
        let (mut b, mut bb, mut by) = (0.0, 0.0, 0.0);
        for ((v, w), y) in row.iter().zip(weights).zip(luminance) {
            b += w * v;
            bb += w * v * v;
            by += w * v * y;
        }
        let (b, bb, by) = (b / around.total, bb / around.total, by / around.total);
        let mut key = ((by - b * around.mean) / (bb - b * b).max(1e-12)).max(0.0);
        let mut fill = around.mean - key * b;
        if fill < 0.0 {
            (key, fill) = (by / bb.max(1e-12), 0.0);
        }
        let yy = around.variance + around.mean * around.mean;
        let rest = yy + key * key * bb + fill * fill + 2.0 * key * fill * b
            - 2.0 * key * by
            - 2.0 * fill * around.mean;
        Self {
            key,
            fill,
            unexplained: rest.max(0.0) / around.variance,
        }
    }
}

/// Standard deviation of the bulk, from the median of magnitudes.
fn robust_deviation(residuals: &[f64]) -> f64 {
    let mut sizes: Vec<f64> = residuals.iter().map(|r| r.abs()).collect();
    let middle = sizes.len() / 2;
    let (_, median, _) = sizes.select_nth_unstable_by(middle, f64::total_cmp);
    1.4826 * *median
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Skin on the front of a sphere under a hard-edged Lambert light, photographed, with outliers: a beard, a hot spot.
    fn sphere(light: DVec3, key: f64, fill: f64) -> Vec<Sample> {
        let turn = std::f64::consts::PI * (1.0 + 5f64.sqrt());
        (0..600)
            .map(|i| {
                let z = 1.0 - (2.0 * i as f64 + 1.0) / 600.0;
                let (r, a) = ((1.0 - z * z).sqrt(), turn * (i as f64 + 0.5));
                DVec3::new(r * a.cos(), r * a.sin(), z)
            })
            .filter(|n| n.z > 0.2)
            .map(|normal| {
                let mut v = 0.4 * (fill + key * normal.dot(light).max(0.0));
                if normal.y < -0.55 && normal.x.abs() < 0.5 {
                    v *= 0.35;
                }
                if normal.distance(DVec3::new(0.1, 0.3, 0.95)) < 0.12 {
                    v += 0.5;
                }
                Sample {
                    normal,
                    color: [photographed(v) as f32; 3],
                }
            })
            .collect()
    }

    #[test]
    fn finds_a_light_of_known_direction() {
        for (x, y, z) in [
            (-0.7, 0.4, 0.6),
            (0.8, 0.5, 0.3),
            (0.05, 0.6, 0.8),
            (0.5, 0.1, 0.85),
        ] {
            let truth = DVec3::new(x, y, z).normalize();
            let light = fit(&sphere(truth, 1.0, 0.35), &UPRIGHT).unwrap();
            let off = light.direction.dot(truth).acos().to_degrees();
            assert!(off < 12.0, "{off}° off for {truth}: {light:?}");
            assert!(light.confidence > 0.5, "{light:?}");
        }
    }

    #[test]
    fn a_stronger_fill_is_a_softer_light() {
        let truth = DVec3::new(0.6, 0.4, 0.7).normalize();
        let softness = |fill| fit(&sphere(truth, 1.0, fill), &UPRIGHT).unwrap().softness;
        assert!(softness(0.1) < softness(0.5) && softness(0.5) < softness(2.0));
    }

    #[test]
    fn the_expansion_stays_near_the_clamped_cosine() {
        for i in -100..=100 {
            let t = f64::from(i) / 100.0;
            assert!((irradiance(t) - t.max(0.0)).abs() < 0.1, "{t}");
        }
    }

    #[test]
    fn even_skin_tells_nothing() {
        let mut samples = sphere(DVec3::Z, 0.0, 1.0);
        samples.iter_mut().for_each(|s| s.color = [0.3; 3]);
        assert!(fit(&samples, &UPRIGHT).is_none_or(|l| l.confidence < 0.3));
    }
}
