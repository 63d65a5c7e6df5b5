//! Hashes passwords on threads of their own with low priority, so that reads are served in the meantime, and never more
//! at once than memory and cores allow.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak, mpsc};
use std::time::{Duration, Instant};

use argon2::password_hash::phc::{self, Output, ParamsString, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::Failure;
use crate::domain::ids::DomainId;
use crate::domain::login::LoginId;
use crate::domain::password::Password;
use crate::domain::password_hash::{PasswordHash, Pbkdf2, Pbkdf2Digest, Scrypt};
use crate::entropy;
use crate::low_priority::lower_priority;
use crate::metrics::Metrics;
use crate::spans;

/// The number of random bytes of a salt (RFC 9106, 3.1).
const SALT_LENGTH: usize = 16;

/// The strength of new hashes (RFC 9106), and how many are computed at once.
#[derive(Debug, Clone, Copy)]
pub struct HashSettings {
    /// Memory in KiB.
    pub memory: u32,
    /// Passes over the memory.
    pub iterations: u32,
    /// Lanes.
    pub parallelism: u32,
    /// How many hashes are computed at once.
    pub concurrency: usize,
    /// How long a request waits for its slot.
    pub wait: Duration,
}

/// The settings are not valid Argon2 parameters.
#[derive(Debug, thiserror::Error)]
#[error("the Argon2 parameters are invalid: {0}; see ARGON2_MEMORY, ARGON2_ITERATIONS, and ARGON2_PARALLELISM")]
pub struct HashSettingsError(String);

/// Hashes passwords. It is cheap to clone, and all clones share the same threads.
#[derive(Clone)]
pub struct Hasher {
    jobs: mpsc::Sender<Job>,
    slots: Arc<Semaphore>,
    /// The number of requests that wait for a slot.
    waiting: Arc<AtomicUsize>,
    /// One permit for each user whose password is being hashed or waits for it.
    users: Arc<Mutex<HashMap<String, Weak<Semaphore>>>>,
    /// The permit of an imported hash that takes a lot of memory: one at a time.
    large: Arc<Semaphore>,
    wait: Duration,
    params: Params,
    metrics: Metrics,
    /// The hash to compare with if there is none, so that the comparison takes the same time.
    dummy: Arc<PasswordHash>,
}

type Job = Box<dyn FnOnce(&mut Memory) + Send>;

/// The memory of a thread for Argon2, kept from one password to the next. When it was freed after each password, the
/// holes in the heap were too small for the next one: 200 sign-ins took 400 MB.
#[derive(Default)]
struct Memory(Vec<Block>);

/// No slot became free within the time limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Busy;

/// The form in which a password matches a hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// In NFC, the form in which this server hashes passwords.
    Normalized,
    /// As submitted, the form in which other systems hashed it.
    AsSubmitted,
}

/// A permit to hash. It is occupied until it is dropped and the work that was started with it is done.
#[derive(Debug, Clone)]
pub struct Slot {
    _turn: Arc<OwnedSemaphorePermit>,
    _of_user: Option<Arc<OwnedSemaphorePermit>>,
}

impl Hasher {
    /// Starts the threads.
    ///
    /// # Errors
    /// If the settings are not valid Argon2 parameters, or a thread cannot be started.
    pub fn start(settings: HashSettings) -> Result<Self, HashSettingsError> {
        let explain = |error: &dyn std::fmt::Display| HashSettingsError(error.to_string());
        let params = Params::new(settings.memory, settings.iterations, settings.parallelism, None)
            .map_err(|error| explain(&error))?;
        let dummy = PasswordHash::dummy(&params).map_err(|error| explain(&error))?;
        let (jobs, queue) = mpsc::channel::<Job>();
        let queue = Arc::new(Mutex::new(queue));
        for number in 0..settings.concurrency {
            let (queue, most) = (queue.clone(), params.block_count());
            std::thread::Builder::new()
                .name(format!("hasher-{number}"))
                .spawn(move || work(&queue, most))
                .map_err(|error| explain(&error))?;
        }
        Ok(Self {
            jobs,
            slots: Arc::new(Semaphore::new(settings.concurrency)),
            waiting: Arc::default(),
            users: Arc::default(),
            large: Arc::new(Semaphore::new(1)),
            wait: settings.wait,
            params,
            metrics: Metrics::default(),
            dummy: Arc::new(dummy),
        })
    }

