//! Where a finger or wrist ends sideways: sub-pixel silhouette edges in sections across its axis.
//!
//! The picture is read in a strip along the limb. Each section offers edge candidates (colour gradient, skin on
//! the inner side, something else on the outer side, near the expected width); the chain of edges over all
//! sections that is likeliest as a whole is found by dynamic programming (Viterbi), separately on each side.

use glam::DVec2;
use image::RgbImage;

/// What to measure.
#[derive(Debug, Clone, Copy)]
pub struct Strip {
    /// Point of the assumed centre line where `along` is 0, pixels.
    pub origin: DVec2,
    /// Unit direction of the centre line.
    pub axis: DVec2,
    /// First and last section, pixels along the axis.
    pub along: (f64, f64),
    /// Sections between them.
    pub sections: usize,
    /// Half width that is expected, pixels.
    pub half_width: f64,
    /// Relative standard deviation of the expectation.
    pub spread: f64,
}

/// One section across the limb, pixels.
#[derive(Debug, Clone, Copy)]
pub struct Section {
    pub along: f64,
    /// Signed distances of the edges from the assumed centre line; positive along `axis.perp()`.
    pub low: f64,
    pub high: f64,
    /// How clear the weaker of the two edges is, 0..=1.
    pub clarity: f64,
}

impl Section {
    pub fn width(&self) -> f64 {
        self.high - self.low
    }
    pub fn middle(&self) -> f64 {
        (self.high + self.low) / 2.0
    }
}

/// Columns on each side of the centre line.
const COLUMNS: usize = 96;
/// The strip reaches this many expected half widths to each side.
const REACH: f64 = 2.0;
/// Scale of the gradient, of the expected half width.
const BLUR: f64 = 0.05;
/// Sections may step sideways by about this much of the half width from one to the next.
const STEP: f64 = 0.02;
/// Relative step at which skin's chromaticity counts as different.
const CHROMA: f32 = 0.05;
/// Log luminance range of skin in shade, and in brighter light than in the limb's middle.
const DARKER: f32 = 0.9;
const BRIGHTER: f32 = 0.5;

/// How much the inside of a strip looks like `skin`, 0..=1.
pub fn inner_likeness(photo: &RgbImage, strip: &Strip, skin: &Skin) -> f64 {
    if !strip.usable() {
        return 0.0;
    }
    let rows = rows(photo, strip);
    let inner: Vec<f64> = rows
        .iter()
        .flat_map(|r| r.inner().iter().map(|c| f64::from(skin.likeness(c))))
        .collect();
    inner.iter().sum::<f64>() / inner.len().max(1) as f64
}

/// Finds the silhouette in every section.
pub fn sections(photo: &RgbImage, strip: &Strip) -> Vec<Section> {
    if !strip.usable() {
        return Vec::new();
    }
    let column = strip.column();
    let rows = rows(photo, strip);
    let skin = Skin::of(&rows);
    let evidence: Vec<Evidence> = rows.iter().map(|r| Evidence::of(r, &skin)).collect();
    let low = chain(&evidence, -1, strip);
    let high = chain(&evidence, 1, strip);
    let place = |k: usize, c: usize| (evidence[k].refine(c) - COLUMNS as f64) * column;
    (0..strip.sections)
        .map(|k| {
            let (l, h) = (low[k], high[k]);
            Section {
                along: along(strip, k),
                low: place(k, l),
                high: place(k, h),
                clarity: f64::from(evidence[k].clarity(l, -1).min(evidence[k].clarity(h, 1))),
            }
        })
        .collect()
}

impl Strip {
    fn usable(&self) -> bool {
        let sized = self.half_width.is_finite() && self.half_width > 0.5 && self.sections > 1;
        sized && self.origin.is_finite() && self.axis.is_finite()
    }

    /// Width of one column in pixels.
    fn column(&self) -> f64 {
        self.half_width * REACH / COLUMNS as f64
    }
}

fn rows(photo: &RgbImage, strip: &Strip) -> Vec<Row> {
    (0..strip.sections)
        .map(|k| Row::read(photo, strip, k, strip.column()))
        .collect()
}

fn along(strip: &Strip, k: usize) -> f64 {
    let t = k as f64 / (strip.sections - 1) as f64;
    strip.along.0 + (strip.along.1 - strip.along.0) * t
}

/// Luminance and two colour differences, sRGB-encoded 0..=1.
type Colour = [f32; 3];

/// Colours across the limb, blurred; column [`COLUMNS`] is the centre line.
struct Row {
    colour: Vec<Colour>,
}

impl Row {
    /// The inner 40 % of the expected width.
    fn inner(&self) -> &[Colour] {
        let inner = (COLUMNS as f64 * 0.4 / REACH) as usize;
        self.colour
            .get(COLUMNS - inner..=COLUMNS + inner)
            .unwrap_or_default()
    }

