//! The limits on how fast and how long a response is built.
//!
//! The library resolves everything that is ready in one go, which for a large response takes seconds on a thread that
//! other requests wait for, and it begins all fields of all items at once. Here a response is built in *turns* with
//! limited work, so that other requests have their turns in between. Work that does not fit into a turn waits in a
//! queue for the next, so that lists are built one after the other. If too much was begun, or is in memory at the same
//! time, the response is aborted.
//!
//! Work is counted in fields: selected fields when their parent begins, and items of lists when they begin. What a
//! loader reads counts too, before it is read if the amount is known ([`ExecutionBudget`]), so that the count limits the
//! memory of a request: rows, values, and the text of the response.

use std::{
    collections::VecDeque,
    future::poll_fn,
    pin::{Pin, pin},
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    task::{Context, Poll, Wake, Waker},
};

use async_graphql::Value;

use super::{
    error::{Limit, RequestError},
    values,
};
use crate::graphql::error::ApiError;
use crate::low_priority::LongOperation;

/// The work of one turn: some 2 ms, at about a microsecond for each field. Other requests wait for as long on a busy
/// thread. Loaders wait for more turns than `may_keep` lets a list take to begin (decision 0047).
const TURN: usize = 2_048;

/// The work on one response.
#[derive(Debug)]
pub(super) struct Scheduler {
    may_begin: usize,
    may_keep: usize,
    state: Mutex<State>,
    /// Marked if the work exceeds one turn.
    long: OnceLock<LongOperation>,
}

#[derive(Debug, Default)]
struct State {
    /// The work left in this turn. None while the response is not driven, because then nothing would resume the fields
    /// that wait.
    turn: Option<usize>,
    /// All work that was begun: the size of the response.
    begun: usize,
    /// The fields that are begun and not done, or wait to begin. Each takes 1 to 3 kB of memory.
    kept: usize,
    /// The reason why the response is aborted, if it is not too much work.
    refusal: Option<RequestError>,
    /// The fields that wait for their turn, in order of arrival.
    queue: VecDeque<Queued>,
}

/// A field that waits for its turn.
#[derive(Debug)]
struct Queued {
    waker: Waker,
    /// The work that it counts as.
    work: usize,
}

impl Scheduler {
    /// A limit of `may_begin` work for the whole response, and of `may_keep` at the same time.
    pub(super) fn new(may_begin: usize, may_keep: usize) -> Self {
        Self { may_begin, may_keep, state: Mutex::default(), long: OnceLock::new() }
    }

    /// Marks `long` if the work exceeds one turn.
    pub(super) fn report_to(&self, long: LongOperation) {
        let _ = self.long.set(long);
    }

    /// Drives the future of the response turn by turn.
    ///
    /// # Errors
    /// If it takes more work than is allowed; the partial response is dropped.
    pub(super) async fn drive<F: Future>(&self, answer: F) -> Result<F::Output, RequestError> {
        let mut answer = pin!(answer);
        loop {
            let turn = poll_fn(|context| {
                locked(&self.state).begin_turn();
                let polled = answer.as_mut().poll(context);
                let state = locked(&self.state);
                // Also if the response is complete: it is not yet written as JSON.
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
            // Unlike a mere wake, this lets the thread poll for input from clients and the database.
            tokio::task::yield_now().await;
        }
    }

    /// Runs `field`, which counts as `work`, whenever it has its turn.
    pub(super) async fn run<F: Future>(&self, work: usize, field: F) -> F::Output {
        // A field without work was counted with its parent, and must be done before more is begun.
        if work == 0 || locked(&self.state).turn.is_none() {
            return field.await;
        }
        let mut field = pin!(field);
        let mut kept = Kept { pace: self, units: 0 };
        let mut is_begun = false;
        let deferred = Arc::<Deferred>::default();
        // Checked whenever the field is resumed, not only at first: after waiting for the database, it may begin a list
        // of thousands.
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
                state.queue.push_back(Queued { waker: context.waker().clone(), work });
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
                locked(&self.state).queue.push_back(Queued { waker: context.waker().clone(), work: 1 });
            }
            polled
        })
        .await
    }

    /// Counts `work` that is known only when it is done.
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

    fn check(&self, state: &State) -> Result<(), RequestError> {
        if let Some(refusal) = &state.refusal {
            return Err(refusal.clone());
        }
        Limit::ResponseFields.check(state.begun, self.may_begin, None)?;
        Limit::PendingFields.check(state.kept, self.may_keep, None)
    }
}

impl State {
    /// Wakes as many waiting fields as fit into a turn.
    fn begin_turn(&mut self) {
        self.turn = Some(TURN);
        let mut left = TURN;
        while left > 0
            && let Some(Queued { waker, work }) = self.queue.pop_front()
        {
            left = left.saturating_sub(work);
            waker.wake();
        }
    }
}

/// The work of one request, for the loaders that read for it.
#[derive(Debug, Clone)]
pub struct ExecutionBudget(pub(super) Arc<Scheduler>);

impl ExecutionBudget {
    /// The number of fields that the response may still have.
    #[must_use]
    pub fn left(&self) -> usize {
        self.0.may_begin.saturating_sub(locked(&self.0.state).begun)
    }

    /// Counts data that is to be read, or was read, as so many fields of the response.
    ///
    /// # Errors
    /// If that is more than is left. The operation is then aborted with `LIMIT_EXCEEDED`, whatever its fields return.
    pub fn charge(&self, fields: usize) -> Result<(), ApiError> {
        self.0.charge(fields);
        let allowed = self.0.may_begin;
        if locked(&self.0.state).begun <= allowed {
            return Ok(());
        }
        Err(ApiError::over_limit(Limit::ResponseFields.name(), allowed, "The response has too many fields."))
    }

    /// The number of fields that may be read in one turn.
    #[must_use]
    pub fn one_turn(&self) -> usize {
        TURN.min(self.left())
    }

    /// Call this before up to so many fields are read: if that makes the operation a long one, it continues with low
    /// priority.
    pub async fn expect(&self, fields: usize) {
        if self.0.is_long_with(fields) {
            tokio::task::yield_now().await;
        }
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
        let refusal = RequestError::Limit { limit: Limit::Statements, allowed, asked: allowed + 1, at: None };
        locked(&self.0.state).refusal.get_or_insert(refusal);
    }
}

/// The memory of a field, until it is dropped.
struct Kept<'a> {
    pace: &'a Scheduler,
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

/// Hides from the library that a future wakes itself as soon as it is suspended: the library would suspend the whole
/// list after two such items, and the remaining items would be neither begun nor counted.
#[derive(Debug, Default)]
struct Deferred(Mutex<Wish>);

#[derive(Debug, Default)]
struct Wish {
    /// The waker to call; `None` while the future is polled.
    waker: Option<Waker>,
    is_woken: bool,
}

impl Deferred {
    /// Polls `future`, and returns whether it wants to be resumed at once.
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

/// Locks data that is never left half changed, even by a panic.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