    /// The same hasher, which observes how long it hashes.
    #[must_use]
    pub fn observed_by(self, metrics: Metrics) -> Self {
        Self { metrics, ..self }
    }

    /// Waits for a slot.
    ///
    /// # Errors
    /// [`Busy`] if no slot becomes free in time.
    pub async fn slot(&self) -> Result<Slot, Busy> {
        let turn = async {
            let turn = self.slots.clone().acquire_owned().await.ok()?;
            Some(Slot { _turn: Arc::new(turn), _of_user: None })
        };
        self.wait_for(turn).await
    }

    /// Waits for a slot for the password of one user. A user has one slot at a time: however many requests they send,
    /// all others wait for one of them at most.
    ///
    /// # Errors
    /// [`Busy`] if no slot becomes free in time.
    pub async fn slot_of(&self, domain: &DomainId, login: &LoginId) -> Result<Slot, Busy> {
        let user = self.turn_of(format!("{domain}/{}", login.key()));
        let both = async {
            let of_user = user.acquire_owned().await.ok()?;
            let turn = self.slots.clone().acquire_owned().await.ok()?;
            Some(Slot { _turn: Arc::new(turn), _of_user: Some(Arc::new(of_user)) })
        };
        self.wait_for(both).await
    }

    async fn wait_for(&self, slot: impl Future<Output = Option<Slot>>) -> Result<Slot, Busy> {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let _waiting = scopeguard::guard(&self.waiting, |waiting| {
            waiting.fetch_sub(1, Ordering::Relaxed);
        });
        tokio::time::timeout(self.wait, slot).await.ok().flatten().ok_or(Busy)
    }

    /// The number of requests that wait for a slot.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    fn turn_of(&self, user: String) -> Arc<Semaphore> {
        let mut users = self.users.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(turn) = users.get(&user).and_then(Weak::upgrade) {
            return turn;
        }
        // Remove unused entries instead of growing the map.
        if users.len() == users.capacity() {
            users.retain(|_, turn| turn.strong_count() > 0);
        }
        let turn = Arc::new(Semaphore::new(1));
        users.insert(user, Arc::downgrade(&turn));
        turn
    }

    /// Whether `password` matches `hash`. Without a hash, it never does, and the check takes the same time.
    pub async fn verify(&self, slot: &Slot, hash: Option<PasswordHash>, password: Password) -> Result<bool, Failure> {
        Ok(self.compare(slot, hash, password).await?.is_some())
    }

    /// The same, and the form in which the password matches.
    pub async fn compare(
        &self,
        slot: &Slot,
        hash: Option<PasswordHash>,
        password: Password,
    ) -> Result<Option<Form>, Failure> {
        let is_somebody = hash.is_some();
        let hash = hash.unwrap_or_else(|| PasswordHash::clone(&self.dummy));
        let turn = if hash.is_large() { self.large.clone().acquire_owned().await.ok() } else { None };
        let compare = move |memory: &mut Memory| {
            let form = matching_form(&hash, &password, memory);
            drop(turn);
            form
        };
        Ok(self.run(slot, compare).await?.filter(|_| is_somebody))
    }

    /// Hashes a password with a new salt.
    ///
    /// # Errors
    /// If the operating system provides no randomness, or the threads have ended.
    pub async fn hash(&self, slot: &Slot, password: Password) -> Result<String, Failure> {
        let (params, salt) = (self.params.clone(), entropy::bytes::<SALT_LENGTH>()?);
        let hash = self.run(slot, move |memory| make(&params, &salt, &password, memory)).await?;
        hash.map_err(|error| Failure::Hashing(error.to_string()))
    }

    /// Whether a matching hash should be replaced: by one of the current strength, and of the password in NFC.
    #[must_use]
    pub fn is_outdated(&self, hash: &PasswordHash, form: Form) -> bool {
        !hash.is_made_with(&self.params) || form == Form::AsSubmitted
    }

    /// Keeps the slot until the work is done, even if the request was dropped in the meantime.
    async fn run<R: Send + 'static>(
        &self,
        slot: &Slot,
        work: impl FnOnce(&mut Memory) -> R + Send + 'static,
    ) -> Result<R, Failure> {
        let _span = spans::step("hash password");
        let gone = || Failure::Hashing("the hashing threads are gone".to_owned());
        let (answer, answered) = oneshot::channel();
        let (slot, metrics) = (slot.clone(), self.metrics.clone());
        let job = move |memory: &mut Memory| {
            let began = Instant::now();
            let result = work(memory);
            metrics.accounts.observe_hashing(began.elapsed());
            drop(slot);
            // The request may have been dropped; then the result is not needed.
            let _ = answer.send(result);
        };
        self.jobs.send(Box::new(job)).map_err(|_| gone())?;
        answered.await.map_err(|_| gone())
    }
}