    /// Reads one section as the mean of a few lines over the distance to the next section.
    fn read(photo: &RgbImage, strip: &Strip, k: usize, column: f64) -> Self {
        const LINES: usize = 3;
        let gap = (strip.along.1 - strip.along.0) / (strip.sections - 1) as f64;
        let across = strip.axis.perp() * column;
        let mut colour = vec![[0f32; 3]; 2 * COLUMNS + 1];
        for line in 0..LINES {
            let shift = gap * ((line as f64 + 0.5) / LINES as f64 - 0.5);
            let start = strip.origin + strip.axis * (along(strip, k) + shift) - across * COLUMNS as f64;
            for (c, out) in colour.iter_mut().enumerate() {
                let [r, g, b] = bilinear(photo, start + across * c as f64);
                out[0] += (r + g + b) / 3.0 / LINES as f32;
                out[1] += (r - g) / LINES as f32;
                out[2] += ((r + g) / 2.0 - b) / LINES as f32;
            }
        }
        // A pixel is the least blur that makes sense.
        let sigma = (BLUR * strip.half_width).max(0.7) / column;
        Self {
            colour: blur(&colour, sigma),
        }
    }
}

/// Bilinear sRGB value 0..=1 (pixel centres at half integers, border replicated).
fn bilinear(photo: &RgbImage, p: DVec2) -> [f32; 3] {
    let q = p - 0.5;
    let f = q.floor();
    let (u, v) = ((q.x - f.x) as f32, (q.y - f.y) as f32);
    let (w, h) = (photo.width() as i64, photo.height() as i64);
    if w == 0 || h == 0 {
        return [0.0; 3];
    }
    let at = |x: i64, y: i64| {
        photo
            .get_pixel(x.clamp(0, w - 1) as u32, y.clamp(0, h - 1) as u32)
            .0
    };
    let (x, y) = (f.x as i64, f.y as i64);
    let corners = [at(x, y), at(x + 1, y), at(x, y + 1), at(x + 1, y + 1)];
    let weights = [(1.0 - u) * (1.0 - v), u * (1.0 - v), (1.0 - u) * v, u * v];
    std::array::from_fn(|c| {
        corners
            .iter()
            .zip(weights)
            .map(|(p, w)| f32::from(p[c]) * w)
            .sum::<f32>()
            / 255.0
    })
}

fn blur(row: &[Colour], sigma: f64) -> Vec<Colour> {
    let reach = (sigma * 3.0).ceil() as usize;
    let kernel: Vec<f32> = (0..=reach)
        .map(|k| (-0.5 * (k as f64 / sigma).powi(2)).exp() as f32)
        .collect();
    let total: f32 = kernel[0] + 2.0 * kernel[1..].iter().sum::<f32>();
    let last = row.len() - 1;
    (0..row.len())
        .map(|i| {
            std::array::from_fn(|c| {
                let tap = |k: usize| row[i.saturating_sub(k)][c] + row[(i + k).min(last)][c];
                let sides: f32 = (1..=reach).map(|k| kernel[k] * tap(k)).sum();
                (kernel[0] * row[i][c] + sides) / total
            })
        })
        .collect()
}

/// Chromaticity and luminance of someone's own skin.
#[derive(Debug, Clone, Copy)]
pub struct Skin {
    chroma: [f32; 2],
    /// Chromaticity's spread, at least [`CHROMA`].
    spread: f32,
    luminance: f32,
}

fn chroma(c: &Colour) -> [f32; 2] {
    let l = c[0].max(0.02);
    [c[1] / l, c[2] / l]
}

impl Skin {
    /// The skin inside a strip.
    pub fn within(photo: &RgbImage, strip: &Strip) -> Option<Self> {
        strip.usable().then(|| Self::of(&rows(photo, strip)))
    }

    fn of(rows: &[Row]) -> Self {
        let pixels: Vec<&Colour> = rows.iter().flat_map(|r| r.inner()).collect();
        let n = pixels.len().max(1) as f32;
        let mean = |of: &dyn Fn(&Colour) -> f32| pixels.iter().map(|p| of(p)).sum::<f32>() / n;
        let m: [f32; 2] = std::array::from_fn(|k| mean(&|p| chroma(p)[k]));
        let spread = mean(&|p| (0..2).map(|k| (chroma(p)[k] - m[k]).powi(2)).sum())
            .sqrt()
            .max(CHROMA);
        Self {
            chroma: m,
            spread,
            luminance: mean(&|p| p[0]).max(0.02),
        }
    }

    /// 1 for the limb's own colour, falling to 0. Shaded skin is darker and more saturated than lit skin, hardly
    /// of another hue, and a grey or white backdrop is less saturated: the two ways count differently.
    fn likeness(&self, c: &Colour) -> f32 {
        let own = chroma(c);
        let size = self.chroma[0].hypot(self.chroma[1]).max(CHROMA);
        let towards = (own[0] * self.chroma[0] + own[1] * self.chroma[1]) / size - size;
        let across = (own[0] * self.chroma[1] - own[1] * self.chroma[0]) / size;
        let more_saturated = if towards > 0.0 { 0.3 } else { 1.0 };
        let hue =
            (across / (2.0 * self.spread)).powi(2) + (more_saturated * towards / (2.0 * self.spread)).powi(2);
        let shade = (c[0].max(0.01) / self.luminance).ln();
        let shade = (shade / if shade < 0.0 { DARKER } else { BRIGHTER }).powi(2);
        (-0.5 * (hue + shade)).exp()
    }
}

