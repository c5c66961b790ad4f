//! Closed bands (rings, bangles, bracelets) as their cut-outs show them.
//!
//! A band is a short tube. Seen along a direction that is tilted by θ against its axis, its two rims become two
//! ellipses with half axes `r` and `r·cos θ`, shifted against each other along the minor axis by `w·sin θ`, where
//! `w` is the band's width along its axis. What one sees through is where the two inner ellipses meet, what one
//! sees from outside is the two outer ones together. Tilt, true radii and width follow from the extents of the
//! opening and of the outline.

mod opening;
mod rim;

use glam::DVec2;

pub use rim::Rim;

use super::EllipseFit;
use crate::imaging::LinearImage;

/// A band with its opening in view, in pixels of the trimmed cut-out.
#[derive(Debug, Clone)]
pub struct BandView {
    /// The opening as seen.
    pub opening: EllipseFit,
    /// Edges of the band relative to [`BandView::opening`], by the angle on it; a head is left out.
    pub inner: Rim,
    pub outer: Rim,
    /// Inside radius of the band.
    pub inner_radius: f64,
    /// From the inside to the outside, radially.
    pub thickness: f64,
    /// Along the axis.
    pub width: f64,
    /// Between the line of sight and the axis, radians.
    pub tilt: f64,
    /// What rises above the band: stone, setting, charm.
    pub head: Option<Head>,
}

/// A stone in its setting, or anything else that rises above a band.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Head {
    /// Bounding box corners of what lies beyond the band's outline.
    pub min: DVec2,
    pub max: DVec2,
    /// Where its middle leaves the band's outline.
    pub base: DVec2,
    /// Unit direction from the band outwards.
    pub up: DVec2,
    /// How far it rises above the outline.
    pub height: f64,
    /// Half the angle on the band that it stands on, radians; what is wider hangs over.
    pub foot: f64,
}

impl Head {
    /// Half of how thick a head is taken for along the finger's back, mm: pictures do not tell.
    pub const HALF_MM: f64 = 2.0;
}

/// A band seen from its side with no opening in view: a ring photographed from above.
#[derive(Debug, Clone)]
pub struct SideView {
    /// Middle of the band.
    pub center: DVec2,
    /// Outer radius: half the band's length in the picture.
    pub radius: f64,
    /// Width of the band along its axis, where nothing is mounted on it.
    pub width: f64,
    /// Unit direction along which the band runs.
    pub along: DVec2,
}

#[derive(Debug, Clone)]
pub enum BandShape {
    Open(Box<BandView>),
    Side(SideView),
}

impl BandView {
    /// Finds the band around the cut-out's opening; `None` when there is no opening.
    pub fn find(pixels: &LinearImage) -> Option<Self> {
        let opening = opening::find(pixels)?;
        rim::read(pixels, &opening)
    }

    /// The band's own angle (0 on the opening's major axis) of the place seen towards `direction`, radians.
    pub fn angle_towards(&self, direction: DVec2) -> f64 {
        let d = DVec2::from_angle(-self.opening.angle).rotate(direction);
        (d.y / self.tilt.cos().max(0.05)).atan2(d.x)
    }

    /// Picture direction in which the band's outside is seen best. A tube seen from above its axis shows its outside on
    /// one end of the opening's minor axis and its inside on the other; standing bands are photographed from above,
    /// so the outside is the upper one.
    pub fn outside_seen(&self) -> DVec2 {
        let minor = DVec2::from_angle(self.opening.angle).perp();
        if minor.y > 0.0 { -minor } else { minor }
    }

    /// Angle on the opening's ellipse of the picture point `p`, and how many times farther out than the ellipse it is.
    pub fn polar(&self, p: DVec2) -> (f64, f64) {
        let local = DVec2::from_angle(-self.opening.angle).rotate(p - self.opening.center);
        (polar(&self.opening, local), (local / self.opening.axes).length())
    }

    /// Inverse of [`BandView::polar`].
    pub fn at_polar(&self, angle: f64, factor: f64) -> DVec2 {
        on_ellipse(&self.opening, angle, factor)
    }

    /// Width along the axis as the arc at `angle` shows it, with the tilt of the whole.
    pub fn width_at(&self, angle: f64) -> f64 {
        rim::width(self.thickness, self.breadth(angle), self.tilt.cos())
    }

    /// Seen breadth of the band at `angle`, from its inner to its outer edge.
    pub fn breadth(&self, angle: f64) -> f64 {
        self.point(angle, 0.0).distance(self.point(angle, 1.0))
    }

