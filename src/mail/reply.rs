//! What the server said, or did not say: whether trying again can help, and how it is told in the log.

use std::error::Error as _;
use std::io;

use super::clean::one_line;
use super::message::{Letter, Message, Notice};
use super::transport::SendError;
use super::verdict::{SMTPUTF8_ADVICE, Stage, Verdict, judge};

/// How much of the server's words is told, in characters.
const MAX_REASON: usize = 200;

/// Why a mail did not get through.
#[derive(Debug)]
pub(super) enum Fault {
    /// There was no way to begin: no connection, or no TLS. It says nothing about the mail.
    Connecting(lettre::transport::smtp::Error),
    /// The server, or the way to it, gave up at this command.
    Refused(Stage, lettre::transport::smtp::Error),
    /// It took too long.
    TimedOut,
    /// The server does not offer STARTTLS, and without it nothing is sent.
    NoTls,
    /// The recipient's address needs SMTPUTF8, which the server does not offer.
    NoSmtputf8,
}

impl Fault {
    /// The fault as it is told outside.
    pub(super) fn into_error(self, letter: &Letter) -> SendError {
        let Verdict { is_permanent, advice } = self.verdict();
        let reason = match self {
            Self::Connecting(error) | Self::Refused(Stage::SignIn, error) => format!("could not connect: {error}"),
            Self::Refused(_, error) => error.to_string(),
            Self::TimedOut => "the server took too long to answer".into(),
            Self::NoTls => "the server does not offer STARTTLS".into(),
            Self::NoSmtputf8 => "the server does not offer SMTPUTF8".into(),
        };
        SendError { is_final: is_permanent, reason: without_letter(&reason, letter), advice }
    }

    fn verdict(&self) -> Verdict {
        let temporary = |advice| Verdict { is_permanent: false, advice };
        match self {
            Self::Connecting(error) if is_tls_failure(error) => temporary(Some(TLS_ADVICE)),
            Self::Connecting(error) => judge_error(Stage::Greeting, error),
            Self::Refused(stage, error) => judge_error(*stage, error),
            Self::TimedOut => temporary(None),
            Self::NoTls => temporary(Some(TLS_ADVICE)),
            Self::NoSmtputf8 => temporary(Some(SMTPUTF8_ADVICE)),
        }
    }
}

/// What to do where the connection cannot be protected as it should be.
const TLS_ADVICE: &str = "the connection to the mail server cannot be protected by TLS: check scheme, host, and port in \
    SMTP_URL, and whether this machine trusts the server's certificate";

/// A failed handshake comes as an I/O error: rustls says so of invalid certificates and of servers that speak no TLS.
fn is_tls_failure(error: &lettre::transport::smtp::Error) -> bool {
    let mut cause = error.source();
    while let Some(found) = cause {
        if found.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::InvalidData) {
            return true;
        }
        cause = found.source();
    }
    error.is_tls()
}

/// Without a status it is no reply: the connection broke, and the next one may not.
fn judge_error(stage: Stage, error: &lettre::transport::smtp::Error) -> Verdict {
    let Some(code) = error.status() else { return Verdict { is_permanent: false, advice: None } };
    let text = error.source().map(ToString::to_string).unwrap_or_default();
    judge(stage, code.into(), &text)
}

/// Words of a server without what it may have repeated of the letter. Servers like to name the address, and some the
/// links that they do not like.
fn without_letter(reason: &str, letter: &Letter) -> String {
    let to = letter.to.trim().to_lowercase();
    let local = to.rsplit_once('@').map_or(to.as_str(), |(local, _)| local);
    let secret = secret_of(&letter.message).unwrap_or_default();
    let token = secret.rsplit(['#', '=', '/']).next().unwrap_or_default();
    let repeats_address = |word: &str| {
        let word = word.to_lowercase();
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
        // A short one, `al`, is part of many a word that has nothing to do with it.
        word.contains(['@', '<']) || bare == local || (local.len() > 3 && word.contains(local))
    };
    let repeats_secret = |word: &str| word.contains("://") || (!token.is_empty() && word.contains(token));
    let words: Vec<_> = reason
        .split_whitespace()
        .map(|word| if repeats_address(word) || repeats_secret(word) { "(…)" } else { word })
        .collect();
    one_line(&words.join(" "), MAX_REASON)
}

fn secret_of(message: &Message) -> Option<&str> {
    match message {
        Message::Code { code: secret, .. }
        | Message::ResetPassword { link: secret, .. }
        | Message::Notice { notice: Notice::EmailChangedFrom { undo_link: secret, .. }, .. } => Some(secret.reveal()),
        Message::Notice { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::tests::{code_letter, reset_letter};

    #[test]
    fn the_servers_words_are_told_without_the_letter() {
        let letter = code_letter("Wonny@Example.com");
        for (said, told) in [
            ("permanent error (550): 5.1.1 User unknown", "permanent error (550): 5.1.1 User unknown"),
            ("5.1.1 <WONNY@example.com>: no such user", "5.1.1 (…) no such user"),
            ("wonny is over quota", "(…) is over quota"),
            ("spam: 'code:834201'\r\nX: y", "spam: (…) X: y"),
            ("queued as 12345678", "queued as 1234…"),
        ] {
            assert_eq!(without_letter(said, &letter), told);
        }
        let letter = reset_letter("al@example.com");
        for (said, told) in [
            ("refused: https://id.example.com/reset-password#token=upt_s3cret", "refused: (…)"),
            ("bad token upt_s3cret!", "bad token (…)"),
            ("all of al, finally", "all of (…) finally"),
        ] {
            assert_eq!(without_letter(said, &letter), told);
        }
        assert_eq!(without_letter(&"x ".repeat(500), &letter).chars().count(), 200);
    }
}
