//! Password hashes: which imported ones are accepted, and which are as strong as new ones.

mod parse;

use argon2::password_hash::phc;
use argon2::{Algorithm, Params, Version};

use super::Invalid;

/// The most memory that an imported hash may use, in KiB: 256 MiB.
pub const MAX_HASH_MEMORY: u64 = 256 * 1024;
/// Hashes that use more memory than this, in KiB, are verified one at a time: 64 MiB.
pub const LARGE_HASH_MEMORY: u64 = 64 * 1024;
/// The most iterations that an imported Argon2 hash may use.
pub const MAX_ARGON2_ITERATIONS: u32 = 10;
/// The most lanes that an imported Argon2 or scrypt hash may use.
pub const MAX_PARALLELISM: u32 = 16;
/// The highest cost that an imported bcrypt hash may use.
pub const MAX_BCRYPT_COST: u32 = 15;
/// The most iterations that an imported PBKDF2 hash may use.
pub const MAX_PBKDF2_ITERATIONS: u32 = 2_000_000;

/// A password hash, in the form that names its algorithm and parameters.
#[derive(Clone, PartialEq)]
pub enum PasswordHash {
    /// Argon2.
    Argon2(Box<phc::PasswordHash>),
    /// bcrypt, in its modular crypt form `$2b$…`.
    Bcrypt(String),
    /// scrypt (RFC 7914).
    Scrypt(Box<Scrypt>),
    /// PBKDF2 (RFC 8018).
    Pbkdf2(Box<Pbkdf2>),
}

/// A scrypt hash.
#[derive(Clone, PartialEq)]
pub struct Scrypt {
    /// Its parameters.
    pub params: scrypt::Params,
    /// The memory that it uses, in KiB.
    pub memory: u64,
    /// Its salt.
    pub salt: Vec<u8>,
    /// The hash itself.
    pub output: Vec<u8>,
}

/// A PBKDF2 hash.
#[derive(Clone, PartialEq, Eq)]
pub struct Pbkdf2 {
    /// Its hash function.
    pub digest: Pbkdf2Digest,
    /// The number of iterations.
    pub iterations: u32,
    /// Its salt.
    pub salt: Vec<u8>,
    /// The hash itself.
    pub output: Vec<u8>,
}

/// The hash function of a PBKDF2 hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pbkdf2Digest {
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
}

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasswordHash(***)")
    }
}

