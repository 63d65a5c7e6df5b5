//! Pages of a list, by key (Relay's cursor connections): which part of it a client requests.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::Invalid;

/// The default size of a page.
pub const DEFAULT_PAGE: i32 = 50;
/// The maximum size of a page.
pub const MAX_PAGE: i32 = 500;

/// The lists that have pages; a cursor is valid only for lists of its own type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ListKind {
    /// Workspaces, by name and id.
    #[serde(rename = "w")]
    Workspaces,
    /// Workspace groups, by name and id.
    #[serde(rename = "g")]
    WorkspaceGroups,
    /// Security events, by time and id.
    #[serde(rename = "e")]
    SecurityEvents,
}

/// A position in a list: after the item with this key, and before the next one. It is opaque to clients.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Cursor {
    /// The first sort key of the list.
    pub sort_key: String,
    /// The second sort key of the list; it is unique.
    pub id: String,
}

impl Cursor {
    /// The cursor in the form that clients receive.
    pub fn encode(&self, list: ListKind) -> String {
        // A tuple of text always serializes to JSON; if it did not, the empty cursor would be refused when it is
        // submitted.
        let json = serde_json::to_vec(&(list, &self.sort_key, &self.id)).unwrap_or_default();
        URL_SAFE_NO_PAD.encode(json)
    }

    /// Parses a cursor that a client submitted.
    pub fn decode(text: &str, list: ListKind) -> Result<Self, Invalid> {
        let malformed = || Invalid::malformed("not a cursor of this list; use one of its `pageInfo` or `edges`");
        let json = URL_SAFE_NO_PAD.decode(text).map_err(|_| malformed())?;
        let (kind, sort_key, id): (ListKind, String, String) =
            serde_json::from_slice(&json).map_err(|_| malformed())?;
        if kind != list || sort_key.contains('\0') || id.contains('\0') {
            return Err(malformed());
        }
        Ok(Self { sort_key, id })
    }
}

/// The end that a page is counted from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum From {
    /// The first items between the cursors.
    Start,
    /// The last items between the cursors.
    End,
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Page {
    /// The number of items, at most [`MAX_PAGE`].
    pub size: usize,
    /// The end that it is counted from.
    pub from: From,
    /// Only items after this cursor.
    pub after: Option<Cursor>,
    /// Only items before this cursor.
    pub before: Option<Cursor>,
}

impl Page {
    /// The first so many items.
    pub fn first(size: usize) -> Self {
        Self { size, from: From::Start, after: None, before: None }
    }

    /// Parses the four arguments of a connection. An error names the invalid one.
    pub fn parse(
        kind: ListKind,
        first: Option<i32>,
        after: Option<&str>,
        last: Option<i32>,
        before: Option<&str>,
    ) -> Result<Self, (&'static str, Invalid)> {
        let bounded = |name: &'static str, asked: i32| {
            usize::try_from(asked).ok().filter(|_| asked <= MAX_PAGE).ok_or_else(|| {
                (name, Invalid::malformed(format!("`{name}` must be from 0 to {MAX_PAGE}; it was {asked}")))
            })
        };
        let (size, from) = match (first, last) {
            (Some(_), Some(_)) => {
                let message = "`first` and `last` cannot be given together; leave one of them out";
                return Err(("last", Invalid::malformed(message)));
            }
            (None, Some(last)) => (bounded("last", last)?, From::End),
            (first, None) => (bounded("first", first.unwrap_or(DEFAULT_PAGE))?, From::Start),
        };
        let cursor = |name, text: Option<&str>| {
            text.map(|text| Cursor::decode(text, kind)).transpose().map_err(|invalid| (name, invalid))
        };
        Ok(Self { size, from, after: cursor("after", after)?, before: cursor("before", before)? })
    }

    /// Builds the page from the items that were read for it: in the list's order, with one item more than the size if
    /// there are more.
    pub fn cut<T>(&self, mut read: Vec<T>) -> Paged<T> {
        let surplus = read.len().saturating_sub(self.size);
        let is_from_end = self.from == From::End;
        if is_from_end {
            read.drain(..surplus);
        }
        read.truncate(self.size);
        Paged {
            items: read,
            has_previous: (is_from_end && surplus > 0) || self.after.is_some(),
            has_next: (!is_from_end && surplus > 0) || self.before.is_some(),
        }
    }
}

/// A page of a list, and whether the list has more items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paged<T> {
    /// Its items, in the list's order.
    pub items: Vec<T>,
    /// Whether the list has items before the page.
    pub has_previous: bool,
    /// Whether the list has items after the page.
    pub has_next: bool,
}

impl<T> Paged<T> {
    /// Converts the items of the page.
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Paged<U> {
        Paged {
            items: self.items.into_iter().map(f).collect(),
            has_previous: self.has_previous,
            has_next: self.has_next,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sizes_are_bounded_and_one_direction_is_chosen() {
        let page = |first, last| Page::parse(ListKind::Workspaces, first, None, last, None);
        assert_eq!(page(None, None).unwrap().size, 50);
        assert_eq!(page(Some(0), None).unwrap().size, 0);
        assert_eq!(page(None, Some(500)).unwrap().from, From::End);
        assert_eq!(page(Some(-1), None).unwrap_err().0, "first");
        assert_eq!(page(Some(501), None).unwrap_err().0, "first");
        assert_eq!(page(None, Some(i32::MIN)).unwrap_err().0, "last");
        assert_eq!(page(Some(1), Some(1)).unwrap_err().0, "last");
    }

    proptest! {
        #[test]
        fn a_cursor_round_trips_for_its_own_list_only(sort_key in "[^\0]{0,60}", id in "[^\0]{0,40}") {
            let cursor = Cursor { sort_key, id };
            let text = cursor.encode(ListKind::Workspaces);
            prop_assert_eq!(Cursor::decode(&text, ListKind::Workspaces).unwrap(), cursor);
            prop_assert!(Cursor::decode(&text, ListKind::WorkspaceGroups).is_err());
        }

        #[test]
        fn malformed_cursors_are_rejected(text in ".{0,60}") {
            prop_assert!(Cursor::decode(&text, ListKind::Workspaces).is_err());
        }
    }
}
