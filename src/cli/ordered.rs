//! Results that are computed in any order and told in the order of their inputs.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Calls `tell` once per index, in order, as soon as all earlier indices have come in.
pub struct Ordered<T, F: FnMut(T)> {
    state: Mutex<State<T, F>>,
}

struct State<T, F> {
    next: usize,
    waiting: BTreeMap<usize, T>,
    tell: F,
}

impl<T, F: FnMut(T)> Ordered<T, F> {
    pub fn new(tell: F) -> Self {
        Self {
            state: Mutex::new(State {
                next: 0,
                waiting: BTreeMap::new(),
                tell,
            }),
        }
    }

    pub fn push(&self, index: usize, value: T) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.waiting.insert(index, value);
        loop {
            let next = state.next;
            let Some(value) = state.waiting.remove(&next) else {
                break;
            };
            (state.tell)(value);
            state.next += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn told_in_order_whatever_the_arrival() {
        let told = Mutex::new(Vec::new());
        let ordered = Ordered::new(|v| told.lock().expect("lock").push(v));
        for i in [2, 0, 3, 1] {
            ordered.push(i, i * 10);
        }
        assert_eq!(*told.lock().expect("lock"), [0, 10, 20, 30]);
    }
}