impl Memory {
    /// Computes the hash of a password into `output`.
    fn compute(
        &mut self,
        argon2: &Argon2<'_>,
        password: &[u8],
        salt: &[u8],
        output: &mut [u8],
    ) -> Result<(), argon2::Error> {
        let needed = argon2.params().block_count();
        if self.0.len() < needed {
            self.0.resize(needed, Block::default());
        }
        argon2.hash_password_into_with_memory(password, salt, output, &mut self.0)
    }
}

/// Creates a PHC string of Argon2id.
fn make(
    params: &Params,
    salt: &[u8],
    password: &Password,
    memory: &mut Memory,
) -> Result<String, argon2::password_hash::Error> {
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
    let mut output = [0; Params::DEFAULT_OUTPUT_LEN];
    memory.compute(&argon2, password.as_bytes(), salt, &mut output)?;
    let hash = phc::PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(params)?,
        salt: Some(Salt::new(salt)?),
        hash: Some(Output::new(&output)?),
    };
    Ok(hash.to_string())
}

fn matching_form(hash: &PasswordHash, password: &Password, memory: &mut Memory) -> Option<Form> {
    if is_match(hash, password.as_bytes(), memory) {
        return Some(Form::Normalized);
    }
    let submitted = password.as_submitted()?;
    is_match(hash, submitted, memory).then_some(Form::AsSubmitted)
}

fn is_match(hash: &PasswordHash, password: &[u8], memory: &mut Memory) -> bool {
    match hash {
        PasswordHash::Argon2(hash) => matches_argon2(hash, password, memory).unwrap_or(false),
        PasswordHash::Bcrypt(hash) => bcrypt::verify(password, hash).unwrap_or(false),
        PasswordHash::Scrypt(hash) => matches_scrypt(hash, password).unwrap_or(false),
        PasswordHash::Pbkdf2(hash) => matches_pbkdf2(hash, password),
    }
}

fn matches_scrypt(hash: &Scrypt, password: &[u8]) -> Result<bool, scrypt::errors::InvalidOutputLen> {
    let mut output = vec![0; hash.output.len()];
    scrypt::scrypt(password, &hash.salt, &hash.params, &mut output)?;
    Ok(are_equal(&output, &hash.output))
}

fn matches_pbkdf2(hash: &Pbkdf2, password: &[u8]) -> bool {
    let mut output = vec![0; hash.output.len()];
    let derive = match hash.digest {
        Pbkdf2Digest::Sha1 => pbkdf2::pbkdf2_hmac::<sha1::Sha1>,
        Pbkdf2Digest::Sha256 => pbkdf2::pbkdf2_hmac::<sha2::Sha256>,
        Pbkdf2Digest::Sha512 => pbkdf2::pbkdf2_hmac::<sha2::Sha512>,
    };
    derive(password, &hash.salt, hash.iterations, &mut output);
    are_equal(&output, &hash.output)
}

/// Compares two hashes in constant time.
fn are_equal(one: &[u8], other: &[u8]) -> bool {
    Output::new(one).is_ok_and(|one| Output::new(other).is_ok_and(|other| one == other))
}

