//! How fast, and how long, an answer may be made.
//!
//! The library resolves all that is ready in one go, which for a large answer is seconds on a thread that other requests
//! wait for, and it begins all fields of all items at once. Here an answer is made in *turns* with a bound on the work in
//! each, so that others have theirs in between; what does not fit into one waits in a queue for the next, so that lists
//! are made one after the other; and when too much was begun, or is kept at the same time, the answer is given up.
//!
//! Work is counted in fields: those selected, when what they stand in begins, and items of lists, when they begin.

use std::{
    collections::VecDeque,
    future::poll_fn,
    pin::{Pin, pin},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Wake, Waker},
};

use super::refusal::{Limit, Refusal};

/// Work done in one turn: some 15 ms, at about a microsecond a field. A page of 500 things with all their fields fits in,
/// since what their loaders are asked in one turn becomes one statement.
const TURN: usize = 16_384;

/// The work on one answer.
#[derive(Debug)]
pub(super) struct Pace {
    may_begin: usize,
    may_keep: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// What is left of this turn; none while nobody drives the answer, and so nobody would resume what waits.
    turn: Option<usize>,
    /// All that was begun: the size of the answer.
    begun: usize,
    /// What is begun and not done, or waits to begin; each keeps 1 to 3 kB of memory.
    kept: usize,
    /// What waits for its turn, first come, first served, and the work that it is.
    queue: VecDeque<(Waker, usize)>,
}

impl Pace {
    /// Allows `may_begin` work for the whole answer, and `may_keep` at the same time.
    pub(super) fn new(may_begin: usize, may_keep: usize) -> Self {
        Self { may_begin, may_keep, state: Mutex::default() }
    }

    /// Drives `answer` turn by turn.
    ///
    /// # Errors
    /// When it takes more work than is allowed; what there is of it is dropped.
    pub(super) async fn drive<F: Future>(&self, answer: F) -> Result<F::Output, Refusal> {
        let mut answer = pin!(answer);
        poll_fn(|context| {
            locked(&self.state).begin_turn();
            if let Poll::Ready(output) = answer.as_mut().poll(context) {
                return Poll::Ready(Ok(output));
            }
            let state = locked(&self.state);
            if !state.queue.is_empty() {
                context.waker().wake_by_ref();
            }
            self.check(&state).map_or_else(|refusal| Poll::Ready(Err(refusal)), |()| Poll::Pending)
        })
        .await
    }

    /// Runs `field`, which is `work`, whenever it has its turn.
    pub(super) async fn run<F: Future>(&self, work: usize, field: F) -> F::Output {
        // What is no work was paid for by what it stands in, and is to be done before more is begun.
        if work == 0 || locked(&self.state).turn.is_none() {
            return field.await;
        }
        let mut field = pin!(field);
        let mut kept = Kept { pace: self, units: 0 };
        let mut is_begun = false;
        let deferred = Arc::<Deferred>::default();
        // Asked whenever it is resumed, not only at first: what waited for the database may begin a list of thousands.
        poll_fn(|context| {
            let mut state = locked(&self.state);
            if self.check(&state).is_err() {
                return Poll::Pending; // Nobody resumes this: `drive` checks next, and drops it.
            }
            if state.turn == Some(0) {
                if !is_begun {
                    kept.set(&mut state, 1);
                }
                state.queue.push_back((context.waker().clone(), if is_begun { 1 } else { work }));
                return Poll::Pending;
            }
            if !is_begun {
                is_begun = true;
                state.turn = state.turn.map(|left| left.saturating_sub(work));
                state.begun += work;
                kept.set(&mut state, work);
            }
            drop(state);
            let (polled, wants_more) = deferred.poll(field.as_mut(), context);
            if polled.is_pending() && wants_more {
                locked(&self.state).queue.push_back((context.waker().clone(), 1));
            }
            polled
        })
        .await
    }

    /// Counts `work` that showed only when it was done.
    pub(super) fn charge(&self, work: usize) {
        let mut state = locked(&self.state);
        state.turn = state.turn.map(|left| left.saturating_sub(work));
        state.begun += work;
    }

    fn check(&self, state: &State) -> Result<(), Refusal> {
        Limit::ResponseFields.check(state.begun, self.may_begin, None)?;
        Limit::PendingFields.check(state.kept, self.may_keep, None)
    }
}

impl State {
    /// Wakes as much of what waits as fits into a turn.
    fn begin_turn(&mut self) {
        self.turn = Some(TURN);
        let mut left = TURN;
        while left > 0
            && let Some((waker, work)) = self.queue.pop_front()
        {
            left = left.saturating_sub(work);
            waker.wake();
        }
    }
}

/// What a field keeps in memory, until it is dropped.
struct Kept<'a> {
    pace: &'a Pace,
    units: usize,
}

impl Kept<'_> {
    fn set(&mut self, state: &mut State, units: usize) {
        state.kept = state.kept - self.units + units;
        self.units = units;
    }
}

impl Drop for Kept<'_> {
    fn drop(&mut self) {
        if self.units > 0 {
            locked(&self.pace.state).kept -= self.units;
        }
    }
}

/// Keeps from the library that a future wants to be resumed as soon as it is suspended: it would suspend the whole list
/// after two such items, and the rest of the items would be neither begun nor counted.
#[derive(Debug, Default)]
struct Deferred(Mutex<Wish>);

#[derive(Debug, Default)]
struct Wish {
    /// Who is to be woken; nobody while the future is polled.
    waker: Option<Waker>,
    is_woken: bool,
}

impl Deferred {
    /// Polls `future`, and says whether it wants to be resumed at once.
    fn poll<F: Future>(self: &Arc<Self>, future: Pin<&mut F>, context: &Context<'_>) -> (Poll<F::Output>, bool) {
        *locked(&self.0) = Wish::default();
        let polled = future.poll(&mut Context::from_waker(&Waker::from(Arc::clone(self))));
        let mut wish = locked(&self.0);
        wish.waker = Some(context.waker().clone());
        (polled, wish.is_woken)
    }
}

impl Wake for Deferred {
    fn wake(self: Arc<Self>) {
        let waker = {
            let mut wish = locked(&self.0);
            wish.is_woken = true;
            wish.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// Locks what is never left half changed, even where a panic passed by.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
