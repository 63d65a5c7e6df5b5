//! Collects the keys that the resolvers of one request ask for at the same moment, loads them together, and keeps the
//! results: each key is loaded once.
//!
//! There is no timer and no task. The first resolver that asks for a key of a batch waits until nothing else of the
//! response can run, so that all others have asked ([`ExecutionBudget::until_idle`]), and then loads for all. If it is
//! dropped, the next one does (decision 0047).

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OnceCell;
use tokio::task::unconstrained;

use super::error::ApiError;
use super::limits::ExecutionBudget;

/// Loads many values at once.
pub trait Load: Send + Sync {
    /// The key of a value.
    type Key: Clone + Eq + Hash + Send + Sync;
    /// The loaded value.
    type Value: Send + Sync;

    /// The value of a key for which nothing has to be loaded; `Some(None)` if it is known not to exist.
    fn available(&self, _key: &Self::Key) -> Option<Option<Arc<Self::Value>>> {
        None
    }

    /// The values of those `keys` that exist. `keys` has no duplicates.
    fn load(
        &self,
        keys: &[Self::Key],
    ) -> impl Future<Output = Result<HashMap<Self::Key, Self::Value>, ApiError>> + Send;
}

/// Collects keys for a [`Load`]. Belongs to one request.
pub struct DataLoader<L: Load> {
    load: L,
    work: ExecutionBudget,
    batches: Mutex<Batches<L>>,
    /// Held while a batch is loaded, so that the keys that are requested in the meantime become one batch.
    loading: tokio::sync::Mutex<()>,
}

struct Batches<L: Load> {
    /// The batch of each key that was requested.
    by_key: HashMap<L::Key, Arc<Batch<L>>>,
    /// The batch for other keys, if there is one.
    open: Option<Arc<Batch<L>>>,
}

/// The values of the keys of a batch, once they are loaded.
type Batch<L> = OnceCell<Result<HashMap<<L as Load>::Key, Arc<<L as Load>::Value>>, ApiError>>;

impl<L: Load> DataLoader<L> {
    /// A loader that collects keys for `load`, as part of the request's `work`.
    pub fn new(load: L, work: &ExecutionBudget) -> Self {
        let batches = Batches { by_key: HashMap::new(), open: None };
        Self { load, work: work.clone(), batches: Mutex::new(batches), loading: tokio::sync::Mutex::default() }
    }

    /// The value of this key if nothing has to be loaded for it; `Some(None)` if it is known not to exist.
    pub fn available(&self, key: &L::Key) -> Option<Option<Arc<L::Value>>> {
        self.load.available(key)
    }

    /// The value of this key, if it exists. It is loaded together with all other keys that are asked for at this moment.
    pub async fn get(&self, key: L::Key) -> Result<Option<Arc<L::Value>>, ApiError> {
        if let Some(value) = self.load.available(&key) {
            return Ok(value);
        }
        let batch = self.batch_of(&key);
        // On the heap, because only one of the resolvers that wait needs the memory for a load.
        let values = batch.get_or_init(|| Box::pin(self.load_batch(&batch)));
        // Otherwise tokio lets only 128 of them continue each time the task is polled, and polls the others in vain.
        match unconstrained(values).await {
            Ok(values) => Ok(values.get(&key).cloned()),
            Err(error) => Err(error.clone()),
        }
    }

    fn batch_of(&self, key: &L::Key) -> Arc<Batch<L>> {
        let Batches { by_key, open } = &mut *self.batches();
        by_key.entry(key.clone()).or_insert_with(|| open.get_or_insert_default().clone()).clone()
    }

    async fn load_batch(&self, batch: &Arc<Batch<L>>) -> Result<HashMap<L::Key, Arc<L::Value>>, ApiError> {
        let _loading = self.loading.lock().await;
        self.work.until_idle().await;
        let keys = self.close(batch);
        let values = self.load.load(&keys).await?;
        Ok(values.into_iter().map(|(key, value)| (key, Arc::new(value))).collect())
    }

    /// The keys of this batch, to which none are added from now on.
    fn close(&self, batch: &Arc<Batch<L>>) -> Vec<L::Key> {
        let mut batches = self.batches();
        batches.open.take_if(|open| Arc::ptr_eq(open, batch));
        let keys = batches.by_key.iter().filter(|(_, other)| Arc::ptr_eq(other, batch));
        keys.map(|(key, _)| key.clone()).collect()
    }

    fn batches(&self) -> MutexGuard<'_, Batches<L>> {
        self.batches.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
    use std::time::Duration;

    use futures_util::future::join_all;
    use proptest::{collection::vec, option, proptest};
    use tokio::runtime::Builder;
    use tokio::time::timeout;

    use super::*;

    /// Finds the double of even numbers, and records the keys of each load.
    #[derive(Clone, Default)]
    struct Doubles(Arc<Mutex<Vec<Vec<u32>>>>);

    impl Doubles {
        /// The keys of each load, in order.
        fn loads(&self) -> Vec<Vec<u32>> {
            let mut loads = self.0.lock().unwrap().clone();
            for keys in &mut loads {
                keys.sort_unstable();
            }
            loads
        }
    }

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
    async fn keys_that_are_requested_together_are_loaded_together() {
        for number in [1, 10, 1000] {
            let doubles = Doubles::default();
            let loader = DataLoader::new(doubles.clone(), &ExecutionBudget::unlimited());
            let answers = join_all((0..number).map(|key| loader.get(key / 2))).await;
            for (key, answer) in (0..number).zip(answers) {
                let (Ok(found) | Err(found)) = answer.map_err(|_| None);
                assert_eq!(found.as_deref().copied(), (key / 2 % 2 == 0).then_some(key / 2 * 2));
            }
            assert_eq!(doubles.loads(), [(0..number.div_ceil(2)).collect::<Vec<_>>()]);
        }
    }

