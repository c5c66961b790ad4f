//! Landmarks from a model's crop back to the photograph.

use glam::{DVec2, DVec3};

use super::crop::Roi;

/// Carries a landmark given in the crop's normalised coordinates (x, y in 0..=1 over the crop, z in the same
/// unit as x) to photograph pixels; z becomes pixels too.
pub fn to_photo(roi: &Roi, landmark: DVec3) -> DVec3 {
    roi.to_photo(landmark.truncate()).extend(landmark.z * roi.size.x)
}

/// Rotation in −π..π that turns the vector `from → to` of a picture to the direction `target` (radians,
/// counter-clockwise from the picture's x axis), as MediaPipe's rectangle calculators define it.
pub fn rotation(from: DVec2, to: DVec2, target: f64) -> f64 {
    let d = to - from;
    normalize_radians(target - (-d.y).atan2(d.x))
}

/// Wraps an angle into −π..π.
pub fn normalize_radians(angle: f64) -> f64 {
    use std::f64::consts::{PI, TAU};
    angle - TAU * ((angle + PI) / TAU).floor()
}

/// Logistic function with its argument clipped to ±100.
pub fn sigmoid(x: f32) -> f64 {
    1.0 / (1.0 + (-f64::from(x).clamp(-100.0, 100.0)).exp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::{FRAC_PI_2, PI};

    #[test]
    fn rotation_of_upright_subjects_is_zero() {
        // Eyes level: the vector between them points along x.
        assert_eq!(rotation(DVec2::new(10.0, 5.0), DVec2::new(20.0, 5.0), 0.0), 0.0);
        // A hand pointing up: wrist below the middle knuckle.
        assert!(rotation(DVec2::new(10.0, 50.0), DVec2::new(10.0, 5.0), FRAC_PI_2).abs() < 1e-12);
        // A subject leaning clockwise by 30° needs a crop rotated clockwise by 30°.
        let lean = DVec2::from_angle(PI / 6.0);
        assert!((rotation(DVec2::ZERO, lean, 0.0) - PI / 6.0).abs() < 1e-12);
    }

    #[test]
    fn radians_wrap() {
        assert!((normalize_radians(3.0 * PI + 0.1) - (-PI + 0.1)).abs() < 1e-12);
        assert!((normalize_radians(-1.0) + 1.0).abs() < 1e-12);
    }

    #[test]
    fn depth_scales_with_the_region() {
        let roi = Roi::square(DVec2::new(100.0, 80.0), 50.0, FRAC_PI_2);
        let p = to_photo(&roi, DVec3::new(1.0, 0.5, -0.2));
        assert!((p - DVec3::new(100.0, 105.0, -10.0)).length() < 1e-9, "{p}");
    }
}
