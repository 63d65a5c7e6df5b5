//! Collects the keys that the resolvers of one request ask for at the same moment, loads them together, and keeps the
//! results: each key is loaded once.
//!
//! async-graphql's own loader waits in a separate task. With a delay, that costs more than most statements take;
//! without one, the other thread may start before all keys are there, and one statement becomes two. Here the first
//! resolver that asks waits for one turn of the scheduler, in which all others of its request can ask too, and then
//! loads for all. Keys that are asked for during a load are collected for the next one.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use super::error::ApiError;
use super::limits::ExecutionBudget;

/// Loads many values at once.
pub trait Load: Send + Sync {
    /// The key of a value.
    type Key: Clone + Eq + Hash + Send + Sync;
    /// The loaded value.
    type Value: Send + Sync;

    /// The values of those `keys` that exist. `keys` has no duplicates.
    fn load(
        &self,
        keys: &[Self::Key],
    ) -> impl Future<Output = Result<HashMap<Self::Key, Self::Value>, ApiError>> + Send;
}

/// Collects keys for a [`Load`]. Belongs to one request.
pub struct DataLoader<L: Load> {
    load: L,
    /// The work of the request, if it is paced.
    work: Option<ExecutionBudget>,
    state: Mutex<State<L>>,
}

struct State<L: Load> {
    /// The results; `None` for a key that does not exist.
    known: HashMap<L::Key, Option<Arc<L::Value>>>,
    /// The resolvers that wait, by the key that they asked for.
    waiting: Waiting<L>,
    /// Whether one of the resolvers is loading for all.
    is_loading: bool,
}

type Waiting<L> = HashMap<<L as Load>::Key, Vec<oneshot::Sender<Answer<L>>>>;
type Answer<L> = Result<Option<Arc<<L as Load>::Value>>, ApiError>;

/// The outcome of asking for a key.
enum Asked<L: Load> {
    /// The key was loaded before.
    Known(Option<Arc<L::Value>>),
    /// This resolver is the first, and so loads for all.
    First(oneshot::Receiver<Answer<L>>),
    /// Another resolver loads the key.
    Waits(oneshot::Receiver<Answer<L>>),
}

impl<L: Load> DataLoader<L> {
    /// A loader that collects keys for `load`.
    pub fn new(load: L) -> Self {
        let state = State { known: HashMap::new(), waiting: HashMap::new(), is_loading: false };
        Self { load, work: None, state: Mutex::new(state) }
    }

    /// Delays each load until all fields of the request's `work` that can begin have begun.
    #[must_use]
    pub fn within(self, work: &ExecutionBudget) -> Self {
        Self { work: Some(work.clone()), ..self }
    }

    /// The value of this key, loaded together with all other keys that are asked for at this moment.
    ///
    /// # Errors
    /// The error of the load, the same for all that asked.
    pub async fn get(&self, key: L::Key) -> Answer<L> {
        loop {
            let answer = match self.ask(&key) {
                Asked::Known(found) => return Ok(found),
                Asked::First(answer) => {
                    self.load_for_all().await;
                    answer
                }
                Asked::Waits(answer) => answer,
            };
            // The resolver that loads for all may have been dropped, or is done: then another one starts.
            if let Ok(answer) = answer.await {
                return answer;
            }
        }
    }

    /// Forgets all results.
    pub fn forget(&self) {
        self.lock().known.clear();
    }

    fn ask(&self, key: &L::Key) -> Asked<L> {
        let mut state = self.lock();
        if let Some(found) = state.known.get(key) {
            return Asked::Known(found.clone());
        }
        let (sender, answer) = oneshot::channel();
        state.waiting.entry(key.clone()).or_default().push(sender);
        if std::mem::replace(&mut state.is_loading, true) { Asked::Waits(answer) } else { Asked::First(answer) }
    }

    async fn load_for_all(&self) {
        let mut loading = Loading { loader: self, is_done: false };
        self.let_others_ask().await;
        let waiting = std::mem::take(&mut self.lock().waiting);
        let keys: Vec<L::Key> = waiting.keys().cloned().collect();
        let loaded = self.load.load(&keys).await;
        loading.is_done = true;
        self.answer(waiting, loaded);
    }

    /// A field that begins in one turn may ask only in the course of it, so all have asked when no field has waited
    /// twice in a row.
    async fn let_others_ask(&self) {
        let is_more_to_begin = || self.work.as_ref().is_some_and(ExecutionBudget::is_more_to_begin);
        tokio::task::yield_now().await;
        let mut is_over = self.work.is_none();
        while !is_over {
            let was_more = is_more_to_begin();
            tokio::task::yield_now().await;
            is_over = !was_more && !is_more_to_begin();
        }
    }

