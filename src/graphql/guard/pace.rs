//! How fast, and how long, an answer may be made.
//!
//! The library resolves all that is ready in one go, which for a large answer is seconds on a thread that other requests
//! wait for, and it begins all fields of all items at once. Here an answer is made in *turns* with a bound on the work in
//! each, so that others have theirs in between; what does not fit into one waits in a queue for the next, so that lists
//! are made one after the other; and when too much was begun, or is kept at the same time, the answer is given up.
//!
//! Work is counted in fields: those selected, when what they stand in begins, and items of lists, when they begin. What a
//! loader reads counts too, before it is read where that can be told ([`Work`]), so that the count bounds the memory that a
//! request takes: rows, values, and the text of the response.

use std::{
    collections::VecDeque,
    future::poll_fn,
    pin::{Pin, pin},
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    task::{Context, Poll, Wake, Waker},
};

use async_graphql::Value;

use super::{
    refusal::{Limit, Refusal},
    values,
};
use crate::graphql::error::ApiError;
use crate::low_priority::LongOperation;

/// Work done in one turn: some 2 ms, at about a microsecond a field. Others wait for as long, on a thread that is busy.
/// Loaders wait until everything has begun that is to begin ([`Work::is_more_to_begin`]), so that the keys of a page become
/// one statement however many turns it takes.
const TURN: usize = 2_048;

/// The work on one answer.
#[derive(Debug)]
pub(super) struct Pace {
    may_begin: usize,
    may_keep: usize,
    state: Mutex<State>,
    /// Marked when the work is more than one turn.
    long: OnceLock<LongOperation>,
}

#[derive(Debug, Default)]
struct State {
    /// What is left of this turn; none while nobody drives the answer, and so nobody would resume what waits.
    turn: Option<usize>,
    /// All that was begun: the size of the answer.
    begun: usize,
    /// What is begun and not done, or waits to begin; each keeps 1 to 3 kB of memory.
    kept: usize,
    /// Why the answer is given up, where that is for another reason than too much work.
    refusal: Option<Refusal>,
    /// What waits for its turn, first come, first served.
    queue: VecDeque<Queued>,
    /// How much of it has not begun.
    to_begin: usize,
}

/// What waits for its turn.
#[derive(Debug)]
struct Queued {
    waker: Waker,
    /// The work that it is.
    work: usize,
    is_begun: bool,
}

impl Pace {
    /// Allows `may_begin` work for the whole answer, and `may_keep` at the same time.
    pub(super) fn new(may_begin: usize, may_keep: usize) -> Self {
        Self { may_begin, may_keep, state: Mutex::default(), long: OnceLock::new() }
    }

    /// Marks `long` when the work is more than one turn.
    pub(super) fn report_to(&self, long: LongOperation) {
        let _ = self.long.set(long);
    }

    /// Drives `answer` turn by turn.
    ///
    /// # Errors
    /// When it takes more work than is allowed; what there is of it is dropped.
    pub(super) async fn drive<F: Future>(&self, answer: F) -> Result<F::Output, Refusal> {
        let mut answer = pin!(answer);
        loop {
            let turn = poll_fn(|context| {
                locked(&self.state).begin_turn();
                let polled = answer.as_mut().poll(context);
                let state = locked(&self.state);
                // Also of what is done: it was not yet written as JSON.
                if let Err(refusal) = self.check(&state) {
                    return Poll::Ready(Err(refusal));
                }
                match polled {
                    Poll::Ready(output) => Poll::Ready(Ok(Some(output))),
                    Poll::Pending if state.queue.is_empty() => Poll::Pending,
                    Poll::Pending => Poll::Ready(Ok(None)),
                }
            });
            if let Some(output) = turn.await? {
                return Ok(output);
            }
            self.is_long_with(0);
            // Unlike a mere wake, this lets the thread look for what comes from clients and the database.
            tokio::task::yield_now().await;
        }
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
                let work = if is_begun { 1 } else { work };
                state.wait(Queued { waker: context.waker().clone(), work, is_begun });
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
                let queued = Queued { waker: context.waker().clone(), work: 1, is_begun: true };
                locked(&self.state).wait(queued);
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

    /// Whether the operation is long with `more` work; it is then marked.
    fn is_long_with(&self, more: usize) -> bool {
        let is_long = locked(&self.state).begun.saturating_add(more) > TURN;
        if is_long && let Some(long) = self.long.get() {
            long.mark();
        }
        is_long
    }

    fn check(&self, state: &State) -> Result<(), Refusal> {
        if let Some(refusal) = &state.refusal {
            return Err(refusal.clone());
        }
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
            && let Some(Queued { waker, work, is_begun }) = self.queue.pop_front()
        {
            self.to_begin -= usize::from(!is_begun);
            left = left.saturating_sub(work);
            waker.wake();
        }
    }

    fn wait(&mut self, queued: Queued) {
        self.to_begin += usize::from(!queued.is_begun);
        self.queue.push_back(queued);
    }
}

/// The work of one request, for those who read for it.
#[derive(Debug, Clone)]
pub struct Work(pub(super) Arc<Pace>);

impl Work {
    /// How many fields the response may still have.
    #[must_use]
    pub fn left(&self) -> usize {
        self.0.may_begin.saturating_sub(locked(&self.0.state).begun)
    }

    /// Counts what is to be read, or was, as so many fields of the response.
    ///
    /// # Errors
    /// When that is more than is left. The operation is then aborted with `LIMIT_EXCEEDED`, whatever its fields say.
    pub fn charge(&self, fields: usize) -> Result<(), ApiError> {
        self.0.charge(fields);
        let allowed = self.0.may_begin;
        if locked(&self.0.state).begun <= allowed {
            return Ok(());
        }
        Err(ApiError::over_limit(Limit::ResponseFields.name(), allowed, "The response has too many fields."))
    }

    /// How many fields may be read in one turn.
    #[must_use]
    pub fn one_turn(&self) -> usize {
        TURN.min(self.left())
    }

    /// To be called before up to so many fields are read: if that makes the operation a long one, it continues with low
    /// priority.
    pub async fn expect(&self, fields: usize) {
        if self.0.is_long_with(fields) {
            tokio::task::yield_now().await;
        }
    }

    /// Whether fields wait for their turn to begin, and may ask for more of what a loader is about to load.
    #[must_use]
    pub fn is_more_to_begin(&self) -> bool {
        locked(&self.0.state).to_begin > 0
    }

    /// Counts a `value` that is to be copied.
    ///
    /// # Errors
    /// Those of [`charge`](Self::charge).
    pub fn charge_copy(&self, value: &Value) -> Result<(), ApiError> {
        self.charge(values::of_response(value))
    }

    /// Aborts the operation: it needs more than the `allowed` number of database statements.
    pub fn refuse_statements(&self, allowed: usize) {
        let refusal = Refusal::Limit { limit: Limit::Statements, allowed, asked: allowed + 1, at: None };
        locked(&self.0.state).refusal.get_or_insert(refusal);
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
