//! What is printed on standard output.

use std::io::{self, ErrorKind, Write};

use super::error::CliError;

/// Prints `text`. Whoever reads it may stop before its end, as `head` does: that is no fault.
pub(super) fn print(text: &str) -> Result<(), CliError> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(CliError::failed(format!("standard output cannot be written: {error}")))
        }
        _ => Ok(()),
    }
}
