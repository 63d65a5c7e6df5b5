//! Reads a file from its beginning to its end, on a thread of its own, a batch of lines at a time. The consumer of the
//! batches sets the pace.

use std::io::{self, Seek, SeekFrom};

use tokio::sync::mpsc;
use tokio::task::{JoinHandle, spawn_blocking};

use super::lines::{FileDigest, Lines};
use super::{ImportRefusal, ImportResult, Source};
use crate::services::Error;
use crate::services::transfer::format::{self, InvalidLine, Line, Rules};

/// The maximum number of lines of a batch.
const BATCH_LINES: usize = 1000;
/// The number of bytes after which a batch is full, however few lines it has.
const BATCH_BYTES: u64 = 1024 * 1024;

/// A line that was read.
pub(super) struct NumberedLine {
    /// Its number in the file, from 1.
    pub(super) number: u64,
    /// The parsed line, or why it is malformed.
    pub(super) line: Result<Line, InvalidLine>,
}

/// Lines that were read.
pub(super) struct Batch {
    /// The lines, in their order.
    pub(super) lines: Vec<NumberedLine>,
    /// How many bytes of the file were read so far.
    pub(super) bytes: u64,
}

/// A file that is read several times.
pub(super) struct ImportFile {
    source: Option<Box<dyn Source>>,
    reading: Option<Reading>,
    /// The rules by which its lines are parsed.
    pub(super) rules: Rules,
    /// The size in bytes.
    pub(super) size: u64,
    digest: Option<FileDigest>,
}

struct Reading {
    batches: mpsc::Receiver<Batch>,
    thread: JoinHandle<io::Result<(Box<dyn Source>, FileDigest)>>,
}

impl ImportFile {
    pub(super) async fn open(mut source: Box<dyn Source>, rules: Rules) -> ImportResult<Self> {
        let opened = spawn_blocking(move || {
            let size = source.seek(SeekFrom::End(0))?;
            Ok((source, size))
        });
        let (source, size) = joined(opened.await)?;
        Ok(Self { source: Some(source), reading: None, rules, size, digest: None })
    }

    /// Begins to read all lines, or only those with these numbers, in their order.
    pub(super) fn start(&mut self, only: Option<Vec<u64>>) -> ImportResult<()> {
        let source = self.source.take().ok_or_else(|| unreadable(io::Error::other("it is being read already")))?;
        let (sender, batches) = mpsc::channel(2);
        let rules = self.rules;
        self.reading = Some(Reading { batches, thread: spawn_blocking(move || read(source, only, &rules, &sender)) });
        Ok(())
    }

    /// The next lines. `None` at the end, where it checks that the whole file could be read and is unchanged since it
    /// was first read.
    pub(super) async fn next(&mut self) -> ImportResult<Option<Batch>> {
        let Some(reading) = &mut self.reading else { return Ok(None) };
        if let Some(batch) = reading.batches.recv().await {
            return Ok(Some(batch));
        }
        let Some(Reading { thread, .. }) = self.reading.take() else { return Ok(None) };
        let (source, digest) = joined(thread.await)?;
        self.source = Some(source);
        if *self.digest.get_or_insert(digest) == digest {
            Ok(None)
        } else {
            Err(Error::Refused(ImportRefusal::Changed))
        }
    }
}

fn joined<T>(result: Result<io::Result<T>, tokio::task::JoinError>) -> ImportResult<T> {
    result.map_err(io::Error::other).and_then(|result| result).map_err(unreadable)
}

fn unreadable(error: io::Error) -> Error<ImportRefusal> {
    Error::Refused(ImportRefusal::Unreadable(error))
}

fn read(
    mut source: Box<dyn Source>,
    only: Option<Vec<u64>>,
    rules: &Rules,
    out: &mpsc::Sender<Batch>,
) -> io::Result<(Box<dyn Source>, FileDigest)> {
    source.seek(SeekFrom::Start(0))?;
    let mut lines = Lines::new(source);
    let mut only = only.map(|numbers| numbers.into_iter().peekable());
    let (mut batch, mut sent) = (Vec::new(), 0);
    while let Some((number, text)) = lines.next()? {
        if only.as_mut().is_some_and(|only| only.next_if_eq(&number).is_none()) {
            continue;
        }
        let line = match text {
            Ok(text) => format::parse(text, rules),
            Err(message) => Err(InvalidLine { entity: None, errors: vec![message] }),
        };
        batch.push(NumberedLine { number, line });
        let bytes = lines.bytes;
        if batch.len() == BATCH_LINES || bytes - sent >= BATCH_BYTES {
            sent = bytes;
            // The consumer may have stopped; then nothing more needs to be read.
            if out.blocking_send(Batch { lines: std::mem::take(&mut batch), bytes }).is_err() {
                return Ok(lines.into_parts());
            }
        }
    }
    // As above, and this is the end anyway.
    let _ = out.blocking_send(Batch { lines: batch, bytes: lines.bytes });
    Ok(lines.into_parts())
}
