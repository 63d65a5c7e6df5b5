//! Hashing passwords: on threads of their own with low priority, so that those who only read are served meanwhile, and
//! never more at once than memory and cores allow.

use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::Failure;
use crate::domain::password::Password;
use crate::domain::password_hash::PasswordHash;

/// How much lower than everything else the threads stand (`nice`).
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;

/// The strength of the hashes made here (RFC 9106), and how many are made at once.
#[derive(Debug, Clone, Copy)]
pub struct HashSettings {
    /// Memory in KiB.
    pub memory: u32,
    /// Passes over it.
    pub iterations: u32,
    /// Lanes.
    pub parallelism: u32,
    /// How many hashes are computed at once.
    pub concurrency: usize,
    /// How long others wait for their turn.
    pub wait: Duration,
}

/// The settings are no Argon2 parameters.
#[derive(Debug, thiserror::Error)]
#[error("these are no parameters for Argon2: {0}")]
pub struct HashSettingsError(String);

/// Hashes passwords. Cheap to clone; every clone has the same threads.
#[derive(Clone)]
pub struct Hasher {
    jobs: mpsc::Sender<Job>,
    slots: Arc<Semaphore>,
    wait: Duration,
    params: Params,
    /// What a password is compared with when there is nobody to compare it with, so that it takes as long.
    nobody: Arc<PasswordHash>,
}

type Job = Box<dyn FnOnce() + Send>;

/// Everybody's turn is taken, and was for as long as one waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Busy;

/// A turn: as long as anybody holds it, and the work that was begun with it goes on, nobody else has it.
#[derive(Clone)]
pub struct Slot(Arc<OwnedSemaphorePermit>);

impl Hasher {
    /// Starts the threads.
    ///
    /// # Errors
    /// When the settings are no parameters for Argon2, or a thread cannot be started.
    pub fn start(settings: HashSettings) -> Result<Self, HashSettingsError> {
        let explain = |error: &dyn std::fmt::Display| HashSettingsError(error.to_string());
        let params = Params::new(settings.memory, settings.iterations, settings.parallelism, None)
            .map_err(|error| explain(&error))?;
        let nobody = PasswordHash::of_nobody(&params).map_err(|error| explain(&error))?;
        let (jobs, queue) = mpsc::channel::<Job>();
        let queue = Arc::new(Mutex::new(queue));
        for number in 0..settings.concurrency {
            let queue = queue.clone();
            std::thread::Builder::new()
                .name(format!("hasher-{number}"))
                .spawn(move || work(&queue))
                .map_err(|error| explain(&error))?;
        }
        Ok(Self {
            jobs,
            slots: Arc::new(Semaphore::new(settings.concurrency)),
            wait: settings.wait,
            params,
            nobody: Arc::new(nobody),
        })
    }

    /// Waits for a turn.
    ///
    /// # Errors
    /// [`Busy`] when it does not come in time.
    pub async fn slot(&self) -> Result<Slot, Busy> {
        let turn = tokio::time::timeout(self.wait, self.slots.clone().acquire_owned()).await;
        turn.ok().and_then(Result::ok).map(|turn| Slot(Arc::new(turn))).ok_or(Busy)
    }

    /// Whether `password` is the one that `hash` was made of. Without a hash it never is, which takes as long to find out.
    ///
    /// # Errors
    /// When the threads are gone.
    pub async fn verify(&self, slot: &Slot, hash: Option<PasswordHash>, password: Password) -> Result<bool, Failure> {
        let is_somebody = hash.is_some();
        let hash = hash.unwrap_or_else(|| PasswordHash::clone(&self.nobody));
        Ok(self.run(slot, move || is_match(&hash, &password)).await? && is_somebody)
    }

    /// Hashes a password, with a new salt.
    ///
    /// # Errors
    /// When the operating system gives no randomness, or the threads are gone.
    pub async fn hash(&self, slot: &Slot, password: Password) -> Result<String, Failure> {
        let argon2 = argon2(&self.params);
        let hash = self.run(slot, move || argon2.hash_password(password.as_bytes())).await?;
        hash.map(|hash| hash.to_string()).map_err(|error| Failure::Hashing(error.to_string()))
    }

    /// Whether a hash that was just found right should be made anew, with the strength of today.
    #[must_use]
    pub fn is_outdated(&self, hash: &PasswordHash) -> bool {
        !hash.is_made_with(&self.params)
    }

    /// The turn is kept until the work is done, even if nobody waits for it any more.
    async fn run<R: Send + 'static>(
        &self,
        slot: &Slot,
        work: impl FnOnce() -> R + Send + 'static,
    ) -> Result<R, Failure> {
        let gone = || Failure::Hashing("the hashing threads are gone".to_owned());
        let (answer, answered) = oneshot::channel();
        let slot = slot.clone();
        let job = move || {
            let result = work();
            drop(slot);
            // Whoever asked may have gone; then nobody wants the answer.
            let _ = answer.send(result);
        };
        self.jobs.send(Box::new(job)).map_err(|_| gone())?;
        answered.await.map_err(|_| gone())
    }
}

fn argon2(params: &Params) -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone())
}

fn is_match(hash: &PasswordHash, password: &Password) -> bool {
    match hash {
        PasswordHash::Argon2(hash) => Argon2::default().verify_password(password.as_bytes(), hash.as_ref()).is_ok(),
        PasswordHash::Bcrypt(hash) => bcrypt::verify(password.as_bytes(), hash).unwrap_or(false),
    }
}

fn work(queue: &Mutex<mpsc::Receiver<Job>>) {
    #[cfg(target_os = "linux")]
    // On Linux this is the niceness of the calling thread alone. Where it is not allowed the work is done all the same.
    let _ = rustix::process::nice(NICENESS);
    loop {
        let job = match queue.lock() {
            Ok(queue) => queue.recv(),
            Err(poisoned) => poisoned.into_inner().recv(),
        };
        match job {
            Ok(job) => job(),
            Err(mpsc::RecvError) => return,
        }
    }
}

impl std::fmt::Debug for Slot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Slot({})", self.0.num_permits())
    }
}
