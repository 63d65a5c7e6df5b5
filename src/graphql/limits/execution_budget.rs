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

use async_graphql::{ServerResult, Value, parser::types::Field};
use tokio::sync::oneshot;

use super::{
    error::{Limit, RequestError},
    response_size,
    values::Weights,
};
use crate::graphql::error::ApiError;
use crate::low_priority::LongOperation;

/// The work of one turn: some 2 ms, at about a microsecond for each field. Other requests wait for as long on a busy
/// thread. Loaders wait until no field waits for its turn ([`ExecutionBudget::until_idle`]), so that the keys of a list
/// become one statement, whatever the number of turns.
const TURN: usize = 2_048;

/// The number of fields that an error counts as: it is kept with its path and text, even if it is not listed.
const ERROR_FIELDS: usize = 4;

/// The work on one response.
#[derive(Debug)]
pub(super) struct Scheduler {
    may_begin: usize,
    may_keep: usize,
    state: Mutex<State>,
    /// Marked if the work exceeds one turn.
    long: OnceLock<LongOperation>,
    /// The size of the variables that arguments use.
    weights: OnceLock<Weights>,
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
    /// The loads that wait until nothing else can run.
    loads: Vec<oneshot::Sender<()>>,
    /// Whether nothing but such loads was resumed in this turn.
    is_idle: bool,
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
        Self { may_begin, may_keep, state: Mutex::default(), long: OnceLock::new(), weights: OnceLock::new() }
    }

    /// Marks `long` if the work exceeds one turn.
    pub(super) fn report_to(&self, long: LongOperation) {
        let _ = self.long.set(long);
    }

    /// Counts the variables in arguments by their size.
    pub(super) fn weigh_arguments_by(&self, weights: Weights) {
        let _ = self.weights.set(weights);
    }

    /// Drives the future of the response turn by turn.
    ///
    /// # Errors
    /// If it takes more work than is allowed; the partial response is dropped.
    pub(super) async fn drive<F: Future>(&self, answer: F) -> Result<F::Output, RequestError> {
        let mut answer = pin!(answer);
        // Tells whether fields were woken that have not yet run.
        let deferred = Arc::<Deferred>::default();
        loop {
            let turn = poll_fn(|context| {
                locked(&self.state).begin_turn(deferred.take().is_woken);
                let (polled, wants_more) = deferred.poll(answer.as_mut(), context);
                let state = locked(&self.state);
                // Also if the response is complete: it is not yet written as JSON.
                if let Err(refusal) = self.check(&state) {
                    return Poll::Ready(Err(refusal));
                }
                match polled {
                    Poll::Ready(output) => Poll::Ready(Ok(Some(output))),
                    Poll::Pending if wants_more || state.has_more() => Poll::Ready(Ok(None)),
                    Poll::Pending => Poll::Pending,
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

    /// Resolves a field, and counts it with its arguments and its value.
    pub(super) async fn resolve_field(
        &self,
        field: &Field,
        value: impl Future<Output = ServerResult<Option<Value>>>,
    ) -> ServerResult<Option<Value>> {
        let arguments = self.weights.get().map_or(0, |weights| weights.of_arguments(&field.arguments));
        self.resolve(field, arguments + response_size::of_text(&field.response_key().node), value).await
    }

    /// Resolves an item of the list that `field` is.
    pub(super) async fn resolve_item(
        &self,
        field: &Field,
        value: impl Future<Output = ServerResult<Option<Value>>>,
    ) -> ServerResult<Option<Value>> {
        self.resolve(field, 1, value).await
    }

    async fn resolve(
        &self,
        field: &Field,
        itself: usize,
        value: impl Future<Output = ServerResult<Option<Value>>>,
    ) -> ServerResult<Option<Value>> {
        // Selected fields count before they begin, because all of them begin at once.
        let below = field.selection_set.node.items.len();
        let value = self.run(itself + below, value).await.inspect_err(|_| self.charge(ERROR_FIELDS))?;
        // The size of a value without selections is known only now. The field itself was counted before.
        if let Some(value) = value.as_ref().filter(|_| below == 0) {
            self.charge(response_size::of_leaf(value));
        }
        Ok(value)
    }

    /// Runs `field`, which counts as `work`, whenever it has its turn.
    pub(super) async fn run<F: Future>(&self, work: usize, field: F) -> F::Output {
        // A field without work was counted with its parent, and must be done before more is begun.
        if work == 0 || locked(&self.state).turn.is_none() {
            return field.await;
        }
        let mut field = pin!(field);
        let mut kept = Kept { scheduler: self, units: 0 };
        let mut is_begun = false;
        let deferred = Arc::<Deferred>::default();
        // Checked whenever the field is resumed, not only at first: after waiting for the database, it may begin a list
        // of thousands.
        poll_fn(|context| {
            let mut state = locked(&self.state);
            if self.check(&state).is_err() {
                return Poll::Pending; // It is not resumed: `drive` checks next, and drops it.
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
    /// Whether fields or loads wait for the next turn.
    fn has_more(&self) -> bool {
        !self.queue.is_empty() || !self.loads.is_empty()
    }

    /// Wakes as many waiting fields as fit into a turn. If there are none, and no other field `is_woken`, it wakes the
    /// loads.
    fn begin_turn(&mut self, is_woken: bool) {
        self.turn = Some(TURN);
        self.is_idle = self.queue.is_empty() && !is_woken;
        if self.is_idle {
            for load in self.loads.drain(..) {
                let _ = load.send(()); // It may have been dropped.
            }
        }
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

    /// Counts fields that were written.
    pub(in crate::graphql) fn count(&self, fields: usize) {
        self.0.charge(fields);
    }

    /// Counts fields that were written, and waits for the next turn if this one is used up.
    pub(in crate::graphql) async fn count_in_turns(&self, fields: usize) {
        self.0.run(fields, std::future::ready(())).await;
    }

    /// Resolves a field when it has its turn, and counts it.
    pub(in crate::graphql) async fn resolve_field(
        &self,
        field: &Field,
        value: impl Future<Output = ServerResult<Option<Value>>>,
    ) -> ServerResult<Option<Value>> {
        self.0.resolve_field(field, value).await
    }

    /// The same for an item of the list that `field` is.
    pub(in crate::graphql) async fn resolve_item(
        &self,
        field: &Field,
        value: impl Future<Output = ServerResult<Option<Value>>>,
    ) -> ServerResult<Option<Value>> {
        self.0.resolve_item(field, value).await
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

    /// Waits until nothing else of the response can run: every field that can begin has begun, and waits for something
    /// other than its turn. If the response is not driven, that is after one turn of the runtime.
    pub async fn until_idle(&self) {
        loop {
            let Some(turn) = self.next_turn_of_loads() else { return tokio::task::yield_now().await };
            let _ = turn.await;
            // The field that loads is resumed in a later turn if others have used up this one.
            if locked(&self.0.state).is_idle {
                return;
            }
        }
    }

    fn next_turn_of_loads(&self) -> Option<oneshot::Receiver<()>> {
        let mut state = locked(&self.0.state);
        state.turn?;
        let (sender, receiver) = oneshot::channel();
        state.loads.push(sender);
        Some(receiver)
    }

    /// Counts a `value` that is to be copied.
    ///
    /// # Errors
    /// Those of [`charge`](Self::charge).
    pub fn charge_copy(&self, value: &Value) -> Result<(), ApiError> {
        self.charge(response_size::of_value(value))
    }

    /// Aborts the operation: it needs more than the `allowed` number of database statements.
    pub fn refuse_statements(&self, allowed: usize) {
        let refusal = RequestError::Limit { limit: Limit::Statements, allowed, asked: allowed + 1, at: None };
        locked(&self.0.state).refusal.get_or_insert(refusal);
    }
}

/// The memory of a field, until it is dropped.
struct Kept<'a> {
    scheduler: &'a Scheduler,
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
            locked(&self.scheduler.state).kept -= self.units;
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
    /// What happened since the last poll, which is then forgotten.
    fn take(&self) -> Wish {
        std::mem::take(&mut locked(&self.0))
    }

    /// Polls `future`, and returns whether it wants to be resumed at once.
    fn poll<F: Future>(self: &Arc<Self>, future: Pin<&mut F>, context: &Context<'_>) -> (Poll<F::Output>, bool) {
        self.take();
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    use futures_util::future::{join, join_all, join3};

    use super::*;

    impl ExecutionBudget {
        pub(in crate::graphql) fn unlimited() -> Self {
            Self(Arc::new(Scheduler::new(usize::MAX, usize::MAX)))
        }

        /// The result of this `answer`, which is driven.
        pub(in crate::graphql) async fn drive<F: Future>(&self, answer: F) -> F::Output {
            self.0.drive(answer).await.unwrap()
        }
    }

    #[tokio::test]
    async fn a_load_waits_until_all_fields_have_begun() {
        let (budget, begun) = (ExecutionBudget::unlimited(), AtomicUsize::new(0));
        let field = |_| budget.0.run(1, async { begun.fetch_add(1, Relaxed) });
        // Each item has begun when it waits for its turn to continue.
        let item = |_| budget.0.run(2, async { join_all((0..2).map(field)).await });
        let load = budget.0.run(1, async {
            budget.until_idle().await;
            begun.load(Relaxed)
        });
        let (at_load, _) = budget.drive(join(load, join_all((0..2 * TURN).map(item)))).await;
        assert_eq!(at_load, 4 * TURN);
    }

    #[tokio::test]
    async fn a_load_waits_for_a_field_that_another_one_woke() {
        let (budget, asked) = (ExecutionBudget::unlimited(), AtomicUsize::new(0));
        let (wake, woken) = oneshot::channel();
        let load = budget.0.run(1, async {
            budget.until_idle().await;
            asked.load(Relaxed)
        });
        let waits = budget.0.run(1, async { woken.await.map(|()| asked.fetch_add(1, Relaxed)) });
        let wakes = budget.0.run(1, async { wake.send(()) });
        assert_eq!(budget.drive(join3(load, waits, wakes)).await.0, 1);
    }

    #[tokio::test]
    async fn a_load_that_is_resumed_too_late_waits_again() {
        let (budget, begun) = (ExecutionBudget::unlimited(), AtomicUsize::new(0));
        let (wake, woken) = oneshot::channel();
        let uses_up_the_turn = budget.0.run(1, async {
            budget.until_idle().await;
            budget.0.charge(TURN);
            wake.send(())
        });
        let load = budget.0.run(1, async {
            budget.until_idle().await;
            begun.load(Relaxed)
        });
        let field = |_| budget.0.run(1, async { begun.fetch_add(1, Relaxed) });
        let list = budget.0.run(1, async { woken.await.map(|()| join_all((0..9).map(field))).unwrap().await });
        assert_eq!(budget.drive(join3(uses_up_the_turn, load, list)).await.1, 9);
    }

    #[tokio::test]
    async fn a_load_that_was_dropped_holds_up_nothing() {
        let budget = ExecutionBudget::unlimited();
        let answer = async {
            let mut load = Box::pin(budget.until_idle());
            assert!(futures_util::poll!(&mut load).is_pending());
            drop(load);
            budget.until_idle().await;
        };
        budget.drive(budget.0.run(1, answer)).await;
    }
}
