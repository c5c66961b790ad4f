//! Products read once and kept while there is room.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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

/// A product that is being read, or has been.
type Slot = Arc<Mutex<Option<Arc<Piece>>>>;

#[derive(Debug, Default)]
struct Kept {
    slots: BTreeMap<usize, Entry>,
    clock: u64,
    /// Bytes.
    used: usize,
}

#[derive(Debug, Default)]
struct Entry {
    slot: Slot,
    /// When it was asked for last.
    asked: u64,
    /// 0 until it is read.
    bytes: usize,
}

impl Pieces {
    /// `room` is the memory, bytes, for pieces that are not in use.
    pub fn new(room: usize) -> Self {
        Self {
            kept: Mutex::default(),
            room,
        }
    }

    /// The piece of product number `index`. Of two threads that ask for one product, one reads it, and the other waits.
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
        let slot = self.slot(index);
        let mut piece = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(piece) = &*piece {
            return Ok(piece.clone());
        }
        let input = inputs.read(&plan.path)?;
        let fail =
            |reason: &str, detail: String| Stop::failed(reason, format!("{}: {detail}", plan.path.display()));
        let cutout = decode_cutout(&input.bytes, limits).map_err(|e| fail("unreadable", e.to_string()))?;
        drop(input);
        let read = product::read(&cutout, plan.kind, &plan.facts);
        let read = Arc::new(read.map_err(|e| fail("product_unusable", e.to_string()))?);
        *piece = Some(read.clone());
        drop(piece);
        self.make_room(index, &read);
        Ok(read)
    }

    fn slot(&self, index: usize) -> Slot {
        let mut kept = self.lock();
        kept.clock += 1;
        let asked = kept.clock;
        let entry = kept.slots.entry(index).or_default();
        entry.asked = asked;
        entry.slot.clone()
    }

    /// Counts a piece that was just read, and lets go of others for it.
    fn make_room(&self, index: usize, piece: &Piece) {
        // Four floats a pixel, and a third more for the halved sizes.
        let bytes = piece.pixels.data.len() * 16 / 3 * 4;
        let mut kept = self.lock();
        if let Some(entry) = kept.slots.get_mut(&index) {
            let before = std::mem::replace(&mut entry.bytes, bytes);
            kept.used = kept.used - before + bytes;
        }
        while kept.used > self.room {
            let read = kept.slots.iter().filter(|(_, entry)| entry.bytes > 0);
            let oldest = read.min_by_key(|(_, entry)| entry.asked).map(|(i, _)| *i);
            let Some(gone) = oldest.and_then(|oldest| kept.slots.remove(&oldest)) else {
                break;
            };
            kept.used -= gone.bytes;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
