//! Which work is next: few photographs open at a time, memory accounted for, nothing started after a halt.
//!
//! Photographs that share products are open together, and their composites are made product by product: so a product is
//! read once for all of them, and need not be kept for long.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A photograph that is open, with the composites still to be made on it.
struct Open<S> {
    group: usize,
    scene: Arc<S>,
    /// In the order of their places.
    waiting: VecDeque<Waiting>,
    running: usize,
}

/// A composite to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Waiting {
    /// Composites with the same place share what they are made from; lower places come first.
    pub place: usize,
    /// Its number in its group.
    pub base: usize,
}

/// What a thread should do.
pub enum Task<S> {
    /// Open this group's photograph.
    Open(usize),
    /// Make this composite of this group.
    Compose(usize, Waiting, Arc<S>),
}

struct State<S> {
    /// Groups that are not open yet.
    next: usize,
    /// Groups whose photographs are being opened.
    opening_groups: Vec<usize>,
    open: Vec<Open<S>>,
    /// Bytes that open photographs and running tasks take.
    used: u64,
    running: usize,
    /// Places whose first composite is being made: what they share is not there yet, and others would wait for it.
    fresh: Vec<usize>,
    /// Places of which a composite has been made.
    met: BTreeSet<usize>,
}

/// What the work on a photograph takes.
#[derive(Debug, Clone, Default)]
pub struct Costs {
    /// Memory of the open photograph, bytes.
    pub scene: u64,
    /// Memory of one composite on it, bytes.
    pub composite: u64,
    /// Places of its composites.
    pub places: BTreeSet<usize>,
}

