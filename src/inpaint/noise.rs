//! Gaussian noise that is the same on every machine, for any order in which it is asked for.
//!
//! Numbers come from Philox4x32-10 (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", 2011),
//! a function of a counter and a key, and become Gaussian through the inverse of the normal distribution (Wichura,
//! algorithm AS 241, 1988). Both use only integer arithmetic and the exactly rounded + − × ÷ √; the one logarithm is
//! written out below, for those of the system's libraries differ in the last digit.

/// A stream of noise: which picture and place (`key` is the seed), and what it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Noise {
    seed: u64,
    stream: u64,
}

impl Noise {
    /// Different `stream`s of one seed are independent.
    pub fn new(seed: u64, stream: u64) -> Self {
        Self { seed, stream }
    }

    /// Standard normal values number `draw` · 2³² onwards of this stream.
    pub fn gaussians(&self, draw: u32, len: usize) -> Vec<f32> {
        let blocks = 0..len.div_ceil(4);
        let mut out: Vec<f32> = blocks.flat_map(|block| self.four(draw, block as u32)).collect();
        out.truncate(len);
        out
    }

    /// Values number `draw` · 2³² + 4 `block` onwards, for whoever needs but some of them.
    pub fn four(&self, draw: u32, block: u32) -> [f32; 4] {
        let key = [self.seed as u32, (self.seed >> 32) as u32];
        let counter = [block, draw, self.stream as u32, (self.stream >> 32) as u32];
        // The middle of each of 2³² equal steps, so that neither 0 nor 1 is met.
        philox(counter, key).map(|bits| quantile((f64::from(bits) + 0.5) / 4_294_967_296.0) as f32)
    }
}

/// Philox4x32 of ten rounds.
fn philox(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    for _ in 0..10 {
        let a = u64::from(counter[0]) * 0xD251_1F53;
        let b = u64::from(counter[2]) * 0xCD9E_8D57;
        counter = [
            (b >> 32) as u32 ^ counter[1] ^ key[0],
            b as u32,
            (a >> 32) as u32 ^ counter[3] ^ key[1],
            a as u32,
        ];
        key = [key[0].wrapping_add(0x9E37_79B9), key[1].wrapping_add(0xBB67_AE85)];
    }
    counter
}

/// Value below which a standard normal variable falls with probability `p`, 0 < p < 1: PPND16 of AS 241, whose relative
/// error is about 1e-16.
#[rustfmt::skip]
fn quantile(p: f64) -> f64 {
    const A: [f64; 8] = [
        3.387_132_872_796_366_5, 133.141_667_891_784_38, 1_971.590_950_306_551_3, 13_731.693_765_509_46,
        45_921.953_931_549_87, 67_265.770_927_008_7, 33_430.575_583_588_13, 2_509.080_928_730_122_7,
    ];
    const B: [f64; 8] = [
        1.0, 42.313_330_701_600_91, 687.187_007_492_057_9, 5_394.196_021_424_751,
        21_213.794_301_586_597, 39_307.895_800_092_71, 28_729.085_735_721_943, 5_226.495_278_852_854,
    ];
    const C: [f64; 8] = [
        1.423_437_110_749_683_5, 4.630_337_846_156_546, 5.769_497_221_460_691, 3.647_848_324_763_204_5,
        1.270_458_252_452_368_4, 0.241_780_725_177_450_6, 0.022_723_844_989_269_184, 7.745_450_142_783_414e-4,
    ];
    const D: [f64; 8] = [
        1.0, 2.053_191_626_637_759, 1.676_384_830_183_803_8, 0.689_767_334_985_1,
        0.148_103_976_427_480_08, 0.015_198_666_563_616_457, 5.475_938_084_995_345e-4, 1.050_750_071_644_416_9e-9,
    ];
    const E: [f64; 8] = [
        6.657_904_643_501_103, 5.463_784_911_164_114, 1.784_826_539_917_291_3, 0.296_560_571_828_504_87,
        0.026_532_189_526_576_124, 0.001_242_660_947_388_078_4, 2.711_555_568_743_487_6e-5, 2.010_334_399_292_288_1e-7,
    ];
    const F: [f64; 8] = [
        1.0, 0.599_832_206_555_888, 0.136_929_880_922_735_8, 0.014_875_361_290_850_615,
        7.868_691_311_456_133e-4, 1.846_318_317_510_054_8e-5, 1.421_511_758_316_446e-7, 2.044_263_103_389_939_8e-15,
    ];
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        let r = 0.180_625 - q * q;
        return q * (polynomial(&A, r) / polynomial(&B, r));
    }
    let r = (-ln(if q < 0.0 { p } else { 1.0 - p })).sqrt();
    let value = if r <= 5.0 {
        polynomial(&C, r - 1.6) / polynomial(&D, r - 1.6)
    } else {
        polynomial(&E, r - 5.0) / polynomial(&F, r - 5.0)
    };
    if q < 0.0 { -value } else { value }
}

