//! The only place that draws randomness, from the operating system.

/// The operating system returned no randomness, so no secret can be generated.
#[derive(Debug, thiserror::Error)]
#[error("the operating system provides no randomness: {0}")]
pub struct EntropyError(getrandom::Error);

/// `N` random bytes.
///
/// # Errors
/// If the operating system returns none, which does not happen on a healthy machine.
#[expect(clippy::disallowed_methods, reason = "this is the one place that draws randomness")]
pub fn bytes<const N: usize>() -> Result<[u8; N], EntropyError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(EntropyError)?;
    Ok(bytes)
}
