//! Which work is next: few photographs open at a time, memory accounted for, nothing started after a halt.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A photograph that is open, with the composites still to be made on it.
struct Open<S> {
    group: usize,
    scene: Arc<S>,
    waiting: VecDeque<usize>,
    running: usize,
}

/// What a thread should do.
pub enum Task<S> {
    /// Open this group's photograph.
    Open(usize),
    /// Make this composite of this group.
    Compose(usize, usize, Arc<S>),
}

struct State<S> {
    /// Groups that are not open yet.
    next: usize,
    /// Groups whose photographs are being opened.
    opening_groups: Vec<usize>,
    open: Vec<Open<S>>,
    /// Bytes that open photographs and running tasks may take.
    used: u64,
    running: usize,
}

/// Memory of a group's parts, bytes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Costs {
    pub scene: u64,
    pub composite: u64,
}

pub struct Schedule<'a, S> {
    state: Mutex<State<S>>,
    changed: Condvar,
    costs: Vec<Costs>,
    budget: u64,
    halted: &'a (dyn Fn() -> bool + Sync),
}

impl<'a, S> Schedule<'a, S> {
    /// `budget` is memory in bytes; a task that is larger runs alone.
    pub fn new(costs: Vec<Costs>, budget: u64, halted: &'a (dyn Fn() -> bool + Sync)) -> Self {
        let state = State {
            next: 0,
            opening_groups: Vec::new(),
            open: Vec::new(),
            used: 0,
            running: 0,
        };
        Self {
            state: Mutex::new(state),
            changed: Condvar::new(),
            costs,
            budget,
            halted,
        }
    }

    /// Waits for the next task; `None` when there is nothing left or the run halts.
    pub fn next(&self) -> Option<Task<S>> {
        let mut state = self.lock();
        loop {
            if (self.halted)() {
                return None;
            }
            if let Some(task) = self.compose(&mut state).or_else(|| self.open(&mut state)) {
                return Some(task);
            }
            let waiting = state.open.iter().any(|open| !open.waiting.is_empty());
            if state.next == self.costs.len() && state.opening_groups.is_empty() && !waiting {
                return None;
            }
            // With a time limit, so that a halt is noticed by those who wait.
            state = match self.changed.wait_timeout(state, Duration::from_millis(100)) {
                Ok((state, _)) => state,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
    }

    /// The oldest open photograph first, so that photographs are closed soon.
    fn compose(&self, state: &mut State<S>) -> Option<Task<S>> {
        let at = state.open.iter().position(|open| !open.waiting.is_empty())?;
        let group = state.open.get(at)?.group;
        let cost = self.costs(group).composite;
        if state.running > 0 && state.used.saturating_add(cost) > self.budget {
            return None;
        }
        let open = state.open.get_mut(at)?;
        let base = open.waiting.pop_front()?;
        open.running += 1;
        let scene = open.scene.clone();
        state.running += 1;
        state.used = state.used.saturating_add(cost);
        Some(Task::Compose(group, base, scene))
    }

    fn open(&self, state: &mut State<S>) -> Option<Task<S>> {
        if state.next >= self.costs.len() {
            return None;
        }
        // A photograph waits open until its turn: while others have work, there is no hurry.
        if state.open.iter().any(|open| !open.waiting.is_empty()) {
            return None;
        }
        let group = state.next;
        let cost = self.costs(group).scene;
        // Beside the scenes that are open there must stay room for the largest composite of any of them, or a
        // composite that finds nothing else running would go over the budget.
        let room = state
            .open
            .iter()
            .map(|open| open.group)
            .chain(state.opening_groups.iter().copied())
            .chain([group])
            .map(|g| self.costs(g).composite)
            .max()
            .unwrap_or(0);
        let busy = state.running > 0 || !state.open.is_empty();
        if busy && state.used.saturating_add(cost).saturating_add(room) > self.budget {
            return None;
        }
        state.next += 1;
        state.opening_groups.push(group);
        state.running += 1;
        state.used = state.used.saturating_add(cost);
        Some(Task::Open(group))
    }

    /// A photograph is open (or failed to open: `None`), with these composites to be made.
    pub fn opened(&self, group: usize, scene: Option<S>, bases: Vec<usize>) {
        let mut state = self.lock();
        state.opening_groups.retain(|g| *g != group);
        state.running -= 1;
        match scene {
            Some(scene) if !bases.is_empty() => state.open.push(Open {
                group,
                scene: Arc::new(scene),
                waiting: bases.into(),
                running: 0,
            }),
            _ => state.used = state.used.saturating_sub(self.costs(group).scene),
        }
        drop(state);
        self.changed.notify_all();
    }

    /// A composite of this group has ended. The caller has dropped its scene before.
    pub fn composed(&self, group: usize) {
        let mut state = self.lock();
        state.running -= 1;
        state.used = state.used.saturating_sub(self.costs(group).composite);
        if let Some(at) = state.open.iter().position(|open| open.group == group) {
            let done = state.open.get_mut(at).is_some_and(|open| {
                open.running -= 1;
                open.running == 0 && open.waiting.is_empty()
            });
            if done {
                state.open.remove(at);
                state.used = state.used.saturating_sub(self.costs(group).scene);
            }
        }
        drop(state);
        self.changed.notify_all();
    }

    fn costs(&self, group: usize) -> Costs {
        self.costs.get(group).copied().unwrap_or_default()
    }

    /// A thread that panicked cannot have left the state half changed: nothing in here panics.
    fn lock(&self) -> MutexGuard<'_, State<S>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    /// Runs 5 groups of 7 composites on `threads` threads; gives the most memory ever in use.
    fn peak(threads: usize, budget: u64) -> u64 {
        let costs = vec![
            Costs {
                scene: 30,
                composite: 10
            };
            5
        ];
        let schedule: Schedule<()> = Schedule::new(costs, budget, &|| false);
        let (used, most, done) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
        let add = |n: u64| {
            let now = used.fetch_add(n, Ordering::SeqCst) + n;
            most.fetch_max(now, Ordering::SeqCst);
        };
        let left: Vec<AtomicU64> = (0..5).map(|_| AtomicU64::new(7)).collect();
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    while let Some(task) = schedule.next() {
                        match task {
                            Task::Open(group) => {
                                add(30);
                                std::thread::sleep(Duration::from_millis(1));
                                schedule.opened(group, Some(()), (0..7).collect());
                            }
                            Task::Compose(group, _, scene) => {
                                add(10);
                                std::thread::sleep(Duration::from_millis(1));
                                drop(scene);
                                used.fetch_sub(10, Ordering::SeqCst);
                                if left[group].fetch_sub(1, Ordering::SeqCst) == 1 {
                                    used.fetch_sub(30, Ordering::SeqCst);
                                }
                                done.fetch_add(1, Ordering::SeqCst);
                                schedule.composed(group);
                            }
                        }
                    }
                });
            }
        });
        assert_eq!(done.load(Ordering::SeqCst), 35);
        most.load(Ordering::SeqCst)
    }

    #[test]
    fn memory_stays_within_the_budget() {
        for (threads, budget) in [(1, 1000), (8, 60), (8, 45), (3, 100)] {
            let peak = peak(threads, budget);
            assert!(peak <= budget, "{threads} threads, budget {budget}: {peak}");
        }
    }

    #[test]
    fn what_is_larger_than_the_budget_runs_alone() {
        assert_eq!(peak(8, 1), 40);
    }

    #[test]
    fn a_halt_ends_the_waiting() {
        let schedule: Schedule<()> = Schedule::new(vec![Costs::default()], 1, &|| true);
        assert!(schedule.next().is_none());
    }
}
