//! Polylines measured by arc length.

use std::ops::{Add, Mul, Sub};

use glam::{DVec2, DVec3};

/// A point of a polyline.
pub trait Point: Copy + Add<Output = Self> + Sub<Output = Self> + Mul<f64, Output = Self> {
    fn norm(self) -> f64;
}

impl Point for DVec2 {
    fn norm(self) -> f64 {
        self.length()
    }
}

impl Point for DVec3 {
    fn norm(self) -> f64 {
        self.length()
    }
}

impl Point for f64 {
    fn norm(self) -> f64 {
        self.abs()
    }
}

/// Arc length at every point; for a closed line one more entry, the whole length.
pub fn arc_lengths<P: Point>(line: &[P], closed: bool) -> Vec<f64> {
    let mut out = Vec::with_capacity(line.len() + 1);
    let mut sum = 0.0;
    for (i, p) in line.iter().enumerate() {
        if let Some(last) = i.checked_sub(1).and_then(|k| line.get(k)) {
            sum += (*p - *last).norm();
        }
        out.push(sum);
    }
    if closed && let (Some(first), Some(last)) = (line.first(), line.last()) {
        out.push(sum + (*first - *last).norm());
    }
    out
}

pub fn length<P: Point>(line: &[P], closed: bool) -> f64 {
    arc_lengths(line, closed).last().copied().unwrap_or(0.0)
}

/// A polyline that can be asked for the point at an arc length.
#[derive(Debug, Clone)]
pub struct Curve<P> {
    points: Vec<P>,
    arc: Vec<f64>,
    closed: bool,
}

impl<P: Point> Curve<P> {
    /// A closed line through at least one point.
    pub fn closed(points: Vec<P>) -> Self {
        let arc = arc_lengths(&points, true);
        Self {
            points,
            arc,
            closed: true,
        }
    }

    /// `None` for fewer than two points.
    pub fn new(points: Vec<P>, closed: bool) -> Option<Self> {
        let arc = arc_lengths(&points, closed);
        (points.len() >= 2).then_some(Self { points, arc, closed })
    }

    pub fn length(&self) -> f64 {
        self.arc.last().copied().unwrap_or(0.0)
    }

    /// Arc length at point `i`.
    pub fn arc(&self, i: usize) -> f64 {
        self.arc.get(i).copied().unwrap_or(0.0)
    }

    pub fn points(&self) -> &[P] {
        &self.points
    }

    /// Point at arc length `s`: wraps around when closed, held at the ends when open.
    pub fn at(&self, s: f64) -> P {
        let (i, j, t) = self.locate(s);
        self.points[i] + (self.points[j] - self.points[i]) * t
    }

    /// Interpolates per-point `values` at arc length `s`.
    pub fn value_at<V: Point>(&self, values: &[V], s: f64) -> V {
        let (i, j, t) = self.locate(s);
        values[i] + (values[j] - values[i]) * t
    }

    /// Difference over `reach` to both sides of `s`, not normalized.
    pub fn chord(&self, s: f64, reach: f64) -> P {
        let (mut a, mut b) = (s - reach, s + reach);
        if !self.closed {
            a = a.max(0.0);
            b = b.min(self.length());
        }
        self.at(b) - self.at(a)
    }

    fn locate(&self, s: f64) -> (usize, usize, f64) {
        let total = self.length();
        let s = if self.closed && total > 0.0 {
            s.rem_euclid(total)
        } else {
            s.clamp(0.0, total)
        };
        let n = self.points.len();
        let i = self.arc.partition_point(|v| *v <= s).clamp(1, self.arc.len() - 1) - 1;
        let span = self.arc[i + 1] - self.arc[i];
        let t = if span > 0.0 { (s - self.arc[i]) / span } else { 0.0 };
        (i, if i + 1 == n { 0 } else { i + 1 }, t.clamp(0.0, 1.0))
    }
}

/// `count` points evenly along a line; a closed line's last point stays one step before its first.
pub fn resample<P: Point>(line: &[P], closed: bool, count: usize) -> Vec<P> {
    let Some(curve) = Curve::new(line.to_vec(), closed) else {
        return line.to_vec();
    };
    let steps = if closed { count } else { count.saturating_sub(1) }.max(1);
    (0..count)
        .map(|i| {
            let s = curve.length() * i as f64 / steps as f64;
            // Rounding must not carry the last point of a closed line around to its first.
            curve.at(if closed { s } else { s.min(curve.length()) })
        })
        .collect()
}
