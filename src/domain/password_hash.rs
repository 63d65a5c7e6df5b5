//! Hashes of passwords: which are accepted from elsewhere, and which are as strong as those made here.

use argon2::password_hash::phc;
use argon2::{Algorithm, Params};

use super::Invalid;

/// The most memory that an Argon2 hash from elsewhere may take, in KiB: 64 MiB.
pub const MAX_ARGON2_MEMORY: u32 = 64 * 1024;
/// The most iterations that an Argon2 hash from elsewhere may take.
pub const MAX_ARGON2_ITERATIONS: u32 = 10;
/// The most lanes that an Argon2 hash from elsewhere may have.
pub const MAX_ARGON2_PARALLELISM: u32 = 16;
/// The highest cost that a bcrypt hash from elsewhere may have.
pub const MAX_BCRYPT_COST: u32 = 12;

/// The hash of a password, in the form that tells how it was made.
#[derive(Clone, PartialEq, Eq)]
pub enum PasswordHash {
    /// Argon2, as PHC string.
    Argon2(Box<phc::PasswordHash>),
    /// bcrypt, in its modular crypt form `$2b$…`.
    Bcrypt(String),
}

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasswordHash(***)")
    }
}

impl PasswordHash {
    /// Takes a hash that was made here or elsewhere.
    ///
    /// # Errors
    /// When it is of another kind, malformed, or would take so long to check that it could be used against the server.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if text.starts_with("$2") { parse_bcrypt(text) } else { parse_argon2(text) }
    }

    /// A hash that no password has, to compare with when there is nobody: it takes as long as one made with `params`.
    ///
    /// # Errors
    /// When the parameters cannot be written as a PHC string.
    pub fn of_nobody(params: &Params) -> Result<Self, Invalid> {
        let (memory, iterations, lanes) = (params.m_cost(), params.t_cost(), params.p_cost());
        let (salt, output) = ("A".repeat(22), "A".repeat(43));
        Self::parse(&format!("$argon2id$v=19$m={memory},t={iterations},p={lanes}${salt}${output}"))
    }

    /// Whether it is Argon2id with exactly these parameters; any other is replaced at the next sign-in.
    #[must_use]
    pub fn is_made_with(&self, params: &Params) -> bool {
        let Self::Argon2(hash) = self else { return false };
        let algorithm = Algorithm::try_from(hash.algorithm.as_str());
        let same = |own: &Params| {
            (own.m_cost(), own.t_cost(), own.p_cost()) == (params.m_cost(), params.t_cost(), params.p_cost())
        };
        algorithm == Ok(Algorithm::Argon2id) && Params::try_from(hash.as_ref()).is_ok_and(|own| same(&own))
    }
}

fn parse_bcrypt(text: &str) -> Result<PasswordHash, Invalid> {
    let parts: bcrypt::HashParts = text
        .parse()
        .map_err(|_| Invalid::malformed("this is not a bcrypt hash; one looks like '$2b$12$' and 53 characters"))?;
    if parts.get_cost() > MAX_BCRYPT_COST {
        return Err(Invalid::malformed(format!("the cost of a bcrypt hash is at most {MAX_BCRYPT_COST}")));
    }
    Ok(PasswordHash::Bcrypt(text.to_owned()))
}

fn parse_argon2(text: &str) -> Result<PasswordHash, Invalid> {
    let malformed = || Invalid::malformed("this is neither an Argon2 hash (PHC string) nor a bcrypt hash");
    let hash = phc::PasswordHash::new(text).map_err(|_| malformed())?;
    Algorithm::try_from(hash.algorithm.as_str()).map_err(|_| malformed())?;
    let params = Params::try_from(&hash).map_err(|_| malformed())?;
    if hash.salt.is_none() || hash.hash.is_none() {
        return Err(malformed());
    }
    if params.m_cost() > MAX_ARGON2_MEMORY
        || params.t_cost() > MAX_ARGON2_ITERATIONS
        || params.p_cost() > MAX_ARGON2_PARALLELISM
    {
        return Err(Invalid::malformed(format!(
            "an Argon2 hash takes at most {MAX_ARGON2_MEMORY} KiB, {MAX_ARGON2_ITERATIONS} iterations and \
             {MAX_ARGON2_PARALLELISM} lanes"
        )));
    }
    Ok(PasswordHash::Argon2(Box::new(hash)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARGON2: &str = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21l$oBFRLsG3bT2pJ+hxM1sXxQFLD2WxLmfYlMEGSNXUTuE";

    #[test]
    fn argon2_and_bcrypt_are_known_and_bounded() {
        assert!(PasswordHash::parse(ARGON2).is_ok());
        let bcrypt = bcrypt::hash("x", 4).unwrap();
        assert!(PasswordHash::parse(&bcrypt).is_ok());
        assert!(PasswordHash::parse(&bcrypt.replace("$04$", "$13$")).is_err());
        for (from, to) in [("m=19456", "m=65537"), ("t=2", "t=11"), ("argon2id", "argon3"), ("p=1", "p=17")] {
            assert!(PasswordHash::parse(&ARGON2.replace(from, to)).is_err(), "{to}");
        }
        for wrong in ["", "x", "$argon2id$", "$argon2id$v=19$m=8,t=1,p=1", "$2b$10$short", "$5$rounds=5$x$y"] {
            assert!(PasswordHash::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn nobody_has_a_hash_of_our_strength() {
        let params = Params::new(16, 1, 1, None).unwrap();
        assert!(PasswordHash::of_nobody(&params).unwrap().is_made_with(&params));
    }

    #[test]
    fn another_strength_is_told_from_ours() {
        let hash = PasswordHash::parse(ARGON2).unwrap();
        assert!(hash.is_made_with(&Params::new(19456, 2, 1, None).unwrap()));
        assert!(!hash.is_made_with(&Params::new(19456, 3, 1, None).unwrap()));
        let weaker = PasswordHash::parse(&ARGON2.replace("argon2id", "argon2i")).unwrap();
        assert!(!weaker.is_made_with(&Params::new(19456, 2, 1, None).unwrap()));
    }
}
