//! A mailbox for messages that are shown instead of sent, for trying the server out.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::TimeDelta;

use super::render::Rendered;
use crate::clock::Timestamp;

/// The maximum number of messages; the oldest are removed.
const MAX_MAILS: usize = 200;
/// How long a message is kept.
const KEPT_FOR: TimeDelta = TimeDelta::hours(24);

/// Keeps messages in memory. Clones share the messages.
#[derive(Clone, Default)]
pub struct Mailbox {
    mails: Arc<Mutex<VecDeque<Kept>>>,
}

/// A message in the mailbox.
#[derive(Clone, PartialEq, Eq)]
pub struct Kept {
    /// The id that the sender gave it.
    pub id: String,
    /// The recipient.
    pub to: String,
    /// Its subject.
    pub subject: String,
    /// Its text, without markup.
    pub text: String,
    /// The same as an HTML document.
    pub html: String,
    /// Its date.
    pub sent_at: Timestamp,
}

impl Mailbox {
    /// An empty mailbox.
    pub fn new() -> Self {
        Self::default()
    }

    /// Keeps a message, and replaces one with the same id; `at` is its date and is taken as the current time.
    pub fn keep(&self, id: &str, to: &str, rendered: Rendered, at: Timestamp) {
        let Rendered { subject, text, html } = rendered;
        let mut mails = self.mails();
        mails.retain(|mail| mail.id != id && !is_old(mail, at));
        if mails.len() >= MAX_MAILS {
            mails.pop_front();
        }
        mails.push_back(Kept { id: id.to_owned(), to: to.to_owned(), subject, text, html, sent_at: at });
    }

    /// The messages that are not too old at `now`, the newest first.
    pub fn list(&self, now: Timestamp) -> Vec<Kept> {
        let mut mails = self.mails();
        mails.retain(|mail| !is_old(mail, now));
        mails.iter().rev().cloned().collect()
    }

    fn mails(&self) -> MutexGuard<'_, VecDeque<Kept>> {
        // A thread that panicked while holding the lock left only complete messages.
        self.mails.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_old(mail: &Kept, now: Timestamp) -> bool {
    now.signed_duration_since(mail.sent_at) >= KEPT_FOR
}

impl std::fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mailbox").field("mails", &self.mails().len()).finish()
    }
}

impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kept").field("id", &self.id).field("subject", &self.subject).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noon() -> Timestamp {
        "2026-11-25T12:00:00Z".parse().unwrap()
    }

    fn mail(subject: &str) -> Rendered {
        Rendered { subject: subject.into(), text: "834201".into(), html: "<p>834201".into() }
    }

    fn ids(mails: &[Kept]) -> Vec<&str> {
        mails.iter().map(|mail| mail.id.as_str()).collect()
    }

    #[test]
    fn messages_are_listed_newest_first_without_duplicates() {
        let mailbox = Mailbox::new();
        for id in ["a", "b", "a"] {
            mailbox.clone().keep(id, "w@example.com", mail("s"), noon());
        }
        assert_eq!(ids(&mailbox.list(noon())), ["a", "b"]);
    }

    #[test]
    fn messages_older_than_a_day_are_deleted() {
        let mailbox = Mailbox::new();
        mailbox.keep("a", "w@example.com", mail("s"), noon());
        mailbox.keep("b", "w@example.com", mail("s"), noon() + TimeDelta::hours(1));
        assert_eq!(ids(&mailbox.list(noon() + KEPT_FOR - TimeDelta::seconds(1))), ["b", "a"]);
        assert_eq!(ids(&mailbox.list(noon() + KEPT_FOR)), ["b"]);
    }

    #[test]
    fn the_oldest_messages_are_deleted_at_the_limit() {
        let mailbox = Mailbox::new();
        for number in 0..=MAX_MAILS {
            mailbox.keep(&number.to_string(), "w@example.com", mail("s"), noon());
        }
        let mails = mailbox.list(noon());
        assert_eq!((mails.len(), mails[0].id.as_str(), mails[MAX_MAILS - 1].id.as_str()), (200, "200", "1"));
    }

    #[test]
    fn a_poisoned_lock_loses_no_message() {
        let mailbox = Mailbox::new();
        mailbox.keep("a", "w@example.com", mail("s"), noon());
        let other = mailbox.clone();
        let panicked = std::thread::spawn(move || {
            let _mails = other.mails.lock().unwrap();
            panic!("on purpose");
        });
        assert!(panicked.join().is_err());
        assert_eq!(ids(&mailbox.list(noon())), ["a"]);
    }

    #[test]
    fn debug_output_contains_no_message() {
        let mailbox = Mailbox::new();
        mailbox.keep("a", "w@example.com", mail("s"), noon());
        assert!(!format!("{mailbox:?} {:?}", mailbox.list(noon())).contains("834201"));
    }
}
