//! Products read once and kept while there is room.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::batch::{Inputs, Stop};
use crate::imaging::{Limits, decode_cutout};
use crate::preset::plan::ProductPlan;
use crate::product::{self, Piece};

/// Pieces in memory, the longest unused leaving first.
#[derive(Debug)]
pub struct Pieces {
    kept: Mutex<Kept>,
    /// Bytes.
    room: usize,
}

#[derive(Debug, Default)]
struct Kept {
    pieces: BTreeMap<usize, (Arc<Piece>, u64)>,
    clock: u64,
    used: usize,
}

impl Pieces {
    pub fn new(room: usize) -> Self {
        Self {
            kept: Mutex::default(),
            room,
        }
    }

    /// The piece of product number `index`.
    ///
    /// # Errors
    /// The file cannot be read or changed while the run was under way, or is no usable cut-out.
    pub fn get(
        &self,
        index: usize,
        plan: &ProductPlan,
        inputs: &Inputs,
        limits: &Limits,
    ) -> Result<Arc<Piece>, Stop> {
        {
            let mut kept = self.lock();
            kept.clock += 1;
            let now = kept.clock;
            if let Some((piece, used)) = kept.pieces.get_mut(&index) {
                *used = now;
                return Ok(piece.clone());
            }
        }
        // Two threads may read the same product at once; both get the same piece.
        let input = inputs.read(&plan.path)?;
        let fail =
            |reason: &str, detail: String| Stop::failed(reason, format!("{}: {detail}", plan.path.display()));
        let cutout = decode_cutout(&input.bytes, limits).map_err(|e| fail("unreadable", e.to_string()))?;
        let piece = product::read(&cutout, plan.kind, &plan.facts);
        let piece = Arc::new(piece.map_err(|e| fail("product_unusable", e.to_string()))?);
        self.keep(index, &piece);
        Ok(piece)
    }

    fn keep(&self, index: usize, piece: &Arc<Piece>) {
        let mut kept = self.lock();
        let now = kept.clock;
        let size = |piece: &Piece| piece.pixels.data.len() * 16;
        if size(piece) > self.room || kept.pieces.insert(index, (piece.clone(), now)).is_some() {
            return;
        }
        kept.used += size(piece);
        while kept.used > self.room {
            let Some(oldest) = kept
                .pieces
                .iter()
                .min_by_key(|(_, (_, used))| *used)
                .map(|(i, _)| *i)
            else {
                break;
            };
            if let Some((gone, _)) = kept.pieces.remove(&oldest) {
                kept.used -= size(&gone);
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
