//! Parses the formats in which other systems write password hashes.

use argon2::password_hash::phc;
use argon2::{Algorithm, Params, Version};
use data_encoding::BASE64;

use super::{
    MAX_ARGON2_ITERATIONS, MAX_BCRYPT_COST, MAX_HASH_MEMORY, MAX_PARALLELISM, MAX_PBKDF2_ITERATIONS, PasswordHash,
    Pbkdf2, Pbkdf2Digest, Scrypt,
};

/// The length of a PBKDF2 hash in bytes; PHC strings have the same bounds.
const OUTPUT_BYTES: std::ops::RangeInclusive<usize> = 10..=64;

/// The prefixes of hashes that are not supported, with the names of their algorithms. A value in an unknown format
/// could be a password, so no part of it is repeated.
const UNSUPPORTED: [(&str, &str); 13] = [
    ("$1$", "MD5 crypt"),
    ("$5$", "SHA-256 crypt"),
    ("$6$", "SHA-512 crypt"),
    ("$7$", "the crypt form of scrypt"),
    ("$y$", "yescrypt"),
    ("$P$", "phpass"),
    ("$H$", "phpass"),
    ("{SHA", "SHA-1 or SHA-2, as LDAP servers write it"),
    ("{SSHA", "salted SHA-1 or SHA-2, as LDAP servers write it"),
    ("bcrypt_sha256$", "Django's bcrypt_sha256"),
    ("bcrypt$", "Django's bcrypt; leave `bcrypt$` out"),
    ("scrypt$", "Django's scrypt"),
    ("md5$", "Django's MD5"),
];

/// The supported algorithms, as the end of a message.
pub(super) fn supported() -> String {
    let memory = MAX_HASH_MEMORY / 1024;
    format!(
        "supported are Argon2 (PHC string, or Django's argon2$…; up to {memory} MiB, {MAX_ARGON2_ITERATIONS} iterations, \
         {MAX_PARALLELISM} lanes), bcrypt ($2a$, $2b$, $2x$, $2y$, {{BCRYPT}}; cost up to {MAX_BCRYPT_COST}), scrypt (PHC \
         string; up to {memory} MiB, {MAX_PARALLELISM} lanes), and PBKDF2 with SHA-1, SHA-256 or SHA-512 (PHC string, or \
         Django's pbkdf2_sha256$…; up to 2,000,000 iterations)"
    )
}

/// Parses a hash; the error says why it is not accepted.
pub(super) fn parse(text: &str) -> Result<PasswordHash, String> {
    const LDAP_BCRYPT: &str = "{BCRYPT}";
    let text = match text.split_at_checked(LDAP_BCRYPT.len()) {
        Some((scheme, hash)) if scheme.eq_ignore_ascii_case(LDAP_BCRYPT) => hash,
        _ => text,
    };
    if text.starts_with("$2") {
        return parse_bcrypt(text);
    }
    if let Some(argon2) = text.strip_prefix("argon2").filter(|rest| rest.starts_with('$')) {
        return parse_phc(&format!("${}", argon2.trim_start_matches('$')), text);
    }
    let django = text.split_once('$').and_then(|(name, rest)| Some((digest(name.strip_prefix("pbkdf2_")?)?, rest)));
    match django {
        Some((digest, rest)) => parse_django_pbkdf2(digest, rest),
        None => parse_phc(text, text),
    }
}

fn digest(name: &str) -> Option<Pbkdf2Digest> {
    match name {
        "sha1" => Some(Pbkdf2Digest::Sha1),
        "sha256" => Some(Pbkdf2Digest::Sha256),
        "sha512" => Some(Pbkdf2Digest::Sha512),
        _ => None,
    }
}

fn parse_bcrypt(text: &str) -> Result<PasswordHash, String> {
    let parts: bcrypt::HashParts = text
        .parse()
        .map_err(|_| "this bcrypt hash is malformed: one looks like '$2b$12$' and 53 characters".to_owned())?;
    let cost = parts.get_cost();
    if cost > MAX_BCRYPT_COST {
        return Err(format!("this bcrypt hash has cost {cost}"));
    }
    Ok(PasswordHash::Bcrypt(text.to_owned()))
}