/// By Horner's rule, the constant first.
fn polynomial(coefficients: &[f64; 8], x: f64) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, c| sum * x + c)
}

/// Natural logarithm of a normal positive number: ln(m · 2ᵉ) = e ln 2 + 2 artanh((m − 1) / (m + 1)), the series summed
/// until the terms no longer count.
fn ln(x: f64) -> f64 {
    let bits = x.to_bits();
    let mut exponent = ((bits >> 52) & 0x7ff) as i64 - 1023;
    let mut m = f64::from_bits((bits & 0x000f_ffff_ffff_ffff) | 0x3ff0_0000_0000_0000);
    if m > std::f64::consts::SQRT_2 {
        m *= 0.5;
        exponent += 1;
    }
    let s = (m - 1.0) / (m + 1.0);
    let square = s * s;
    // |s| ≤ 0.172, so that the term of s²⁵ is below the last digit.
    let mut sum = 0.0;
    for k in (0..13).rev() {
        sum = sum * square + 1.0 / f64::from(2 * k + 1);
    }
    exponent as f64 * std::f64::consts::LN_2 + 2.0 * s * sum
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The published vectors of Random123 for philox4x32 with 10 rounds.
    #[test]
    fn the_published_vectors() {
        for (counter, key, want) in [
            (
                [0; 4],
                [0; 2],
                [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8],
            ),
            (
                [u32::MAX; 4],
                [u32::MAX; 2],
                [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd],
            ),
            (
                [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344],
                [0xa409_3822, 0x299f_31d0],
                [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1],
            ),
        ] {
            assert_eq!(philox(counter, key), want);
        }
    }

    /// The checks that Wichura prints with AS 241, and the median.
    #[test]
    fn quantiles_of_the_normal_distribution() {
        for (p, want) in [
            (0.25, -0.674_489_750_196_081_7),
            (1e-3, -3.090_232_306_167_813_6),
            (1e-20, -9.262_340_089_798_408),
            (0.5, 0.0),
            (0.975, 1.959_963_984_540_054),
        ] {
            let got = quantile(p);
            assert!(
                (got - want).abs() <= 1e-14 * f64::max(1.0, want.abs()),
                "{p}: {got}"
            );
        }
    }

    #[test]
    fn the_logarithm_agrees_with_the_systems() {
        for i in 1..5000 {
            let x = f64::from(i) * 0.000_37;
            assert!(
                (ln(x) - x.ln()).abs() <= 1e-15 * f64::max(1.0, x.ln().abs()) * 2.0,
                "{x}"
            );
        }
        assert_eq!(ln(1.0), 0.0);
    }

    #[test]
    fn values_are_standard_normal_and_independent() {
        let n = 200_000;
        let a = Noise::new(42, 7).gaussians(0, n);
        let b = Noise::new(42, 8).gaussians(0, n);
        let c = Noise::new(42, 7).gaussians(1, n);
        let mean = |v: &mut dyn Iterator<Item = f64>| v.sum::<f64>() / n as f64;
        let f = f64::from;
        assert!(mean(&mut a.iter().map(|x| f(*x))).abs() < 0.01);
        assert!((mean(&mut a.iter().map(|x| f(*x).powi(2))) - 1.0).abs() < 0.015);
        assert!((mean(&mut a.iter().map(|x| f(*x).powi(4))) - 3.0).abs() < 0.1);
        for other in [&b, &c] {
            assert!(mean(&mut a.iter().zip(other).map(|(x, y)| f(*x) * f(*y))).abs() < 0.01);
        }
        assert!(mean(&mut a.windows(2).map(|w| f(w[0]) * f(w[1]))).abs() < 0.01);
    }

    #[test]
    fn a_longer_draw_begins_as_a_shorter_one() {
        let noise = Noise::new(1, 2);
        assert_eq!(noise.gaussians(3, 10), noise.gaussians(3, 33)[..10]);
    }
}