impl PasswordHash {
    /// Parses a hash that was created here or imported. Refuses one that takes so long to verify that it could be used
    /// to attack the server.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        parse::parse(text).map_err(|reason| Invalid::malformed(format!("{reason}; {}", parse::supported())))
    }

    /// A hash that matches no password, to compare with if the user is unknown: verifying it takes as long as a hash
    /// with `params`.
    pub fn dummy(params: &Params) -> Result<Self, Invalid> {
        let (memory, iterations, lanes) = (params.m_cost(), params.t_cost(), params.p_cost());
        let (salt, output) = ("A".repeat(22), "A".repeat(43));
        Self::parse(&format!("$argon2id$v=19$m={memory},t={iterations},p={lanes}${salt}${output}"))
    }

    /// Whether it is Argon2id with exactly these parameters; any other hash is replaced at the next sign-in.
    pub fn is_made_with(&self, params: &Params) -> bool {
        let Self::Argon2(hash) = self else { return false };
        let algorithm = Algorithm::try_from(hash.algorithm.as_str());
        let same = |own: &Params| {
            (own.m_cost(), own.t_cost(), own.p_cost()) == (params.m_cost(), params.t_cost(), params.p_cost())
        };
        let is_current = hash.version == Some(Version::V0x13.into());
        algorithm == Ok(Algorithm::Argon2id)
            && is_current
            && Params::try_from(hash.as_ref()).is_ok_and(|own| same(&own))
    }

    /// Whether it uses so much memory that two must not be verified at once.
    pub fn is_large(&self) -> bool {
        let memory = match self {
            Self::Argon2(hash) => Params::try_from(hash.as_ref()).map_or(0, |params| u64::from(params.m_cost())),
            Self::Scrypt(hash) => hash.memory,
            Self::Bcrypt(_) | Self::Pbkdf2(_) => 0,
        };
        memory > LARGE_HASH_MEMORY
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARGON2: &str = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21l$oBFRLsG3bT2pJ+hxM1sXxQFLD2WxLmfYlMEGSNXUTuE";
    const SCRYPT: &str = "$scrypt$ln=14,r=8,p=1$c29tZXNhbHRzb21l$oBFRLsG3bT2pJ+hxM1sXxQFLD2WxLmfYlMEGSNXUTuE";
    const PBKDF2: &str = "$pbkdf2-sha256$i=600000,l=32$c29tZXNhbHRzb21l$oBFRLsG3bT2pJ+hxM1sXxQFLD2WxLmfYlMEGSNXUTuE";
    const DJANGO: &str = "pbkdf2_sha256$870000$YHqZyVjYQ4bN$oBFRLsG3bT2pJ+hxM1sXxQFLD2WxLmfYlMEGSNXUTuE=";

    fn reason(text: &str) -> String {
        let message = PasswordHash::parse(text).unwrap_err().message;
        assert!(message.contains("supported are Argon2") && message.contains("2,000,000 iterations"), "{message}");
        message.split(';').next().unwrap().to_owned()
    }

    #[test]
    fn the_supported_kinds_are_accepted_up_to_their_bounds() {
        let bcrypt = bcrypt::hash("x", 4).unwrap();
        let accepted = [
            ARGON2.to_owned(),
            ARGON2.replace("argon2id", "argon2i"),
            ARGON2.replace("argon2id", "argon2d"),
            ARGON2.replace("m=19456,t=2,p=1", "m=262144,t=10,p=16"),
            format!("argon2{ARGON2}"),
            bcrypt.clone(),
            bcrypt.replace("$2b$04$", "$2b$15$"),
            bcrypt.replace("$2b$", "$2a$"),
            bcrypt.replace("$2b$", "$2x$"),
            bcrypt.replace("$2b$", "$2y$"),
            format!("{{BCRYPT}}{bcrypt}"),
            SCRYPT.to_owned(),
            SCRYPT.replace("ln=14", "ln=18"),
            PBKDF2.to_owned(),
            PBKDF2.replace("pbkdf2-sha256", "pbkdf2-sha1"),
            PBKDF2.replace("pbkdf2-sha256", "pbkdf2"),
            PBKDF2.replace("pbkdf2-sha256", "pbkdf2-sha512"),
            PBKDF2.replace("600000", "2000000"),
            DJANGO.to_owned(),
            DJANGO.replace("sha256", "sha1"),
            DJANGO.replace("sha256", "sha512"),
        ];
        for text in accepted {
            assert!(PasswordHash::parse(&text).is_ok(), "{text}: {:?}", PasswordHash::parse(&text));
        }
    }

    #[test]
    fn hash_parameters_above_a_limit_are_rejected_with_the_limit() {
        let bcrypt = bcrypt::hash("x", 4).unwrap();
        for (text, part) in [
            (ARGON2.replace("m=19456", "m=262145"), "256 MiB"),
            (ARGON2.replace("t=2", "t=11"), "10 iterations"),
            (ARGON2.replace("p=1", "p=17"), "16 lanes"),
            (bcrypt.replace("$04$", "$16$"), "cost 16"),
            (SCRYPT.replace("ln=14", "ln=19"), "512 MiB"),
            (SCRYPT.replace("ln=14", "ln=30"), "MiB"),
            // Parameters that no implementation could use.
            (SCRYPT.replace("ln=14,r=8", "ln=40,r=1000000"), "malformed"),
            (SCRYPT.replace("p=1", "p=17"), "16 lanes"),
            (PBKDF2.replace("600000", "2000001"), "2000001 iterations"),
            (DJANGO.replace("870000", "99999999"), "99999999 iterations"),
        ] {
            assert!(reason(&text).contains(part), "{text}: {}", reason(&text));
        }
    }

    #[test]
    fn other_kinds_are_refused_by_name_and_no_value_is_repeated() {
        for (text, part) in [
            ("$5$rounds=5$x$y", "SHA-256 crypt"),
            ("$6$x$y", "SHA-512 crypt"),
            ("$1$x$y", "MD5 crypt"),
            ("$y$j9T$x$y", "yescrypt"),
            ("{SSHA}x", "SHA-1"),
            ("bcrypt_sha256$$2b$12$x", "Django's bcrypt_sha256"),
            ("scrypt$salt$16384$8$1$x", "Django's scrypt"),
            ("$pbkdf2-sha256$29000$x$y", "PBKDF2"),
            ("$argon2id$", "Argon2"),
            ("$argon2id$v=19$m=8,t=1,p=1", "Argon2"),
            ("$argon3$v=19$m=8,t=1,p=1$c29tZXNhbHRzb21l$c29tZXNhbHRzb21l", "no hash of a supported kind"),
            ("$2b$10$short", "bcrypt"),
            ("$scrypt$ln=14$c29tZXNhbHRzb21l$c29tZXNhbHRzb21l", "scrypt"),
            ("pbkdf2_sha256$x$y$z", "PBKDF2"),
            ("pbkdf2_md5$1$y$z", "no hash of a supported kind"),
            ("", "no hash of a supported kind"),
            ("hunter2$hunter2", "no hash of a supported kind"),
        ] {
            assert!(reason(text).contains(part), "{text}: {}", reason(text));
            assert!(!reason(text).contains("hunter2"));
        }
    }

    #[test]
    fn hashes_above_64_mib_are_large() {
        let is_large = |text: &str| PasswordHash::parse(text).unwrap().is_large();
        assert!(!is_large(ARGON2) && !is_large(&ARGON2.replace("m=19456", "m=65536")));
        assert!(is_large(&ARGON2.replace("m=19456", "m=65537")));
        assert!(!is_large(SCRYPT) && !is_large(&SCRYPT.replace("ln=14", "ln=16")));
        assert!(is_large(&SCRYPT.replace("ln=14", "ln=17")) && !is_large(DJANGO));
    }

    #[test]
    fn the_dummy_hash_has_the_configured_strength() {
        let params = Params::new(16, 1, 1, None).unwrap();
        assert!(PasswordHash::dummy(&params).unwrap().is_made_with(&params));
    }

    #[test]
    fn a_hash_of_another_strength_is_outdated() {
        let hash = PasswordHash::parse(ARGON2).unwrap();
        assert!(hash.is_made_with(&Params::new(19456, 2, 1, None).unwrap()));
        assert!(!hash.is_made_with(&Params::new(19456, 3, 1, None).unwrap()));
        let weaker = PasswordHash::parse(&ARGON2.replace("argon2id", "argon2i")).unwrap();
        assert!(!weaker.is_made_with(&Params::new(19456, 2, 1, None).unwrap()));
    }
}
