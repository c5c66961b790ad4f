use glam::DVec2;

/// Integer pixel rectangle; may reach outside a picture until [`Rect::clip`]ped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Rect {
    pub x: i32,
    pub y: i32,
    pub width: u32,
    pub height: u32,
}

impl Rect {
    pub fn new(x: i32, y: i32, width: u32, height: u32) -> Self {
        Self { x, y, width, height }
    }

    pub fn of_size(width: u32, height: u32) -> Self {
        Self::new(0, 0, width, height)
    }

    /// Smallest rectangle that holds all points grown by `margin` pixels; empty when there are none.
    pub fn around(points: impl IntoIterator<Item = DVec2>, margin: f64) -> Self {
        let (mut lo, mut hi) = (DVec2::INFINITY, DVec2::NEG_INFINITY);
        for p in points {
            lo = lo.min(p);
            hi = hi.max(p);
        }
        if !(lo.is_finite() && hi.is_finite()) {
            return Self::default();
        }
        let lo = (lo - margin).floor().clamp(DVec2::splat(-1e8), DVec2::splat(1e8));
        let hi = (hi + margin).ceil().clamp(DVec2::splat(-1e8), DVec2::splat(1e8));
        Self::new(
            lo.x as i32,
            lo.y as i32,
            (hi.x - lo.x) as u32,
            (hi.y - lo.y) as u32,
        )
    }

    pub fn right(&self) -> i32 {
        self.x.saturating_add_unsigned(self.width)
    }

    pub fn bottom(&self) -> i32 {
        self.y.saturating_add_unsigned(self.height)
    }

    pub fn is_empty(&self) -> bool {
        self.width == 0 || self.height == 0
    }

    /// Intersection with another rectangle; empty (zero size) when they do not meet.
    pub fn clip(&self, other: &Rect) -> Rect {
        let (x, y) = (self.x.max(other.x), self.y.max(other.y));
        let (r, b) = (self.right().min(other.right()), self.bottom().min(other.bottom()));
        if r <= x || b <= y {
            Rect::new(x, y, 0, 0)
        } else {
            Rect::new(x, y, (r - x) as u32, (b - y) as u32)
        }
    }

    /// Smallest rectangle that holds both.
    pub fn union(&self, other: &Rect) -> Rect {
        if self.is_empty() {
            return *other;
        }
        if other.is_empty() {
            return *self;
        }
        let (x, y) = (self.x.min(other.x), self.y.min(other.y));
        Rect::new(
            x,
            y,
            (self.right().max(other.right()) - x) as u32,
            (self.bottom().max(other.bottom()) - y) as u32,
        )
    }

    /// Grown by `by` pixels on every side.
    pub fn grown(&self, by: u32) -> Rect {
        Rect::new(
            self.x.saturating_sub_unsigned(by),
            self.y.saturating_sub_unsigned(by),
            self.width.saturating_add(by.saturating_mul(2)),
            self.height.saturating_add(by.saturating_mul(2)),
        )
    }

    pub fn contains(&self, x: i32, y: i32) -> bool {
        x >= self.x && y >= self.y && x < self.right() && y < self.bottom()
    }
}

/// The whole number at or below `v`, and how far `v` lies from it towards the next.
///
/// `v.floor()` is a call of a function on processors of the commonest least kind, and this is asked for every pixel.
pub fn split(v: f64) -> (i64, f32) {
    let cut = v as i64;
    let floor = cut.saturating_sub(i64::from((cut as f64) > v));
    (floor, (v - floor as f64) as f32)
}

/// Coverage 0..=1 over a region of a photograph. Outside `rect` it is `outside`.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct Mask {
    pub rect: Rect,
    /// Row-major, `rect.width * rect.height`.
    pub data: Vec<f32>,
    /// Value outside the region.
    pub outside: f32,
}

impl Mask {
    pub fn filled(rect: Rect, value: f32) -> Self {
        Self {
            rect,
            data: vec![value; rect.width as usize * rect.height as usize],
            outside: value,
        }
    }

    /// Value at photo pixel (x, y).
    pub fn get(&self, x: i32, y: i32) -> f32 {
        if self.rect.contains(x, y) {
            self.data[(y - self.rect.y) as usize * self.rect.width as usize + (x - self.rect.x) as usize]
        } else {
            self.outside
        }
    }

    /// Bilinear value at photo position `p` (pixel centres at half integers).
    pub fn sample(&self, p: DVec2) -> f32 {
        let ((x, u), (y, v)) = (split(p.x - 0.5), split(p.y - 0.5));
        // Beyond the numbers of pixels there is nothing.
        let whole = |v: i64| v.clamp(i64::from(i32::MIN), i64::from(i32::MAX) - 1) as i32;
        let (x, y) = (whole(x), whole(y));
        let top = self.get(x, y) * (1.0 - u) + self.get(x + 1, y) * u;
        let bottom = self.get(x, y + 1) * (1.0 - u) + self.get(x + 1, y + 1) * u;
        top * (1.0 - v) + bottom * v
    }
}
