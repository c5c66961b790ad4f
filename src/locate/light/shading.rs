//! The direction of light from how the back of a hand is shaded, against how hands are shaded.
//!
//! Fingers shade each other and a hand's back is no plane, so a light fitted to cylinders comes out too low. What each
//! station really shows is learned: the logarithm of its light, against the hand's median, is taken as normally
//! distributed around a mean that depends on the light's direction in the station's own axes, in spherical harmonics to
//! the second order; what stations err by together (veins, tan, a watch's strap) is a covariance of few factors. The
//! direction is the mean of the posterior over the sphere. `onnx/train/shading` makes the table.

use std::sync::LazyLock;

use glam::DVec3;
use nalgebra::{DMatrix, DVector};
use serde::Deserialize;

use super::hand::{STATIONS, Station};
use super::skin::median;

/// Harmonics of the first and second order.
const HARMONICS: usize = 8;
/// Fewest stations, as a share of all, that a direction is read from.
const LEAST: f64 = 0.6;
/// A station brighter than this is blown out or glistens.
const BRIGHTEST: f64 = 0.95;
/// How far shading is stronger or weaker than usual, standard deviation and limits: hard lamps and overcast skies.
const STRENGTH: (f64, [f64; 2]) = (0.35, [0.4, 1.6]);
/// Photographers light from above: where the light is looked for first and how far that spreads, degrees; and
/// sideways.
const ELEVATION_DEG: (f64, f64) = (40.0, 30.0);
const AZIMUTH_DEG: f64 = 134.0;
/// How much of its own say a station keeps: what errs together is known from some hundred pictures only.
const TEMPER: f64 = 0.5;
/// Against the hand's own brightness, which says nothing, everything else is small.
const ANY_GAIN: f64 = 10.0;

/// How a station is shaded.
#[derive(Debug, Deserialize)]
struct Shading {
    mean: f64,
    /// By the harmonics of the light's direction.
    light: [f64; HARMONICS],
    /// What it errs by together with others, one per factor, and by itself, variance.
    common: Vec<f64>,
    own: f64,
}

#[derive(Debug, Deserialize)]
struct Table {
    /// Misfit per station that a hand like those learned from rarely exceeds.
    usual_misfit: f64,
    stations: Vec<Shading>,
}

/// `None` for a table that does not fit the stations; a test holds it to them.
static TABLE: LazyLock<Option<Table>> = LazyLock::new(|| {
    let table: Table = serde_json::from_str(include_str!("../../../onnx/hand_shading.json")).ok()?;
    let factors = table.stations.first()?.common.len();
    let whole = table.stations.len() == STATIONS && table.stations.iter().all(|s| s.common.len() == factors);
    whole.then_some(table)
});

/// A direction and how sure it is, 0..=1.
#[derive(Debug, Clone, Copy)]
pub struct Seen {
    pub direction: DVec3,
    pub confidence: f64,
}

/// The light's direction by the stations of a hand seen from its back, among `directions`; `None` when too few show.
pub fn direction(stations: &[Option<Station>], directions: &[DVec3]) -> Option<Seen> {
    let table = TABLE.as_ref()?;
    let seen: Vec<(&Station, &Shading)> = stations
        .iter()
        .zip(&table.stations)
        .filter_map(|(s, shading)| Some((s.as_ref()?, shading)))
        .collect();
    if (seen.len() as f64) < LEAST * STATIONS as f64 {
        return None;
    }
    let mut light: Vec<f64> = seen
        .iter()
        .map(|(s, _)| {
            let v = s.sample.luminance().min(BRIGHTEST);
            (v / (1.0 - v) + 1e-3).ln()
        })
        .collect();
    let middle = median(light.iter().copied());
    for (v, (_, shading)) in light.iter_mut().zip(&seen) {
        *v -= middle + shading.mean;
    }
    let errors = Errors::of(&seen)?;
    let y = errors.whiten(&DVector::from_vec(light));
    let yy = errors.dot(&y, &y);
    let mut best = f64::INFINITY;
    let costs: Vec<f64> = directions
        .iter()
        .map(|d| {
            let shaded = seen.iter().map(|(s, shading)| {
                let h = harmonics(s.local(*d));
                h.iter().zip(&shading.light).map(|(h, l)| h * l).sum::<f64>()
            });
            let m = errors.whiten(&DVector::from_iterator(seen.len(), shaded));
            let (mm, my) = (errors.dot(&m, &m), errors.dot(&m, &y));
            // The strength that explains most, near the usual one.
            let usual = STRENGTH.0.powi(-2);
            let strength = ((my + usual) / (mm + usual)).clamp(STRENGTH.1[0], STRENGTH.1[1]);
            let misfit = yy - 2.0 * strength * my + strength * strength * mm;
            best = best.min(misfit);
            misfit + usual * (strength - 1.0).powi(2) + unusual(*d)
        })
        .collect();
    let lowest = costs.iter().copied().fold(f64::INFINITY, f64::min);
    let (mut mean, mut total) = (DVec3::ZERO, 0.0);
    for (cost, d) in costs.iter().zip(directions) {
        let say = (0.5 * TEMPER * (lowest - cost)).exp();
        mean += say * *d;
        total += say;
    }
    let mean = mean / total;
    let misfit = best.max(0.0) / seen.len() as f64;
    Some(Seen {
        direction: mean.try_normalize()?,
        confidence: (mean.length() * (table.usual_misfit / misfit.max(1e-9)).min(1.0)).clamp(0.0, 1.0),
    })
}