/// Edge evidence of one section.
struct Evidence {
    /// Colour gradient per column, relative to the strongest nearby.
    gradient: Vec<f32>,
    /// Running sum of skin likeness: `skin[k]` holds columns before `k`.
    skin: Vec<f32>,
}

impl Evidence {
    fn of(row: &Row, skin: &Skin) -> Self {
        let last = row.colour.len() - 1;
        // Colour differences are smaller than luminance differences by nature: weigh them up.
        let weights = [1.0, 2.0, 2.0];
        let mut gradient: Vec<f32> = (0..=last)
            .map(|i| {
                let (a, b) = (&row.colour[i.saturating_sub(1)], &row.colour[(i + 1).min(last)]);
                (0..3)
                    .map(|c| (weights[c] * (b[c] - a[c])).powi(2))
                    .sum::<f32>()
                    .sqrt()
            })
            .collect();
        for side in gradient.chunks_mut(COLUMNS) {
            let strongest = side.iter().copied().fold(1e-4, f32::max);
            side.iter_mut().for_each(|g| *g /= strongest);
        }
        let mut sum = 0.0;
        let skin = std::iter::once(0.0)
            .chain(row.colour.iter().map(|c| {
                sum += skin.likeness(c);
                sum
            }))
            .collect();
        Self { gradient, skin }
    }

    /// Mean skin likeness of columns `from..to`.
    fn mean_skin(&self, from: i64, to: i64) -> f32 {
        let clamp = |k: i64| k.clamp(0, 2 * COLUMNS as i64 + 1) as usize;
        let (a, b) = (clamp(from.min(to)), clamp(from.max(to)));
        if b > a {
            (self.skin[b] - self.skin[a]) / (b - a) as f32
        } else {
            0.0
        }
    }

    /// How much column `c` looks like the limb's edge towards `side` (−1 or 1), 0..=1.
    fn clarity(&self, c: usize, side: i64) -> f32 {
        let (c, half) = (c as i64, COLUMNS as f64 / REACH);
        let (near, far) = ((0.06 * half).ceil() as i64, (0.3 * half) as i64);
        let inside = self.mean_skin(c - side * far, c - side * near);
        let outside = self.mean_skin(c + side * near, c + side * far);
        let within = self.mean_skin(COLUMNS as i64, c - side * near);
        let g = self.gradient[c as usize];
        let g = g * g / (g * g + 0.06);
        g * within * (0.12 + 0.88 * (inside - outside).max(0.0))
    }

    /// Sub-column position of the gradient's peak near `c`.
    fn refine(&self, c: usize) -> f64 {
        let at = |k: usize| f64::from(self.gradient.get(k).copied().unwrap_or(0.0));
        if c == 0 {
            return 0.0;
        }
        let (a, b, d) = (at(c - 1), at(c), at(c + 1));
        let bend = a - 2.0 * b + d;
        let shift = if bend < 0.0 {
            (0.5 * (a - d) / bend).clamp(-0.5, 0.5)
        } else {
            0.0
        };
        c as f64 + shift
    }
}

/// The likeliest chain of edge columns towards `side`, one per section.
fn chain(evidence: &[Evidence], side: i64, strip: &Strip) -> Vec<usize> {
    let per_half = COLUMNS as f64 / REACH;
    let candidates: Vec<usize> = (2..COLUMNS - 1)
        .map(|d| if side > 0 { COLUMNS + d } else { COLUMNS - d })
        .collect();
    let prior = |d: usize| -0.5 * (((d as f64 + 2.0) / per_half - 1.0) / strip.spread).powi(2);
    let step = |a: usize, b: usize| -0.5 * (a.abs_diff(b) as f64 / (STEP * per_half).max(0.6)).powi(2);
    // Farther jumps than this cost more than any evidence gives.
    let window = (STEP * per_half * 5.0).ceil() as usize + 2;
    let score =
        |e: &Evidence, d: usize| f64::from(e.clarity(candidates[d], side) + 1e-3).ln() + 0.5 * prior(d);
    let mut total: Vec<f64> = Vec::new();
    let mut back: Vec<Vec<usize>> = Vec::with_capacity(evidence.len());
    for e in evidence {
        let (mut next, mut from) = (
            Vec::with_capacity(candidates.len()),
            Vec::with_capacity(candidates.len()),
        );
        for d in 0..candidates.len() {
            let reachable = d.saturating_sub(window)..(d + window + 1).min(total.len());
            let best = reachable
                .map(|p| (total[p] + step(p, d), p))
                .max_by(|a, b| a.0.total_cmp(&b.0))
                .unwrap_or((0.0, d));
            next.push(best.0 + score(e, d));
            from.push(best.1);
        }
        total = next;
        back.push(from);
    }
    let mut d = (0..total.len())
        .max_by(|a, b| total[*a].total_cmp(&total[*b]))
        .unwrap_or(0);
    let mut path = vec![0; evidence.len()];
    for (k, from) in back.iter().enumerate().rev() {
        path[k] = candidates[d];
        d = from[d];
    }
    path
}