    fn answer(&self, waiting: Waiting<L>, loaded: Result<HashMap<L::Key, L::Value>, ApiError>) {
        let mut state = self.lock();
        state.is_loading = false;
        let mut loaded =
            loaded.map(|found| found.into_iter().map(|(key, value)| (key, Arc::new(value))).collect::<HashMap<_, _>>());
        for (key, senders) in waiting {
            let answer: Answer<L> = match &mut loaded {
                Ok(found) => Ok(found.remove(&key)),
                Err(error) => Err(error.clone()),
            };
            // And to those that asked for the same key in the meantime.
            for sender in senders.into_iter().chain(state.waiting.remove(&key).unwrap_or_default()) {
                // The caller may have been dropped; then the result is not needed.
                let _ = sender.send(answer.clone());
            }
            if let Ok(answer) = answer {
                state.known.insert(key, answer);
            }
        }
        // Those that asked for another key ask again, and the first of them loads for all.
        state.waiting.clear();
    }

    fn lock(&self) -> MutexGuard<'_, State<L>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends a load when the resolver that loads is dropped. The waiting ones notice it when their senders are dropped.
struct Loading<'a, L: Load> {
    loader: &'a DataLoader<L>,
    is_done: bool,
}

impl<L: Load> Drop for Loading<'_, L> {
    fn drop(&mut self) {
        if !self.is_done {
            let mut state = self.loader.lock();
            state.is_loading = false;
            state.waiting.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;

    use super::*;

    /// Finds the double of even numbers, and notes what it was asked for.
    struct Doubles(Mutex<Vec<Vec<u32>>>);

    impl Load for Doubles {
        type Key = u32;
        type Value = u32;

        async fn load(&self, keys: &[u32]) -> Result<HashMap<u32, u32>, ApiError> {
            self.0.lock().unwrap().push(keys.to_vec());
            tokio::task::yield_now().await;
            Ok(keys.iter().filter(|key| *key % 2 == 0).map(|key| (*key, key * 2)).collect())
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn what_is_asked_for_at_once_is_loaded_at_once() {
        for number in [1, 10, 1000] {
            let loader = DataLoader::new(Doubles(Mutex::default()));
            let answers = join_all((0..number).map(|key| loader.get(key / 2))).await;
            for (key, answer) in (0..number).zip(answers) {
                let (Ok(found) | Err(found)) = answer.map_err(|_| None);
                assert_eq!(found.as_deref().copied(), (key / 2 % 2 == 0).then_some(key / 2 * 2));
            }
            let mut asked = loader.load.0.lock().unwrap();
            for keys in asked.iter_mut() {
                keys.sort_unstable();
            }
            assert_eq!(*asked, [(0..number.div_ceil(2)).collect::<Vec<_>>()]);
        }
    }

    #[tokio::test]
    async fn a_key_is_loaded_once_until_it_is_forgotten() {
        let loader = DataLoader::new(Doubles(Mutex::default()));
        for key in [2, 3, 2, 3] {
            assert!(loader.get(key).await.is_ok());
        }
        assert_eq!(*loader.load.0.lock().unwrap(), [[2], [3]]);
        loader.forget();
        assert!(loader.get(2).await.is_ok());
        assert_eq!(loader.load.0.lock().unwrap().len(), 3);
    }

    #[tokio::test]
    async fn keys_asked_for_during_a_load_are_gathered_for_the_next() {
        let loader = DataLoader::new(Doubles(Mutex::default()));
        let mut first = Box::pin(loader.get(2));
        while loader.load.0.lock().unwrap().is_empty() {
            assert!(futures_util::poll!(&mut first).is_pending());
        }
        let later = join_all([loader.get(4), loader.get(2), loader.get(6)]);
        let (first, later) = futures_util::future::join(first, later).await;
        assert_eq!(first.ok().flatten().as_deref(), Some(&4));
        let found: Vec<_> = later.into_iter().map(|found| found.ok().flatten().as_deref().copied()).collect();
        assert_eq!(found, [Some(8), Some(4), Some(12)]);
        let mut asked = loader.load.0.lock().unwrap().clone();
        for keys in &mut asked {
            keys.sort_unstable();
        }
        assert_eq!(asked, [vec![2], vec![4, 6]]);
    }

    #[tokio::test]
    async fn who_waits_for_one_that_was_dropped_is_answered_all_the_same() {
        let loader = DataLoader::new(Doubles(Mutex::default()));
        for polls in 1..4 {
            loader.forget();
            let mut first = Box::pin(loader.get(2));
            let second = loader.get(4);
            for _ in 0..polls {
                let _ = futures_util::poll!(&mut first);
            }
            let second = async {
                let mut second = Box::pin(second);
                let _ = futures_util::poll!(&mut second);
                drop(first);
                second.await
            };
            assert_eq!(second.await.ok().flatten().as_deref(), Some(&8), "{polls}");
        }
    }
}
