//! Loaded models of a backend: each is loaded on its first run, shared by all threads, and can be given back.

use std::sync::{Arc, Mutex, PoisonError};

use super::{InferError, ModelId};

/// What loading a model came to; an error is kept, so that a broken model is not read again for every photograph.
type Loaded<S> = Result<Arc<S>, String>;

pub(super) struct Sessions<S>([Mutex<Option<Loaded<S>>>; ModelId::ALL.len()]);

impl<S> Default for Sessions<S> {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Mutex::default()))
    }
}

impl<S> Sessions<S> {
    /// The model's session, by `load` when there is none yet. Others who want the same model wait for it.
    ///
    /// # Errors
    /// [`InferError::Load`]: the model cannot be loaded.
    pub(super) fn get(
        &self,
        id: ModelId,
        load: impl FnOnce() -> Result<S, String>,
    ) -> Result<Arc<S>, InferError> {
        let mut session = self.0[id.index()].lock().unwrap_or_else(PoisonError::into_inner);
        session
            .get_or_insert_with(|| load().map(Arc::new))
            .clone()
            .map_err(|why| InferError::Load {
                model: id.to_string(),
                why,
            })
    }

    /// Drops these sessions: now, or as soon as the last run in them ends.
    pub(super) fn release(&self, models: &[ModelId]) {
        for id in models {
            self.0[id.index()]
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_loaded_once_and_again_after_its_release() {
        let sessions = Sessions::<u32>::default();
        let one = sessions.get(ModelId::Palm, || Ok(1)).unwrap();
        assert_eq!(*sessions.get(ModelId::Palm, || Ok(2)).unwrap(), 1);
        sessions.release(&[ModelId::Palm]);
        assert_eq!(
            Arc::strong_count(&one),
            1,
            "who still runs in it keeps it, nobody else"
        );
        assert_eq!(*sessions.get(ModelId::Palm, || Ok(3)).unwrap(), 3);
        assert_eq!(*sessions.get(ModelId::Hand, || Ok(4)).unwrap(), 4);
    }

    #[test]
    fn a_model_that_cannot_be_loaded_is_tried_once() {
        let sessions = Sessions::<u32>::default();
        for _ in 0..2 {
            let error = sessions
                .get(ModelId::Hand, || Err("torn".into()))
                .unwrap_err()
                .to_string();
            assert!(error.contains("torn"), "{error}");
        }
        assert!(sessions.get(ModelId::Hand, || Ok(5)).is_err());
    }
}
