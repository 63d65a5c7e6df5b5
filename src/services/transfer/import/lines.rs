//! The lines of a file, one at a time, and a digest of the whole file.

use std::io::{self, BufRead, Read};

use sha2::{Digest as _, Sha256};

/// The maximum length of a line in bytes, without its end.
const MAX_LINE_BYTES: usize = 16 * 1024 * 1024;
/// The maximum size of the buffer that is kept from one line to the next.
const KEPT_BUFFER: usize = 1024 * 1024;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Tells whether a file has changed.
pub(super) type FileDigest = [u8; 32];

/// A line, or why it is not a valid one.
pub(super) type LineText<'a> = Result<&'a str, String>;

pub(super) struct Lines<S> {
    source: S,
    buffer: Vec<u8>,
    digest: Sha256,
    number: u64,
    /// How many bytes were read so far.
    pub(super) bytes: u64,
}

impl<S: BufRead> Lines<S> {
    pub(super) fn new(source: S) -> Self {
        Self { source, buffer: Vec::new(), digest: Sha256::new(), number: 0, bytes: 0 }
    }

    /// The next line that is not blank, with its number. Line ends are `\n` or `\r\n`.
    pub(super) fn next(&mut self) -> io::Result<Option<(u64, LineText<'_>)>> {
        loop {
            if self.buffer.capacity() > KEPT_BUFFER {
                self.buffer = Vec::new();
            }
            self.buffer.clear();
            let limit = u64::try_from(MAX_LINE_BYTES).unwrap_or(u64::MAX).saturating_add(1);
            let read = self.source.by_ref().take(limit).read_until(b'\n', &mut self.buffer)?;
            if read == 0 {
                return Ok(None);
            }
            self.number += 1;
            self.digest.update(&self.buffer);
            self.bytes += u64::try_from(read).unwrap_or(u64::MAX);
            if read > MAX_LINE_BYTES && self.buffer.last() != Some(&b'\n') {
                self.skip_line()?;
                let mebibytes = MAX_LINE_BYTES / 1024 / 1024;
                return Ok(Some((self.number, Err(format!("this line is longer than {mebibytes} MiB")))));
            }
            if !self.buffer.trim_ascii().is_empty() {
                break;
            }
        }
        Ok(Some((self.number, text(&self.buffer))))
    }

    /// The source, and the digest of what was read of it.
    pub(super) fn into_parts(self) -> (S, FileDigest) {
        (self.source, self.digest.finalize().into())
    }

    fn skip_line(&mut self) -> io::Result<()> {
        loop {
            let part = self.source.fill_buf()?;
            let end = part.iter().position(|byte| *byte == b'\n').map(|index| index + 1);
            let (skipped, is_end) = (end.unwrap_or(part.len()), end.is_some() || part.is_empty());
            self.digest.update(part.get(..skipped).unwrap_or_default());
            self.bytes += u64::try_from(skipped).unwrap_or(u64::MAX);
            self.source.consume(skipped);
            if is_end {
                return Ok(());
            }
        }
    }
}

fn text(line: &[u8]) -> LineText<'_> {
    if line.starts_with(BYTE_ORDER_MARK) {
        return Err("this line begins with a byte order mark; save the file as UTF-8 without one".to_owned());
    }
    std::str::from_utf8(line).map_err(|error| {
        let byte = error.valid_up_to() + 1;
        format!("byte {byte} of this line is not UTF-8; save the file in that encoding")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8]) -> Vec<(u64, Result<String, String>)> {
        let mut lines = Lines::new(text);
        let mut all = Vec::new();
        while let Some((number, line)) = lines.next().unwrap() {
            all.push((number, line.map(|line| line.trim().to_owned())));
        }
        assert_eq!(lines.bytes, text.len() as u64);
        assert_eq!(lines.into_parts().1, <[u8; 32]>::from(Sha256::digest(text)));
        all
    }

    #[test]
    fn blank_lines_are_counted_and_skipped() {
        assert_eq!(read(b""), []);
        assert_eq!(read(b"a\r\n\n \t\nb"), [(1, Ok("a".to_owned())), (4, Ok("b".to_owned()))]);
    }

    #[test]
    fn invalid_utf8_is_reported_with_its_position() {
        let lines = read(b"\xef\xbb\xbfa\nb\xffc\nd\n");
        assert!(lines[0].1.as_ref().unwrap_err().contains("byte order mark"));
        assert!(lines[1].1.as_ref().unwrap_err().contains("byte 2"));
        assert_eq!(lines[2], (3, Ok("d".to_owned())));
    }

    #[test]
    fn a_line_of_16_mib_is_read_and_a_longer_one_is_skipped() {
        let lines = read(
            format!(
                "{}\n{}\nlast\n{}",
                "x".repeat(MAX_LINE_BYTES),
                "y".repeat(MAX_LINE_BYTES + 1),
                "z".repeat(MAX_LINE_BYTES)
            )
            .as_bytes(),
        );
        assert!(lines[0].1.is_ok());
        assert!(lines[1].1.as_ref().unwrap_err().contains("longer than 16 MiB"));
        assert_eq!(lines[2].1.as_deref(), Ok("last"));
        assert!(lines[3].1.is_ok() && lines.len() == 4);
    }
}