/// Parses the algorithms that are written as PHC strings. `original` is the submitted text.
fn parse_phc(text: &str, original: &str) -> Result<PasswordHash, String> {
    let kind = match text.strip_prefix('$').and_then(|rest| rest.split('$').next()).unwrap_or_default() {
        "argon2i" | "argon2d" | "argon2id" => "Argon2",
        "scrypt" => "scrypt",
        name if pbkdf2_digest(name).is_some() => "PBKDF2",
        _ => return Err(unsupported(original)),
    };
    let malformed = || format!("this {kind} hash is malformed, or not a PHC string with a salt and a hash");
    let hash = phc::PasswordHash::new(text).map_err(|_| malformed())?;
    let (Some(salt), Some(output)) = (&hash.salt, &hash.hash) else { return Err(malformed()) };
    let (salt, output) = (AsRef::<[u8]>::as_ref(salt).to_vec(), output.as_bytes().to_vec());
    let number = |name: &str| hash.params.get_decimal(name).ok_or_else(malformed);
    if let Some(digest) = pbkdf2_digest(hash.algorithm.as_str()) {
        return pbkdf2(Pbkdf2 { digest, iterations: number("i")?, salt, output });
    }
    if hash.algorithm.as_str() == "scrypt" {
        return scrypt((number("ln")?, number("r")?, number("p")?), salt, output).ok_or_else(malformed)?;
    }
    Algorithm::try_from(hash.algorithm.as_str()).map_err(|_| malformed())?;
    hash.version.map(Version::try_from).transpose().map_err(|_| malformed())?;
    let params = Params::try_from(&hash).map_err(|_| malformed())?;
    if u64::from(params.m_cost()) > MAX_HASH_MEMORY {
        return Err(format!(
            "this Argon2 hash takes {} KiB, more than {} MiB",
            params.m_cost(),
            MAX_HASH_MEMORY / 1024
        ));
    }
    if params.t_cost() > MAX_ARGON2_ITERATIONS || params.p_cost() > MAX_PARALLELISM {
        let (iterations, lanes) = (params.t_cost(), params.p_cost());
        return Err(format!(
            "this Argon2 hash takes {iterations} iterations and {lanes} lanes, more than {MAX_ARGON2_ITERATIONS} iterations \
             or {MAX_PARALLELISM} lanes"
        ));
    }
    Ok(PasswordHash::Argon2(Box::new(hash)))
}

/// The digest by the identifier of a PHC string.
fn pbkdf2_digest(name: &str) -> Option<Pbkdf2Digest> {
    match name {
        "pbkdf2" => Some(Pbkdf2Digest::Sha1),
        _ => digest(name.strip_prefix("pbkdf2-")?),
    }
}

/// `None` if the parameters are invalid.
fn scrypt((log_n, r, p): (u32, u32, u32), salt: Vec<u8>, output: Vec<u8>) -> Option<Result<PasswordHash, String>> {
    // N blocks of 128 × r bytes (RFC 7914, 2).
    let memory = u64::from(r).checked_mul(128)?.checked_mul(1_u64.checked_shl(log_n)?)? / 1024;
    if memory > MAX_HASH_MEMORY {
        return Some(Err(format!("this scrypt hash takes {} MiB", memory / 1024)));
    }
    if p > MAX_PARALLELISM {
        return Some(Err(format!("this scrypt hash takes {p} lanes, more than {MAX_PARALLELISM} lanes")));
    }
    let params = scrypt::Params::new(u8::try_from(log_n).ok()?, r, p).ok()?;
    Some(Ok(PasswordHash::Scrypt(Box::new(Scrypt { params, memory, salt, output }))))
}

/// Django's format, without the algorithm's name: `iterations$salt$hash`.
fn parse_django_pbkdf2(digest: Pbkdf2Digest, rest: &str) -> Result<PasswordHash, String> {
    let malformed = || "this PBKDF2 hash is malformed: Django's look like 'pbkdf2_sha256$870000$salt$hash'".to_owned();
    let mut parts = rest.split('$');
    let (Some(iterations), Some(salt), Some(output), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(malformed());
    };
    let iterations = iterations.parse().map_err(|_| malformed())?;
    let output = BASE64.decode(output.as_bytes()).map_err(|_| malformed())?;
    pbkdf2(Pbkdf2 { digest, iterations, salt: salt.as_bytes().to_vec(), output })
}

fn pbkdf2(hash: Pbkdf2) -> Result<PasswordHash, String> {
    if !OUTPUT_BYTES.contains(&hash.output.len()) || hash.iterations == 0 {
        let (least, most) = (OUTPUT_BYTES.start(), OUTPUT_BYTES.end());
        return Err(format!("this PBKDF2 hash is malformed: it has {least} to {most} bytes and 1 iteration or more"));
    }
    if hash.iterations > MAX_PBKDF2_ITERATIONS {
        return Err(format!("this PBKDF2 hash takes {} iterations", hash.iterations));
    }
    Ok(PasswordHash::Pbkdf2(Box::new(hash)))
}

fn unsupported(text: &str) -> String {
    let known = UNSUPPORTED.iter().find(|(prefix, _)| text.starts_with(prefix));
    known.map_or_else(
        || "this is no hash of a supported kind".to_owned(),
        |(_, name)| format!("this hash is not of a supported kind: {name}"),
    )
}
