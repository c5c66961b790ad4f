//! CIE L*a*b* and the colour difference ΔE2000.

/// L*, a*, b* under D65.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lab {
    pub l: f64,
    pub a: f64,
    pub b: f64,
}

impl Lab {
    /// From linear sRGB, D65 white at 1.
    pub fn from_linear(rgb: [f32; 3]) -> Self {
        let [r, g, b] = rgb.map(f64::from);
        // IEC 61966-2-1 primaries, each row over the white point's value.
        let x = (0.412_390_8 * r + 0.357_584_3 * g + 0.180_480_8 * b) / 0.950_455_9;
        let y = 0.212_639_0 * r + 0.715_168_7 * g + 0.072_192_3 * b;
        let z = (0.019_330_8 * r + 0.119_194_8 * g + 0.950_532_2 * b) / 1.089_057_8;
        let f = |t: f64| {
            const EDGE: f64 = 6.0 / 29.0;
            if t > EDGE.powi(3) {
                t.cbrt()
            } else {
                t / (3.0 * EDGE * EDGE) + 4.0 / 29.0
            }
        };
        let (fx, fy, fz) = (f(x), f(y), f(z));
        Self {
            l: 116.0 * fy - 16.0,
            a: 500.0 * (fx - fy),
            b: 200.0 * (fy - fz),
        }
    }

