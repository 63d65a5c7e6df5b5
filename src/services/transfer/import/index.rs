//! The keys of a file and their lines: a digest of each key, 24 bytes whatever its length.

use sha2::{Digest as _, Sha256};

/// A key, identified by 128 bits of its SHA-256.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct KeyDigest(u64, u64);

impl KeyDigest {
    /// The digest of a key with these parts.
    pub(super) fn of(parts: &[&str]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
            hash.update(part);
        }
        let hash: [u8; 32] = hash.finalize().into();
        let mut words = hash.as_chunks::<8>().0.iter().map(|bytes| u64::from_le_bytes(*bytes));
        Self(words.next().unwrap_or_default(), words.next().unwrap_or_default())
    }
}

/// The line that contains a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// Its number.
    pub(super) line: u64,
    /// Whether the line deletes the entity with the key.
    pub(super) is_deletion: bool,
    /// Whether the line has to be processed before others: it deletes an entity or creates a domain.
    pub(super) is_early: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    key: KeyDigest,
    /// The line's number, then a bit for each flag.
    place: u64,
}

/// The keys of a file. They are all added, then sorted, then looked up.
#[derive(Debug, Default)]
pub(super) struct Index(Vec<Entry>);

impl Index {
    pub(super) fn add(&mut self, key: KeyDigest, place: Place) {
        let flags = u64::from(place.is_deletion) << 1 | u64::from(place.is_early);
        self.0.push(Entry { key, place: place.line << 2 | flags });
    }

    /// Sorts the keys, and reports each line with a key that another line has, and the first line with it, to
    /// `duplicate`.
    pub(super) fn sort(&mut self, mut duplicate: impl FnMut(u64, u64)) {
        self.0.sort_unstable();
        for same in self.0.chunk_by(|one, other| one.key == other.key) {
            if let [first, later @ ..] = same {
                for entry in later {
                    duplicate(entry.place().line, first.place().line);
                }
            }
        }
    }

    /// The first line that contains a key.
    pub(super) fn find(&self, key: KeyDigest) -> Option<Place> {
        let at = self.0.partition_point(|entry| entry.key < key);
        self.0.get(at).filter(|entry| entry.key == key).map(Entry::place)
    }

    /// The lines that have to be processed before others, in order.
    pub(super) fn early_lines(&self) -> Vec<u64> {
        let mut lines: Vec<u64> =
            self.0.iter().map(Entry::place).filter(|place| place.is_early).map(|place| place.line).collect();
        lines.sort_unstable();
        lines
    }
}

impl Entry {
    fn place(&self) -> Place {
        Place { line: self.place >> 2, is_deletion: self.place & 2 != 0, is_early: self.place & 1 != 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_and_duplicates_reported() {
        let mut index = Index::default();
        let place = |line, is_deletion| Place { line, is_deletion, is_early: is_deletion };
        for (line, key) in [(3, "b"), (1, "a"), (2, "b"), (9, "c"), (7, "b")] {
            index.add(KeyDigest::of(&[key]), place(line, line == 9));
        }
        let mut duplicates = Vec::new();
        index.sort(|line, first| duplicates.push((line, first)));
        assert_eq!(duplicates, [(3, 2), (7, 2)]);
        assert_eq!(index.find(KeyDigest::of(&["b"])), Some(place(2, false)));
        assert_eq!(index.find(KeyDigest::of(&["c"])), Some(place(9, true)));
        assert_eq!(index.find(KeyDigest::of(&["d"])), None);
        assert_eq!(index.early_lines(), [9]);
    }

    #[test]
    fn the_parts_of_a_key_are_separate_and_an_entry_takes_24_bytes() {
        assert_ne!(KeyDigest::of(&["ab", "c"]), KeyDigest::of(&["a", "bc"]));
        assert_ne!(KeyDigest::of(&["ab", ""]), KeyDigest::of(&["ab"]));
        assert_eq!(size_of::<Entry>(), 24);
    }
}