/// Photographs that are open for the sake of the products that they share.
const OPEN_TOGETHER: usize = 4;
/// Their part of the memory: one in this many.
const SHARE_OF_MEMORY: u64 = 4;

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
            fresh: Vec::new(),
            met: BTreeSet::new(),
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
            let task = self
                .open_beside(&mut state)
                .or_else(|| self.compose(&mut state))
                .or_else(|| self.open(&mut state));
            if let Some(task) = task {
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

    /// The lowest place first, and of one place the oldest photograph; but places that others are just beginning wait,
    /// while there is anything else.
    fn compose(&self, state: &mut State<S>) -> Option<Task<S>> {
        let (mut ready, mut any) = (None, None);
        for (at, open) in state.open.iter().enumerate() {
            for (i, waiting) in open.waiting.iter().enumerate() {
                let found = (waiting.place, at, i);
                any = any.or(Some(found)).min(Some(found));
                if !state.fresh.contains(&waiting.place) {
                    ready = ready.or(Some(found)).min(Some(found));
                    // The others of this photograph have higher places.
                    break;
                }
            }
        }
        let (place, at, i) = ready.or(any)?;
        let cost = self.cost(state.open.get(at)?.group).1;
        if state.running > 0 && state.used.saturating_add(cost) > self.budget {
            return None;
        }
        let open = state.open.get_mut(at)?;
        let waiting = open.waiting.remove(i)?;
        open.running += 1;
        let task = Task::Compose(open.group, waiting, open.scene.clone());
        if state.met.insert(place) {
            state.fresh.push(place);
        }
        state.running += 1;
        state.used = state.used.saturating_add(cost);
        Some(task)
    }

    /// The next photograph, early, when it shares products with one that is open.
    fn open_beside(&self, state: &mut State<S>) -> Option<Task<S>> {
        let next = self.costs.get(state.next)?;
        let open = state.open.iter().map(|open| open.group);
        let groups: Vec<usize> = open.chain(state.opening_groups.iter().copied()).collect();
        let costs = || groups.iter().filter_map(|group| self.costs.get(*group));
        let shares = costs().any(|open| !open.places.is_disjoint(&next.places));
        let scenes: u64 = costs().map(|open| open.scene).sum();
        let fits = scenes.saturating_add(next.scene) <= self.budget / SHARE_OF_MEMORY;
        if !shares || !fits || groups.len() >= OPEN_TOGETHER {
            return None;
        }
        self.begin(state)
    }

    fn open(&self, state: &mut State<S>) -> Option<Task<S>> {
        // A photograph waits open until its turn: while others have work, there is no hurry.
        if state.open.iter().any(|open| !open.waiting.is_empty()) {
            return None;
        }
        self.begin(state)
    }

    /// Opens the next photograph, if there is memory for it.
    fn begin(&self, state: &mut State<S>) -> Option<Task<S>> {
        if state.next >= self.costs.len() {
            return None;
        }
        let group = state.next;
        let cost = self.cost(group).0;
        // Beside the scenes that are open there must stay room for the largest composite of any of them, or a
        // composite that finds nothing else running would go over the budget.
        let room = state
            .open
            .iter()
            .map(|open| open.group)
            .chain(state.opening_groups.iter().copied())
            .chain([group])
            .map(|g| self.cost(g).1)
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
    pub fn opened(&self, group: usize, scene: Option<S>, mut bases: Vec<Waiting>) {
        bases.sort_unstable();
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
            _ => state.used = state.used.saturating_sub(self.cost(group).0),
        }
        drop(state);
        self.changed.notify_all();
    }

    /// A composite of this group and place has ended. The caller has dropped its scene before.
    pub fn composed(&self, group: usize, place: usize) {
        let mut state = self.lock();
        state.running -= 1;
        state.fresh.retain(|fresh| *fresh != place);
        state.used = state.used.saturating_sub(self.cost(group).1);
        if let Some(at) = state.open.iter().position(|open| open.group == group) {
            let done = state.open.get_mut(at).is_some_and(|open| {
                open.running -= 1;
                open.running == 0 && open.waiting.is_empty()
            });
            if done {
                state.open.remove(at);
                state.used = state.used.saturating_sub(self.cost(group).0);
            }
        }
        drop(state);
        self.changed.notify_all();
    }

    /// Memory of a group's scene, and of a composite on it.
    fn cost(&self, group: usize) -> (u64, u64) {
        self.costs.get(group).map_or((0, 0), |c| (c.scene, c.composite))
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

    fn waiting() -> Vec<Waiting> {
        (0..7).map(|i| Waiting { place: i, base: i }).collect()
    }

    /// Runs 5 groups of 7 composites on `threads` threads; gives the most memory ever in use.
    fn peak(threads: usize, budget: u64) -> u64 {
        let costs = vec![
            Costs {
                scene: 30,
                composite: 10,
                places: (0..7).collect(),
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
                                schedule.opened(group, Some(()), waiting());
                            }
                            Task::Compose(group, waiting, scene) => {
                                add(10);
                                std::thread::sleep(Duration::from_millis(1));
                                drop(scene);
                                used.fetch_sub(10, Ordering::SeqCst);
                                if left[group].fetch_sub(1, Ordering::SeqCst) == 1 {
                                    used.fetch_sub(30, Ordering::SeqCst);
                                }
                                done.fetch_add(1, Ordering::SeqCst);
                                schedule.composed(group, waiting.place);
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

    /// Two threads, two photographs with the same seven products: each product is taken up on the first photograph, and
    /// on the second as soon as nobody has to wait for it.
    #[test]
    fn photographs_that_share_products_are_worked_product_by_product() {
        let costs = Costs {
            places: (0..7).collect(),
            ..Costs::default()
        };
        let schedule: Schedule<()> = Schedule::new(vec![costs.clone(), costs], 100, &|| false);
        for group in 0..2 {
            assert!(matches!(schedule.next(), Some(Task::Open(g)) if g == group));
            schedule.opened(group, Some(()), waiting());
        }
        let next = || match schedule.next() {
            Some(Task::Compose(group, waiting, _)) => (group, waiting.place),
            _ => (9, 9),
        };
        let (first, second) = (next(), next());
        assert_eq!(
            (first, second),
            ((0, 0), (0, 1)),
            "the second thread need not wait"
        );
        schedule.composed(0, 0);
        assert_eq!(next(), (1, 0), "what was read is used");
        schedule.composed(0, 1);
        assert_eq!(next(), (1, 1));
        assert_eq!(next(), (0, 2));
    }

    #[test]
    fn a_photograph_with_other_products_is_not_opened_early() {
        let costs = |places: std::ops::Range<usize>| Costs {
            places: places.collect(),
            ..Costs::default()
        };
        let schedule: Schedule<()> = Schedule::new(vec![costs(0..7), costs(7..9)], 100, &|| false);
        assert!(matches!(schedule.next(), Some(Task::Open(0))));
        schedule.opened(0, Some(()), waiting());
        assert!(matches!(schedule.next(), Some(Task::Compose(0, ..))));
    }

    #[test]
    fn a_halt_ends_the_waiting() {
        let schedule: Schedule<()> = Schedule::new(vec![Costs::default()], 1, &|| true);
        assert!(schedule.next().is_none());
    }
}