    #[tokio::test]
    async fn each_key_is_loaded_once() {
        let doubles = Doubles::default();
        let loader = DataLoader::new(doubles.clone(), &ExecutionBudget::unlimited());
        for key in [2, 3, 2, 3] {
            assert!(loader.get(key).await.is_ok());
        }
        assert_eq!(doubles.loads(), [[2], [3]]);
    }

    #[tokio::test]
    async fn keys_requested_during_a_load_are_loaded_next() {
        let doubles = Doubles::default();
        let loader = DataLoader::new(doubles.clone(), &ExecutionBudget::unlimited());
        let mut first = Box::pin(loader.get(2));
        while doubles.loads().is_empty() {
            assert!(futures_util::poll!(&mut first).is_pending());
        }
        let later = join_all([loader.get(4), loader.get(2), loader.get(6)]);
        let (first, later) = futures_util::future::join(first, later).await;
        assert_eq!(first.ok().flatten().as_deref(), Some(&4));
        let found: Vec<_> = later.into_iter().map(|found| found.ok().flatten().as_deref().copied()).collect();
        assert_eq!(found, [Some(8), Some(4), Some(12)]);
        assert_eq!(doubles.loads(), [vec![2], vec![4, 6]]);
    }

    #[tokio::test]
    async fn keys_requested_at_any_moment_of_a_load_are_loaded_together() {
        let doubles = Doubles::default();
        let loader = DataLoader::new(doubles.clone(), &ExecutionBudget::unlimited());
        let (mut first, mut second) = (Box::pin(loader.get(2)), Box::pin(loader.get(4)));
        while doubles.loads().is_empty() {
            assert!(futures_util::poll!(&mut first).is_pending());
        }
        for _ in 0..9 {
            assert!(futures_util::poll!(&mut second).is_pending());
        }
        let (first, second, third) = futures_util::future::join3(first, second, loader.get(6)).await;
        assert!(first.is_ok() && second.is_ok() && third.is_ok());
        assert_eq!(doubles.loads(), [vec![2], vec![4, 6]]);
    }

    /// Whether the other one waits, loads, or is done.
    #[tokio::test]
    async fn a_waiting_resolver_gets_its_value_if_the_loading_one_is_dropped() {
        let mut interrupted = 0;
        for polls in 0..15 {
            let doubles = Doubles::default();
            let loader = DataLoader::new(doubles.clone(), &ExecutionBudget::unlimited());
            let (mut first, mut second) = (Box::pin(loader.get(2)), Box::pin(loader.get(4)));
            assert!(futures_util::poll!(&mut first).is_pending());
            assert!(futures_util::poll!(&mut second).is_pending());
            let mut is_pending = true;
            for _ in 0..polls {
                is_pending = is_pending && futures_util::poll!(&mut first).is_pending();
            }
            drop(first);
            assert_eq!(second.await.ok().flatten().as_deref(), Some(&8), "{polls}");
            interrupted += usize::from(doubles.loads().len() == 2);
        }
        assert_eq!(interrupted, 1, "the first was once dropped while it loaded for both");
    }

    /// Fails, and counts how often.
    #[derive(Default)]
    struct Fails(AtomicUsize);

    impl Load for Fails {
        type Key = u32;
        type Value = u32;

        async fn load(&self, _: &[u32]) -> Result<HashMap<u32, u32>, ApiError> {
            self.0.fetch_add(1, Relaxed);
            Err(ApiError::unauthenticated())
        }
    }

    #[tokio::test]
    async fn an_error_is_the_value_of_each_key_of_its_load() {
        let loader = DataLoader::new(Fails::default(), &ExecutionBudget::unlimited());
        assert!(join_all([loader.get(2), loader.get(3)]).await.iter().all(Result::is_err));
        assert!(loader.get(2).await.is_err());
        assert_eq!(loader.load.0.load(Relaxed), 1);
    }

    proptest! {
        /// Each resolver asks for a key after some turns of the runtime, and is dropped after some more, or never.
        #[test]
        fn any_resolver_may_be_dropped(
            is_driven: bool,
            resolvers in vec((0..6_u32, 0..4_usize, option::of(0..8_usize)), 1..20),
        ) {
            let (doubles, budget) = (Doubles::default(), ExecutionBudget::unlimited());
            let loader = DataLoader::new(doubles.clone(), &budget);
            let get = async |&(key, before, lifetime): &(u32, usize, Option<usize>)| {
                turns(before).await;
                let answer = loader.get(key);
                let Some(lifetime) = lifetime else { return Some(answer.await) };
                tokio::select! { answer = answer => Some(answer), () = turns(lifetime) => None }
            };
            let all = async {
                let all = join_all(resolvers.iter().map(get));
                let driven = async { if is_driven { budget.drive(all).await } else { all.await } };
                timeout(Duration::from_secs(9), driven).await.unwrap()
            };
            let runtime = Builder::new_current_thread().enable_time().build().unwrap();
            for ((key, _, lifetime), answer) in resolvers.iter().zip(runtime.block_on(all)) {
                assert!(answer.is_some() || lifetime.is_some());
                if let Some(answer) = answer {
                    assert_eq!(answer.ok().flatten().as_deref().copied(), (key % 2 == 0).then_some(key * 2));
                }
            }
            if resolvers.iter().all(|(_, _, lifetime)| lifetime.is_none()) {
                let loaded = doubles.loads().concat();
                assert_eq!(loaded.len(), loaded.iter().collect::<HashSet<_>>().len());
            }
        }
    }

    async fn turns(number: usize) {
        for _ in 0..number {
            tokio::task::yield_now().await;
        }
    }
}
