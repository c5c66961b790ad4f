//! Single-shot detectors of the BlazeFace family: anchors, decoding, weighted non-maximum suppression.
//!
//! Method: Bazarevsky et al., *BlazeFace* (2019), with MediaPipe's anchor layout.

use glam::DVec2;
use image::RgbImage;

use super::crop::{Border, Roi, Shrink, ValueRange, crop};
use super::outputs::Outputs;
use super::project::sigmoid;
use crate::infer::{Engine, InferError, ModelId};

/// What distinguishes one detector from another.
#[derive(Debug, Clone, Copy)]
pub struct Ssd {
    pub model: ModelId,
    /// Input side in pixels.
    pub size: usize,
    pub range: ValueRange,
    /// One entry per anchor layer; consecutive equal strides share a grid.
    pub strides: &'static [usize],
    /// Anchors per cell and layer.
    pub per_cell: usize,
    pub keypoints: usize,
    /// Least score that counts.
    pub threshold: f64,
    /// Names of the box and score outputs.
    pub boxes: &'static str,
    pub scores: &'static str,
}

/// Faces up to about 2 m from the camera.
pub const FACE_SHORT: Ssd = Ssd {
    model: ModelId::FaceShort,
    size: 128,
    range: ValueRange::Signed,
    strides: &[8, 16, 16, 16],
    per_cell: 2,
    keypoints: 6,
    threshold: 0.5,
    boxes: "regressors",
    scores: "classificators",
};

/// Faces up to about 5 m from the camera.
pub const FACE_FULL: Ssd = Ssd {
    model: ModelId::FaceFull,
    size: 192,
    range: ValueRange::Signed,
    strides: &[4],
    per_cell: 1,
    keypoints: 6,
    threshold: 0.6,
    boxes: "Identity",
    scores: "Identity_1",
};

/// Palms; keypoint 0 is the wrist, 2 the middle finger's knuckle.
pub const PALM: Ssd = Ssd {
    model: ModelId::Palm,
    size: 192,
    range: ValueRange::Unit,
    strides: &[8, 16, 16, 16],
    per_cell: 2,
    keypoints: 7,
    threshold: 0.5,
    boxes: "Identity",
    scores: "Identity_1",
};

/// People; keypoint 0 is the hip centre, 1 tells size and rotation.
pub const POSE: Ssd = Ssd {
    model: ModelId::PoseDetection,
    size: 224,
    range: ValueRange::Signed,
    strides: &[8, 16, 32, 32, 32],
    per_cell: 2,
    keypoints: 4,
    threshold: 0.5,
    boxes: "Identity",
    scores: "Identity_1",
};

/// Boxes that overlap more than this are one object.
const OVERLAP: f64 = 0.3;

/// One detected object, in photograph pixels.
#[derive(Debug, Clone, PartialEq)]
pub struct Detection {
    pub score: f64,
    pub min: DVec2,
    pub max: DVec2,
    pub keypoints: Vec<DVec2>,
}

impl Detection {
    pub fn centre(&self) -> DVec2 {
        (self.min + self.max) / 2.0
    }

    pub fn size(&self) -> DVec2 {
        self.max - self.min
    }

    /// Intersection over union of the two boxes.
    pub fn overlap(&self, other: &Detection) -> f64 {
        let meet = (self.max.min(other.max) - self.min.max(other.min)).max(DVec2::ZERO);
        let meet = meet.x * meet.y;
        let area = |d: &Detection| d.size().x * d.size().y;
        if meet > 0.0 {
            meet / (area(self) + area(other) - meet)
        } else {
            0.0
        }
    }
}

/// Runs `ssd` on the square region `roi` of the photograph (letterboxed with black) and gives its detections,
/// surest first.
///
/// # Errors
/// When the model cannot be run or gives outputs of unexpected shape.
pub fn detect(
    photo: &RgbImage,
    engine: &dyn Engine,
    ssd: &Ssd,
    roi: &Roi,
    shrink: Shrink,
) -> Result<Vec<Detection>, InferError> {
    let input = crop(photo, roi, ssd.size, Border::Zero, ssd.range, shrink);
    let outputs = Outputs::new(ssd.model, engine.run(ssd.model, input)?);
    let anchors = anchors(ssd);
    let width = 4 + 2 * ssd.keypoints;
    let boxes = outputs.get(ssd.boxes, anchors.len() * width)?;
    let scores = outputs.get(ssd.scores, anchors.len())?;
    let candidates = scores
        .iter()
        .zip(boxes.chunks_exact(width))
        .zip(&anchors)
        .filter_map(|((&score, raw), &anchor)| {
            let score = sigmoid(score);
            (score >= ssd.threshold).then(|| decode(score, raw, anchor, ssd.size as f64))
        })
        .collect();
    let mut found = suppress(candidates);
    for d in &mut found {
        d.min = roi.to_photo(d.min);
        d.max = roi.to_photo(d.max);
        d.keypoints.iter_mut().for_each(|k| *k = roi.to_photo(*k));
    }
    Ok(found)
}

