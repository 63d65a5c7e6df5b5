//! The version of the program, and the commit that it was built from.

use std::sync::LazyLock;

/// The version, such as `0.2.0`.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The commit that `scripts/build` or `scripts/image` built the program from; `unknown` for other builds.
pub const COMMIT: &str = match option_env!("USERPROFILE_COMMIT") {
    Some(commit) => commit,
    None => "unknown",
};

/// Both.
#[must_use]
pub fn text() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(|| format!("{VERSION} (commit {COMMIT})"));
    &TEXT
}