    /// ΔE2000 with unit weights: Sharma, Wu and Dalal, "The CIEDE2000 color-difference formula: implementation notes,
    /// supplementary test data, and mathematical observations" (2005); the numbers are theirs.
    pub fn delta_e_2000(&self, other: &Lab) -> f64 {
        let twenty_five_7 = 25f64.powi(7);
        // Chromas are far from where squares overflow, which `hypot` takes its time for.
        let length = |a: f64, b: f64| (a * a + b * b).sqrt();
        let c = (length(self.a, self.b) + length(other.a, other.b)) / 2.0;
        let g = 0.5 * (1.0 - (c.powi(7) / (c.powi(7) + twenty_five_7)).sqrt());
        // (2)–(7): chroma and hue with a* stretched near neutral.
        let polar = |lab: &Lab| {
            let a = (1.0 + g) * lab.a;
            let hue = if a == 0.0 && lab.b == 0.0 {
                0.0
            } else {
                lab.b.atan2(a).to_degrees().rem_euclid(360.0)
            };
            (length(a, lab.b), hue)
        };
        let ((c1, h1), (c2, h2)) = (polar(self), polar(other));
        // (8)–(11): differences.
        let (dl, dc) = (other.l - self.l, c2 - c1);
        let turn = if c1 * c2 == 0.0 {
            0.0
        } else if (h2 - h1).abs() <= 180.0 {
            h2 - h1
        } else if h2 - h1 > 180.0 {
            h2 - h1 - 360.0
        } else {
            h2 - h1 + 360.0
        };
        let dh = 2.0 * (c1 * c2).sqrt() * (turn / 2.0).to_radians().sin();
        // (12)–(14): means.
        let (l, c) = ((self.l + other.l) / 2.0, (c1 + c2) / 2.0);
        let h = if c1 * c2 == 0.0 {
            h1 + h2
        } else if (h1 - h2).abs() <= 180.0 {
            (h1 + h2) / 2.0
        } else if h1 + h2 < 360.0 {
            (h1 + h2 + 360.0) / 2.0
        } else {
            (h1 + h2 - 360.0) / 2.0
        };
        // (15)–(22): weights.
        let cos = |degrees: f64| degrees.to_radians().cos();
        let t = 1.0 - 0.17 * cos(h - 30.0) + 0.24 * cos(2.0 * h) + 0.32 * cos(3.0 * h + 6.0)
            - 0.20 * cos(4.0 * h - 63.0);
        let theta = 30.0 * (-((h - 275.0) / 25.0).powi(2)).exp();
        let rc = 2.0 * (c.powi(7) / (c.powi(7) + twenty_five_7)).sqrt();
        let off = (l - 50.0).powi(2);
        let sl = 1.0 + 0.015 * off / (20.0 + off).sqrt();
        let (sc, sh) = (1.0 + 0.045 * c, 1.0 + 0.015 * c * t);
        let rt = -(2.0 * theta).to_radians().sin() * rc;
        let (l, c, h) = (dl / sl, dc / sc, dh / sh);
        (l * l + c * c + h * h + rt * c * h).max(0.0).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Table 1 of Sharma, Wu and Dalal: L₁ a₁ b₁ L₂ a₂ b₂ ΔE.
    #[rustfmt::skip]
    const PAIRS: [[f64; 7]; 34] = [
        [50.0, 2.6772, -79.7751, 50.0, 0.0, -82.7485, 2.0425],
        [50.0, 3.1571, -77.2803, 50.0, 0.0, -82.7485, 2.8615],
        [50.0, 2.8361, -74.0200, 50.0, 0.0, -82.7485, 3.4412],
        [50.0, -1.3802, -84.2814, 50.0, 0.0, -82.7485, 1.0000],
        [50.0, -1.1848, -84.8006, 50.0, 0.0, -82.7485, 1.0000],
        [50.0, -0.9009, -85.5211, 50.0, 0.0, -82.7485, 1.0000],
        [50.0, 0.0, 0.0, 50.0, -1.0, 2.0, 2.3669],
        [50.0, -1.0, 2.0, 50.0, 0.0, 0.0, 2.3669],
        [50.0, 2.4900, -0.0010, 50.0, -2.4900, 0.0009, 7.1792],
        [50.0, 2.4900, -0.0010, 50.0, -2.4900, 0.0010, 7.1792],
        [50.0, 2.4900, -0.0010, 50.0, -2.4900, 0.0011, 7.2195],
        [50.0, 2.4900, -0.0010, 50.0, -2.4900, 0.0012, 7.2195],
        [50.0, -0.0010, 2.4900, 50.0, 0.0009, -2.4900, 4.8045],
        [50.0, -0.0010, 2.4900, 50.0, 0.0010, -2.4900, 4.8045],
        [50.0, -0.0010, 2.4900, 50.0, 0.0011, -2.4900, 4.7461],
        [50.0, 2.5, 0.0, 50.0, 0.0, -2.5, 4.3065],
        [50.0, 2.5, 0.0, 73.0, 25.0, -18.0, 27.1492],
        [50.0, 2.5, 0.0, 61.0, -5.0, 29.0, 22.8977],
        [50.0, 2.5, 0.0, 56.0, -27.0, -3.0, 31.9030],
        [50.0, 2.5, 0.0, 58.0, 24.0, 15.0, 19.4535],
        [50.0, 2.5, 0.0, 50.0, 3.1736, 0.5854, 1.0000],
        [50.0, 2.5, 0.0, 50.0, 3.2972, 0.0, 1.0000],
        [50.0, 2.5, 0.0, 50.0, 1.8634, 0.5757, 1.0000],
        [50.0, 2.5, 0.0, 50.0, 3.2592, 0.3350, 1.0000],
        [60.2574, -34.0099, 36.2677, 60.4626, -34.1751, 39.4387, 1.2644],
        [63.0109, -31.0961, -5.8663, 62.8187, -29.7946, -4.0864, 1.2630],
        [61.2901, 3.7196, -5.3901, 61.4292, 2.2480, -4.9620, 1.8731],
        [35.0831, -44.1164, 3.7933, 35.0232, -40.0716, 1.5901, 1.8645],
        [22.7233, 20.0904, -46.6940, 23.0331, 14.9730, -42.5619, 2.0373],
        [36.4612, 47.8580, 18.3852, 36.2715, 50.5065, 21.2231, 1.4146],
        [90.8027, -2.0831, 1.4410, 91.1528, -1.6435, 0.0447, 1.4441],
        [90.9257, -0.5406, -0.9208, 88.6381, -0.8985, -0.7239, 1.5381],
        [6.7747, -0.2908, -2.4247, 5.8714, -0.0985, -2.2286, 0.6377],
        [2.0776, 0.0795, -1.1350, 0.9033, -0.0636, -0.5514, 0.9082],
    ];

    #[test]
    fn the_published_pairs() {
        for [l1, a1, b1, l2, a2, b2, want] in PAIRS {
            let (one, two) = (Lab { l: l1, a: a1, b: b1 }, Lab { l: l2, a: a2, b: b2 });
            for got in [one.delta_e_2000(&two), two.delta_e_2000(&one)] {
                assert!((got - want).abs() < 1e-4, "{one:?} {two:?}: {got} for {want}");
            }
        }
    }

    /// Values of the sRGB primaries and white in CIE L*a*b* (D65), as any colour calculator gives them.
    #[test]
    fn primaries_in_lab() {
        for (rgb, [l, a, b]) in [
            ([1.0, 1.0, 1.0], [100.0, 0.0, 0.0]),
            ([1.0, 0.0, 0.0], [53.24, 80.09, 67.20]),
            ([0.0, 1.0, 0.0], [87.73, -86.18, 83.18]),
            ([0.0, 0.0, 1.0], [32.30, 79.19, -107.86]),
        ] {
            let lab = Lab::from_linear(rgb);
            let off = (lab.l - l).abs().max((lab.a - a).abs()).max((lab.b - b).abs());
            assert!(off < 0.03, "{rgb:?}: {lab:?}");
        }
    }
}