/// Anchor centres in 0..=1, in the order of the model's outputs.
fn anchors(ssd: &Ssd) -> Vec<DVec2> {
    let mut anchors = Vec::new();
    for layer in ssd.strides.chunk_by(|a, b| a == b) {
        let cells = ssd.size.div_ceil(layer.first().copied().unwrap_or(1).max(1));
        let per_cell = layer.len() * ssd.per_cell;
        for y in 0..cells {
            for x in 0..cells {
                let p = (DVec2::new(x as f64, y as f64) + 0.5) / cells as f64;
                anchors.extend(std::iter::repeat_n(p, per_cell));
            }
        }
    }
    anchors
}

/// Raw numbers of one anchor to a detection in 0..=1 over the region. Order: cx, cy, w, h, keypoints.
fn decode(score: f64, raw: &[f32], anchor: DVec2, size: f64) -> Detection {
    let mut pairs = raw
        .chunks_exact(2)
        .map(|p| DVec2::new(f64::from(p[0]), f64::from(p[1])) / size);
    let centre = pairs.next().unwrap_or_default() + anchor;
    let half = pairs.next().unwrap_or_default() / 2.0;
    Detection {
        score,
        min: centre - half,
        max: centre + half,
        keypoints: pairs.map(|p| p + anchor).collect(),
    }
}

/// Weighted non-maximum suppression: each group of boxes that overlap its surest member becomes their mean,
/// weighted by score.
fn suppress(mut candidates: Vec<Detection>) -> Vec<Detection> {
    candidates.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut kept = Vec::new();
    while let Some(top) = candidates.first().cloned() {
        let first_of_group = candidates.remove(0);
        let (mut group, rest): (Vec<_>, Vec<_>) =
            candidates.into_iter().partition(|c| top.overlap(c) > OVERLAP);
        group.push(first_of_group);
        candidates = rest;
        kept.push(mean(top.score, &group));
    }
    kept
}

fn mean(score: f64, group: &[Detection]) -> Detection {
    let total: f64 = group.iter().map(|d| d.score).sum();
    let weigh = |of: &dyn Fn(&Detection) -> DVec2| {
        group.iter().map(|d| of(d) * d.score).sum::<DVec2>() / total.max(f64::MIN_POSITIVE)
    };
    let keypoints = group.iter().map(|d| d.keypoints.len()).min().unwrap_or(0);
    Detection {
        score,
        min: weigh(&|d| d.min),
        max: weigh(&|d| d.max),
        keypoints: (0..keypoints)
            .map(|k| weigh(&|d| d.keypoints.get(k).copied().unwrap_or_default()))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anchor_counts_are_those_of_the_models() {
        for (ssd, count) in [(FACE_SHORT, 896), (FACE_FULL, 2304), (PALM, 2016), (POSE, 2254)] {
            assert_eq!(anchors(&ssd).len(), count, "{:?}", ssd.model);
        }
        let a = anchors(&FACE_SHORT);
        assert_eq!(a[0], DVec2::splat(0.5 / 16.0));
        // Two per cell on the fine grid, six on the coarse one.
        assert_eq!(a[2], DVec2::new(1.5 / 16.0, 0.5 / 16.0));
        assert_eq!(a[512], DVec2::splat(0.5 / 8.0));
        assert_eq!(a[518], DVec2::new(1.5 / 8.0, 0.5 / 8.0));
    }

    fn at(score: f64, x: f64) -> Detection {
        Detection {
            score,
            min: DVec2::new(x, 0.0),
            max: DVec2::new(x + 1.0, 1.0),
            keypoints: vec![DVec2::new(x, 0.5)],
        }
    }

    #[test]
    fn overlapping_boxes_become_their_weighted_mean() {
        let kept = suppress(vec![at(0.6, 0.2), at(0.9, 0.0), at(0.7, 5.0)]);
        assert_eq!(kept.len(), 2);
        assert_eq!(kept[0].score, 0.9);
        assert!((kept[0].min.x - 0.2 * 0.6 / 1.5).abs() < 1e-12);
        assert!((kept[0].keypoints[0].x - 0.08).abs() < 1e-12);
        assert!((kept[1].min.x - 5.0).abs() < 1e-12);
    }

    #[test]
    fn degenerate_boxes_end() {
        let mut flat = at(0.8, 0.0);
        flat.max = flat.min;
        assert_eq!(suppress(vec![flat.clone(), flat]).len(), 2);
    }

    #[test]
    fn overlap_by_hand() {
        // Unit squares shifted by half: 0.5 / 1.5.
        assert!((at(1.0, 0.0).overlap(&at(1.0, 0.5)) - 1.0 / 3.0).abs() < 1e-12);
    }
}
