//! Models are held for as long as photographs are left that need them.

use std::sync::{Mutex, PoisonError};

use crate::infer::{Engine, ModelId};
use crate::locate::Wants;

/// How many photographs of a run are still to be opened, by the models that locating them runs.
#[derive(Default)]
pub struct ModelUse(Mutex<Vec<(ModelId, usize)>>);

impl ModelUse {
    /// A run begins that locates these.
    pub fn begin(&self, wants: impl Iterator<Item = Wants>) {
        let mut left: Vec<(ModelId, usize)> = ModelId::ALL.map(|id| (id, 0)).to_vec();
        for wants in wants {
            let models = wants.models_at_most();
            for (_, count) in left.iter_mut().filter(|(id, _)| models.contains(id)) {
                *count += 1;
            }
        }
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = left;
    }

    /// One of them is located: models that none of the others needs are given back.
    pub fn located(&self, wants: Wants, engine: &dyn Engine) {
        let models = wants.models_at_most();
        let mut left = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut idle = Vec::new();
        for (id, count) in left.iter_mut().filter(|(id, _)| models.contains(id)) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                idle.push(*id);
            }
        }
        engine.release(&idle);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::infer::{Graph, InferError, Tensor};
    use crate::product::Kind;
    use std::path::Path;
    use std::sync::Arc;

    /// Remembers what was given back.
    #[derive(Default)]
    struct Released(Mutex<Vec<ModelId>>);

    impl Engine for Released {
        fn name(&self) -> &'static str {
            "none"
        }

        fn prepare(&self, _: &[ModelId]) {}

        fn release(&self, models: &[ModelId]) {
            self.0.lock().unwrap().extend(models);
        }

        fn run(&self, id: ModelId, _: Tensor) -> Result<Vec<(String, Tensor)>, InferError> {
            Err(InferError::Missing(id.to_string()))
        }

        fn load(&self, _: &Path) -> Result<Arc<dyn Graph>, InferError> {
            Err(InferError::Missing(String::new()))
        }
    }

    #[test]
    fn a_model_goes_after_the_last_photograph_that_needs_it() {
        let [ears, neck, hand] =
            [Kind::Earring, Kind::Necklace, Kind::Ring].map(|kind| Wants::for_kinds([kind]));
        let (models, engine) = (ModelUse::default(), Released::default());
        models.begin([ears, neck, ears, hand].into_iter());
        let released = || std::mem::take(&mut *engine.0.lock().unwrap());
        models.located(ears, &engine);
        assert_eq!(released(), []);
        models.located(neck, &engine);
        assert_eq!(released(), [ModelId::PoseDetection, ModelId::PoseLandmark]);
        models.located(hand, &engine);
        assert_eq!(released(), [ModelId::Palm, ModelId::Hand]);
        models.located(ears, &engine);
        let faces = [
            ModelId::FaceShort,
            ModelId::FaceFull,
            ModelId::FaceMesh,
            ModelId::Selfie,
            ModelId::FaceRegions,
            ModelId::EarLobe,
        ];
        assert_eq!(released(), faces);
    }
}
