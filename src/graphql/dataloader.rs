//! Gathers the keys that the resolvers of one request ask for at the same moment, and loads them together.
//!
//! async-graphql's own loader waits in a task of its own. With a delay that costs more than most statements take;
//! without one, the other thread may begin before all keys are there, and one statement becomes two. Here the first one
//! to ask lets everybody else of its request ask too, which takes one turn of the scheduler, and then loads for all.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use super::error::ApiError;

/// Loads many things at once.
pub trait Load: Send + Sync {
    /// What one is asked for by.
    type Key: Clone + Eq + Hash + Send + Sync;
    /// What is found.
    type Value: Clone + Send;

    /// Those of `keys` that there are. No key stands there twice.
    fn load(
        &self,
        keys: &[Self::Key],
    ) -> impl Future<Output = Result<HashMap<Self::Key, Self::Value>, ApiError>> + Send;
}

/// Gathers keys for a [`Load`]. Belongs to one request.
pub struct DataLoader<L: Load> {
    load: L,
    gathering: Mutex<Option<Asked<L>>>,
}

/// Who asked for what, and waits for it. `None` while nobody gathers.
type Asked<L> = Vec<(<L as Load>::Key, oneshot::Sender<Answer<L>>)>;
type Answer<L> = Result<Option<<L as Load>::Value>, ApiError>;

impl<L: Load> DataLoader<L> {
    /// Gathers for `load`.
    pub const fn new(load: L) -> Self {
        Self { load, gathering: Mutex::new(None) }
    }

    /// The thing with this key, loaded together with whatever else is asked for at this moment.
    ///
    /// # Errors
    /// That of loading, the same for all who asked.
    pub async fn get(&self, key: L::Key) -> Answer<L> {
        loop {
            let (sender, answer) = oneshot::channel();
            if self.ask(key.clone(), sender) {
                self.load_for_all().await;
            }
            // The one who was to load for all may have been dropped: then somebody else begins anew.
            if let Ok(answer) = answer.await {
                return answer;
            }
        }
    }

    /// Whether the one who asks is the first, and so the one to load for all.
    fn ask(&self, key: L::Key, sender: oneshot::Sender<Answer<L>>) -> bool {
        let mut gathering = self.lock();
        let is_first = gathering.is_none();
        gathering.get_or_insert_default().push((key, sender));
        is_first
    }

    async fn load_for_all(&self) {
        let gathering = Gathering { loader: self, is_taken: false };
        tokio::task::yield_now().await;
        let asked = gathering.take();
        let mut seen = HashSet::with_capacity(asked.len());
        let keys: Vec<L::Key> = asked.iter().map(|(key, _)| key).filter(|key| seen.insert(*key)).cloned().collect();
        let loaded = self.load.load(&keys).await;
        for (key, sender) in asked {
            let answer = loaded.as_ref().map(|found| found.get(&key).cloned()).map_err(Clone::clone);
            // Whoever asked may have been dropped; then nobody wants the answer.
            let _ = sender.send(answer);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Asked<L>>> {
        self.gathering.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends a gathering when the one who gathers is dropped: those who wait learn it by the end of their senders.
struct Gathering<'a, L: Load> {
    loader: &'a DataLoader<L>,
    is_taken: bool,
}

impl<L: Load> Gathering<'_, L> {
    fn take(mut self) -> Asked<L> {
        self.is_taken = true;
        self.loader.lock().take().unwrap_or_default()
    }
}

impl<L: Load> Drop for Gathering<'_, L> {
    fn drop(&mut self) {
        if !self.is_taken {
            drop(self.loader.lock().take());
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
                assert_eq!(found, (key / 2 % 2 == 0).then_some(key / 2 * 2));
            }
            let asked = loader.load.0.lock().unwrap();
            assert_eq!(*asked, [(0..number.div_ceil(2)).collect::<Vec<_>>()]);
        }
    }

    #[tokio::test]
    async fn who_waits_for_one_that_was_dropped_is_answered_all_the_same() {
        let loader = DataLoader::new(Doubles(Mutex::default()));
        for polls in 1..4 {
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
            assert!(matches!(second.await, Ok(Some(8))), "{polls}");
        }
    }
}
