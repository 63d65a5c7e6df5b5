//! Collects the keys that the resolvers of one request ask for at the same moment, loads them together, and keeps the
//! results: each key is loaded once.
//!
//! The crate `dataloader` does this by yielding, without a timer or a task: a resolver that asks waits ten turns of the
//! scheduler, in which all others of its request can ask too. Ten are more than the turns that any list within the
//! limits takes to begin (decision 0047).

use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::Hash;
use std::sync::Arc;

use dataloader::BatchFn;
use dataloader::cached::Loader;

use super::error::ApiError;

/// Loads many values at once.
pub trait Load: Send + Sync {
    /// The key of a value.
    type Key: Clone + Debug + Eq + Hash + Send + Sync;
    /// The loaded value.
    type Value: Send + Sync;

    /// The values of those `keys` that exist. `keys` has no duplicates.
    fn load(
        &self,
        keys: &[Self::Key],
    ) -> impl Future<Output = Result<HashMap<Self::Key, Self::Value>, ApiError>> + Send;
}

/// Collects keys for a [`Load`]. Belongs to one request.
pub struct DataLoader<L: Load>(Loader<L::Key, Loaded<L>, Batch<L>>);

type Loaded<L> = Result<Option<Arc<<L as Load>::Value>>, ApiError>;

struct Batch<L>(L);

impl<L: Load> BatchFn<L::Key, Loaded<L>> for Batch<L> {
    /// Every key gets a value: `None` if it does not exist, and the error if the load fails.
    async fn load(&mut self, keys: &[L::Key]) -> HashMap<L::Key, Loaded<L>> {
        let mut loaded = self.0.load(keys).await;
        let mut value_of = |key: &L::Key| match &mut loaded {
            Ok(found) => Ok(found.remove(key).map(Arc::new)),
            Err(error) => Err(error.clone()),
        };
        keys.iter().map(|key| (key.clone(), value_of(key))).collect()
    }
}

impl<L: Load> DataLoader<L> {
    /// A loader that collects keys for `load`.
    pub fn new(load: L) -> Self {
        Self(Loader::new(Batch(load)).with_max_batch_size(usize::MAX))
    }

    /// The value of this key, if it exists. It is loaded together with all other keys that are asked for at this moment.
    pub async fn get(&self, key: L::Key) -> Result<Option<Arc<L::Value>>, ApiError> {
        loop {
            // A key has no value only if the resolver that was loading it was dropped. Then it is loaded again.
            if let Ok(loaded) = self.0.try_load(key.clone()).await {
                return loaded;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use futures_util::future::join_all;

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
            let loader = DataLoader::new(doubles.clone());
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
        let loader = DataLoader::new(doubles.clone());
        for key in [2, 3, 2, 3] {
            assert!(loader.get(key).await.is_ok());
        }
        assert_eq!(doubles.loads(), [[2], [3]]);
    }

    #[tokio::test]
    async fn keys_requested_during_a_load_are_loaded_next() {
        let doubles = Doubles::default();
        let loader = DataLoader::new(doubles.clone());
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

    /// Whether the other one waits, loads, or is done.
    #[tokio::test]
    async fn a_waiting_resolver_gets_its_value_if_the_loading_one_is_dropped() {
        let mut interrupted = 0;
        for polls in 0..15 {
            let doubles = Doubles::default();
            let loader = DataLoader::new(doubles.clone());
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
}
