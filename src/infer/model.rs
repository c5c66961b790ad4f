/// The models that Parure ships, by role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ModelId {
    /// Face detector for faces that fill much of the picture.
    FaceShort,
    /// Face detector for small faces.
    FaceFull,
    /// 468 face mesh points, refined lips and eyes, and irises.
    FaceMesh,
    /// Palm detector.
    Palm,
    /// 21 hand points.
    Hand,
    /// Person detector.
    PoseDetection,
    /// 33 body points.
    PoseLandmark,
    /// Person mask.
    Selfie,
    /// Skin, hair and cloth around a head.
    FaceRegions,
    /// Ear lobe on the picture.
    EarLobe,
    /// Light in the band of skin around jewelry.
    Band,
}

impl ModelId {
    pub const ALL: [Self; 11] = [
        Self::FaceShort,
        Self::FaceFull,
        Self::FaceMesh,
        Self::Palm,
        Self::Hand,
        Self::PoseDetection,
        Self::PoseLandmark,
        Self::Selfie,
        Self::FaceRegions,
        Self::EarLobe,
        Self::Band,
    ];

    /// Name in `onnx/models.yaml`; the file is `NAME.onnx`.
    pub fn name(self) -> &'static str {
        match self {
            Self::FaceShort => "face_detection_short_range",
            Self::FaceFull => "face_detection_full_range_sparse",
            Self::FaceMesh => "face_landmark_with_attention",
            Self::Palm => "palm_detection_full",
            Self::Hand => "hand_landmark_full",
            Self::PoseDetection => "pose_detection",
            Self::PoseLandmark => "pose_landmark_full",
            Self::Selfie => "selfie_segmentation",
            Self::FaceRegions => "face_regions",
            Self::EarLobe => "ear_lobe",
            Self::Band => "band",
        }
    }

    /// Position in [`ModelId::ALL`].
    pub(super) fn index(self) -> usize {
        self as usize
    }
}

impl std::fmt::Display for ModelId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn index_is_the_position_in_all() {
        for (i, id) in ModelId::ALL.into_iter().enumerate() {
            assert_eq!(id.index(), i);
        }
    }
}