fn matches_argon2(
    hash: &phc::PasswordHash,
    password: &[u8],
    memory: &mut Memory,
) -> Result<bool, argon2::password_hash::Error> {
    let (Some(salt), Some(expected)) = (&hash.salt, &hash.hash) else { return Ok(false) };
    let algorithm = Algorithm::try_from(hash.algorithm.as_str())?;
    // A hash without a version predates Argon2 1.3: it is one of version 1.0.
    let version = hash.version.map_or(Ok(Version::V0x10), Version::try_from)?;
    let argon2 = Argon2::new(algorithm, version, Params::try_from(hash)?);
    let mut output = vec![0; expected.len()];
    memory.compute(&argon2, password, salt.as_ref(), &mut output)?;
    Ok(are_equal(&output, expected.as_bytes()))
}

/// Runs jobs in the order of their arrival. New hashes take `most` blocks of memory. If an imported hash needed more,
/// the memory is freed.
fn work(queue: &Mutex<mpsc::Receiver<Job>>, most: usize) {
    lower_priority();
    let mut memory = Memory::default();
    loop {
        let job = match queue.lock() {
            Ok(queue) => queue.recv(),
            Err(poisoned) => poisoned.into_inner().recv(),
        };
        match job {
            Ok(job) => job(&mut memory),
            Err(mpsc::RecvError) => return,
        }
        if memory.0.len() > most {
            memory = Memory::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Argon2id with 8 KiB, of no known password.
    const SMALL: &str = "$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    fn hasher(concurrency: usize) -> Hasher {
        let wait = Duration::from_secs(5);
        Hasher::start(HashSettings { memory: 8, iterations: 1, parallelism: 1, concurrency, wait }).unwrap()
    }

    /// The form of PHC strings before Argon2 1.3, which libargon2 still reads.
    #[tokio::test]
    async fn an_argon2_hash_without_a_version_is_one_of_version_1_0() {
        let hasher = hasher(1);
        let slot = hasher.slot().await.unwrap();
        let params = Params::new(8, 1, 1, Some(32)).unwrap();
        let mut output = [0; 32];
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x10, params);
        argon2.hash_password_into(b"correct horse", b"somesaltsomesalt", &mut output).unwrap();
        let encode = |bytes: &[u8]| data_encoding::BASE64_NOPAD.encode(bytes);
        let (salt, output) = (encode(b"somesaltsomesalt"), encode(&output));
        for (version, is_right) in [("", true), ("v=16$", true), ("v=19$", false)] {
            let hash = PasswordHash::parse(&format!("$argon2id${version}m=8,t=1,p=1${salt}${output}")).unwrap();
            assert_eq!(
                hasher.verify(&slot, Some(hash), Password::from_input("correct horse")).await.unwrap(),
                is_right,
                "{version}"
            );
        }
        assert!(PasswordHash::parse(&format!("$argon2id$v=18$m=8,t=1,p=1${salt}${output}")).is_err());
    }

    #[tokio::test]
    async fn a_user_has_one_hashing_slot_at_a_time() {
        let hasher = hasher(2);
        let domain = DomainId::parse("domain-a").unwrap();
        let slot_of = |login: &str| {
            let (hasher, domain, login) = (hasher.clone(), domain.clone(), LoginId::parse(login).unwrap());
            async move { hasher.slot_of(&domain, &login).await.unwrap() }
        };
        let first = slot_of("wonny").await;
        let mut second = Box::pin(slot_of("WONNY"));
        tokio::select! {
            biased;
            _ = &mut second => panic!("it did not wait for its turn"),
            _ = slot_of("other") => {}
        }
        drop(first);
        second.await;
    }

    #[tokio::test]
    async fn hashes_above_64_mib_are_verified_one_at_a_time() {
        let hasher = hasher(2);
        let (slot, other) = (hasher.slot().await.unwrap(), hasher.slot().await.unwrap());
        let parse = |text: &str| Some(PasswordHash::parse(text).unwrap());
        let (large, small) = (parse(&SMALL.replace("m=8", "m=65537")), parse(SMALL));
        let turn = hasher.large.clone().acquire_owned().await.unwrap();
        let mut waiting = Box::pin(hasher.compare(&slot, large, Password::from_input("x")));
        tokio::select! {
            biased;
            _ = &mut waiting => panic!("it did not wait for its turn"),
            result = hasher.compare(&other, small, Password::from_input("x")) => assert_eq!(result.unwrap(), None),
        }
        drop(turn);
        assert_eq!(waiting.await.unwrap(), None);
        assert_eq!(hasher.large.available_permits(), 1);
    }
}