    /// Picture point of the band at its own `angle`; `s` is 0 at the inner edge and 1 at the outer one.
    ///
    /// Inner and outer edge of one place belong to different rims: they lie apart along the axis as the picture
    /// shows it, too, so that links and engravings that stand across the band are read along themselves.
    pub fn point(&self, angle: f64, s: f64) -> DVec2 {
        let (sin, cos) = angle.sin_cos();
        let rims_apart = self.width / 2.0 * self.tilt.sin() * (3.0 * sin).clamp(-1.0, 1.0);
        let place =
            |radius: f64, shift: f64| DVec2::new(radius * cos, radius * sin * self.tilt.cos() + shift);
        let inner = self.on_rim(&self.inner, place(self.inner_radius, -rims_apart));
        let outer = self.on_rim(&self.outer, place(self.inner_radius + self.thickness, rims_apart));
        inner.lerp(outer, s)
    }

    /// Point of the edge `rim` in the direction of `place` (in the frame of the opening's axes).
    fn on_rim(&self, rim: &Rim, place: DVec2) -> DVec2 {
        let polar = polar(&self.opening, place);
        on_ellipse(&self.opening, polar, rim.at(polar))
    }
}

/// Angle on the ellipse, as its parameter, of a place in the frame of its axes.
fn polar(ellipse: &EllipseFit, place: DVec2) -> f64 {
    let unit = place / ellipse.axes;
    unit.y.atan2(unit.x)
}

/// Point at `angle` of the ellipse grown by `factor`.
fn on_ellipse(ellipse: &EllipseFit, angle: f64, factor: f64) -> DVec2 {
    let on_axes = DVec2::from_angle(angle) * ellipse.axes * factor;
    ellipse.center + DVec2::from_angle(ellipse.angle).rotate(on_axes)
}

impl SideView {
    /// Reads a cut-out without an opening. The band runs along the longer side of what its ends show.
    pub fn find(pixels: &LinearImage) -> Option<Self> {
        let (w, h) = (pixels.width(), pixels.height());
        let across_columns = end_thickness(w, h, |x, y| pixels.at(x, y)[3]);
        let across_rows = end_thickness(h, w, |y, x| pixels.at(x, y)[3]);
        let columns = across_columns.filter(|t| *t < 0.8 * h as f64);
        let rows = across_rows.filter(|t| *t < 0.8 * w as f64);
        // Ends that are thin against the whole picture are a band's ends; a round motif has none.
        let (length, width, along) = match (columns, rows) {
            (Some(c), Some(r)) if c * w as f64 > r * h as f64 => (h as f64, r, DVec2::NEG_Y),
            (Some(c), _) => (w as f64, c, DVec2::X),
            (None, Some(r)) => (h as f64, r, DVec2::NEG_Y),
            (None, None) => (w as f64, h as f64, DVec2::X),
        };
        let (_, middle) = mean_position(pixels)?;
        let box_middle = DVec2::new(w as f64, h as f64) / 2.0;
        let center = if along == DVec2::X {
            DVec2::new(box_middle.x, middle.y)
        } else {
            DVec2::new(middle.x, box_middle.y)
        };
        Some(Self {
            center,
            radius: length / 2.0,
            width: width.max(1.0),
            along,
        })
    }
}

/// Mean opaque run across a picture, 6 % from its two ends along the first coordinate; `None` when an end is empty.
fn end_thickness(length: usize, breadth: usize, alpha: impl Fn(usize, usize) -> f32) -> Option<f64> {
    let run = |at: usize| (0..breadth).filter(|b| alpha(at, *b) > 0.5).count() as f64;
    let inset = (length as f64 * 0.06) as usize;
    let (a, b) = (run(inset), run(length.checked_sub(1 + inset)?));
    (a > 0.0 && b > 0.0).then_some((a + b) / 2.0)
}

/// Opaque area and its mean position.
fn mean_position(pixels: &LinearImage) -> Option<(f64, DVec2)> {
    let (mut area, mut sum) = (0.0, DVec2::ZERO);
    for y in 0..pixels.height() {
        for x in 0..pixels.width() {
            let a = f64::from(pixels.at(x, y)[3]);
            area += a;
            sum += DVec2::new(x as f64 + 0.5, y as f64 + 0.5) * a;
        }
    }
    (area > 0.0).then(|| (area, sum / area))
}
