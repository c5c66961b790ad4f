//! A chain as an inextensible rope on a surface: extended position-based dynamics.
//!
//! Macklin, Müller, Chentanez: *XPBD: position-based simulation of compliant constrained dynamics*, MIG 2016; the
//! compliance is zero, since a chain does not stretch. Contact friction after Macklin et al., *Unified particle
//! physics for real-time applications*, 2014, section 6.1.
//!
//! Two things make it come to rest quickly without stretch. It settles coarse to fine: a rope of few particles
//! passes its weight on in a few sweeps, and each finer rope starts where the coarser one lies. And gravity fades
//! out during each level: the resting shape of a rope does not depend on how strong gravity is, only what stretch
//! the sweeps leave does. Steps and sweeps are counted, so that the same rope always comes to rest in the same place.

use glam::DVec3;

use crate::curve;

/// What the rope lies on.
pub trait Surface {
    /// Distance of `p` from the surface (negative inside) and the unit outward normal there.
    fn contact(&self, p: DVec3) -> (f64, DVec3);
}

impl Surface for crate::locate::body::Body {
    fn contact(&self, p: DVec3) -> (f64, DVec3) {
        self.distance(p)
    }
}

/// A rope at rest or on its way there.
#[derive(Debug, Clone)]
pub struct Rope {
    pub points: Vec<DVec3>,
    /// Length of one segment, mm.
    pub rest: f64,
    /// The last point is tied to the first.
    pub closed: bool,
    /// Per particle: 0 pins it.
    pub inverse_mass: Vec<f64>,
}

/// How a rope is settled.
#[derive(Debug, Clone, Copy)]
pub struct Settle {
    /// Unit direction of gravity.
    pub down: DVec3,
    /// Half the thickness of the chain: its centre line keeps this far from the surface, mm.
    pub radius: f64,
    /// Coulomb coefficient between chain and skin.
    pub friction: f64,
}

/// Particles, and steps, of each level.
const LEVELS: [(usize, usize); 3] = [(32, 160), (64, 100), (128, 80)];
/// How far gravity moves a free particle in the first step of a level, as a share of the segment length.
const FALL: f64 = 0.03;
/// What is left of gravity at the end of a level.
const FADE: f64 = 0.01;
/// Share of the velocity lost per step.
const DAMPING: f64 = 0.1;
/// Sweeps over the segments per step, there and back in turn.
const SWEEPS: usize = 12;
/// No particle moves farther of its own in a step than this share of a segment, so that a rope that starts inside
/// the body is eased out of it.
const FASTEST: f64 = 0.3;

impl Rope {
    /// A rope of `length` mm that starts along `path`.
    pub fn along(path: &[DVec3], closed: bool, length: f64) -> Self {
        let mut rope = Self {
            points: path.to_vec(),
            rest: 0.0,
            closed,
            inverse_mass: Vec::new(),
        };
        rope.respace(LEVELS[0].0, length);
        rope
    }

    pub fn length(&self) -> f64 {
        curve::length(&self.points, self.closed)
    }

    fn respace(&mut self, count: usize, length: f64) {
        self.points = curve::resample(&self.points, self.closed, count);
        let segments = if self.closed { count } else { count - 1 };
        self.rest = length / segments as f64;
        self.inverse_mass = vec![1.0; count];
    }

    /// Lets the rope fall and come to rest. `inverse_mass` tells it for each particle from its place on the rope
    /// (0..=1 of the length) and the length of a segment (mm); 0 pins the particle.
    pub fn settle(
        &mut self,
        surface: &impl Surface,
        settle: &Settle,
        inverse_mass: impl Fn(f64, f64) -> f64,
    ) {
        let length = self.rest
            * if self.closed {
                self.points.len()
            } else {
                self.points.len() - 1
            } as f64;
        for (count, steps) in LEVELS {
            self.respace(count, length);
            let segments = if self.closed { count } else { count - 1 } as f64;
            for (i, w) in self.inverse_mass.iter_mut().enumerate() {
                *w = inverse_mass(i as f64 / segments, length / segments);
            }
            self.fall(surface, settle, steps);
        }
    }

    fn fall(&mut self, surface: &impl Surface, settle: &Settle, steps: usize) {
        let mut before = self.points.clone();
        for step in 0..steps {
            let gravity = FALL * self.rest * FADE.powf(step as f64 / steps as f64);
            for ((p, q), w) in self.points.iter_mut().zip(&mut before).zip(&self.inverse_mass) {
                if *w > 0.0 {
                    let velocity = ((*p - *q) * (1.0 - DAMPING)).clamp_length_max(FASTEST * self.rest);
                    *q = *p;
                    *p += velocity + settle.down * gravity;
                }
            }
            for sweep in 0..SWEEPS {
                self.keep_length(sweep % 2 == 0);
            }
            self.touch(surface, settle, &mut before);
        }
        for sweep in 0..SWEEPS {
            self.keep_length(sweep % 2 == 0);
        }
    }

    /// One Gauss–Seidel sweep over the segments: with zero compliance the multiplier update of XPBD is the plain
    /// projection onto the rest length, shared by inverse mass.
    fn keep_length(&mut self, forward: bool) {
        let n = self.points.len();
        let segments = if self.closed { n } else { n - 1 };
        for s in 0..segments {
            let i = if forward { s } else { segments - 1 - s };
            let j = if i + 1 == n { 0 } else { i + 1 };
            let (wi, wj) = (self.inverse_mass[i], self.inverse_mass[j]);
            let d = self.points[j] - self.points[i];
            let length = d.length();
            if wi + wj <= 0.0 || length <= 1e-12 {
                continue;
            }
            let push = d * ((length - self.rest) / (length * (wi + wj)));
            self.points[i] += push * wi;
            self.points[j] -= push * wj;
        }
    }

    /// Pushes particles out of the surface and holds back their sliding.
    fn touch(&mut self, surface: &impl Surface, settle: &Settle, before: &mut [DVec3]) {
        for ((p, q), w) in self.points.iter_mut().zip(before).zip(&self.inverse_mass) {
            if *w <= 0.0 {
                continue;
            }
            let (distance, normal) = surface.contact(*p);
            let depth = settle.radius - distance;
            if depth <= 0.0 {
                continue;
            }
            *p += normal * depth;
            let slide = (*p - *q).reject_from_normalized(normal);
            let far = slide.length();
            let hold = settle.friction * depth;
            *p -= if far <= hold { slide } else { slide * (hold / far) };
            // Skin does not bounce: what pushed the chain out is no speed.
            *q += normal * (*p - *q).dot(normal);
        }
    }
}