/// What it costs that photographers seldom light from there.
fn unusual(d: DVec3) -> f64 {
    let elevation = (d.y.clamp(-1.0, 1.0).asin().to_degrees() - ELEVATION_DEG.0) / ELEVATION_DEG.1;
    let azimuth = d.x.atan2(d.z).to_degrees() / AZIMUTH_DEG;
    0.5 * (elevation * elevation + azimuth * azimuth)
}

fn harmonics(d: DVec3) -> [f64; HARMONICS] {
    let DVec3 { x, y, z } = d;
    [x, y, z, x * y, y * z, 3.0 * z * z - 1.0, x * z, x * x - y * y]
}

/// The inverse of a covariance `D + A Aᵀ` of few factors `A`, by Woodbury's identity.
struct Errors {
    /// Root of `1 / D`.
    own: DVector<f64>,
    /// `A` scaled by that, turned and scaled so that `1 − B Bᵀ` is the inverse between scaled vectors.
    factors: DMatrix<f64>,
}

/// A vector in units of its stations' own errors, and what of it the factors explain.
struct Whitened {
    scaled: DVector<f64>,
    explained: DVector<f64>,
}

impl Errors {
    fn of(seen: &[(&Station, &Shading)]) -> Option<Self> {
        let own = DVector::from_iterator(
            seen.len(),
            seen.iter().map(|(_, s)| s.own.max(1e-6).sqrt().recip()),
        );
        let count = seen.first()?.1.common.len();
        // One factor more: all brighter or darker.
        let factors = DMatrix::from_fn(seen.len(), count + 1, |i, k| {
            own[i] * seen[i].1.common.get(k).copied().unwrap_or(ANY_GAIN)
        });
        let inner = DMatrix::identity(count + 1, count + 1) + factors.transpose() * &factors;
        // With L Lᵀ = inner, B = A L⁻ᵀ.
        let lower = inner.cholesky()?.l();
        let turned = lower.solve_lower_triangular(&factors.transpose())?.transpose();
        Some(Self { own, factors: turned })
    }

    fn whiten(&self, v: &DVector<f64>) -> Whitened {
        let scaled = v.component_mul(&self.own);
        Whitened {
            explained: self.factors.tr_mul(&scaled),
            scaled,
        }
    }

    fn dot(&self, a: &Whitened, b: &Whitened) -> f64 {
        a.scaled.dot(&b.scaled) - a.explained.dot(&b.explained)
    }
}

#[cfg(test)]
mod tests {
    use super::super::fit::directions;
    use super::super::skin::Sample;
    use super::*;

    /// A hand flat to the camera, shaded as the table says hands are under `light`, times `gain`; mirrored, the
    /// other hand.
    fn shaded(light: DVec3, gain: f64, mirrored: bool) -> Vec<Option<Station>> {
        let side = if mirrored { -1.0 } else { 1.0 };
        let frame = [DVec3::Y, DVec3::X * side, DVec3::Z];
        let table = TABLE.as_ref().expect("a table");
        table
            .stations
            .iter()
            .map(|s| {
                let local = DVec3::from_array(frame.map(|axis| axis.dot(light)));
                let h = harmonics(local);
                let log = s.mean + h.iter().zip(&s.light).map(|(h, l)| h * l).sum::<f64>();
                let v = gain * log.exp();
                Some(Station {
                    frame,
                    sample: Sample {
                        normal: DVec3::Z,
                        color: [(v / (1.0 + v)) as f32; 3],
                    },
                })
            })
            .collect()
    }

    #[test]
    fn the_table_is_whole() {
        assert_eq!(TABLE.as_ref().map(|t| t.stations.len()), Some(STATIONS));
    }

    #[test]
    fn a_hand_shaded_as_hands_are_tells_the_light() {
        for light in [
            (-0.5, 0.6, 0.6),
            (0.3, 0.8, 0.5),
            (0.0, 0.3, 0.95),
            (0.7, 0.2, 0.7),
        ] {
            let light = DVec3::from(light).normalize();
            for gain in [0.1, 0.6] {
                let seen = direction(&shaded(light, gain, false), &directions()).expect("a hand");
                let off = seen.direction.dot(light).acos().to_degrees();
                assert!(off < 8.0, "{off}° off for {light}: {seen:?}");
                assert!(seen.confidence > 0.8, "{seen:?}");
            }
        }
    }

    #[test]
    fn the_other_hand_tells_the_mirrored_light() {
        let light = DVec3::new(-0.5, 0.6, 0.6).normalize();
        let mirrored = DVec3::new(0.5, 0.6, 0.6).normalize();
        let seen = direction(&shaded(mirrored, 0.4, true), &directions()).expect("a hand");
        let own = direction(&shaded(light, 0.4, false), &directions()).expect("a hand");
        assert!((seen.direction * DVec3::new(-1.0, 1.0, 1.0)).distance(own.direction) < 0.08);
    }

    #[test]
    fn what_is_no_hand_is_unsure_and_half_a_hand_says_nothing() {
        let mut stations = shaded(DVec3::Z, 0.4, false);
        // Stripes, as a glove has them.
        for (i, s) in stations.iter_mut().flatten().enumerate() {
            s.sample.color = [if i % 2 == 0 { 0.05 } else { 0.6 }; 3];
        }
        let seen = direction(&stations, &directions()).expect("stations");
        assert!(seen.confidence < 0.2, "{seen:?}");
        stations.iter_mut().skip(STATIONS / 2).for_each(|s| *s = None);
        assert!(direction(&stations, &directions()).is_none());
    }
}
