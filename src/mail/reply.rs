//! What the server said, or did not say: whether trying again can help, and how it is told in the log.

use super::clean::one_line;
use super::message::{Letter, Message, Notice};
use super::transport::SendError;

/// How much of the server's words is told, in characters.
const MAX_REASON: usize = 200;

/// Why a mail did not get through.
#[derive(Debug)]
pub(super) enum Fault {
    /// There was no way to begin: no connection, no TLS, no sign-in. It says nothing about the mail.
    Connecting(lettre::transport::smtp::Error),
    /// The server, or the way to it, gave up on this mail.
    Sending(lettre::transport::smtp::Error),
    /// It took too long.
    TimedOut,
    /// The server does not offer STARTTLS, and without it nothing is sent.
    NoTls,
}

impl Fault {
    /// The fault as it is told outside.
    pub(super) fn into_error(self, letter: &Letter) -> SendError {
        let is_final = self.is_final();
        let reason = match self {
            Self::Connecting(error) => format!("could not connect: {error}"),
            Self::Sending(error) => error.to_string(),
            Self::TimedOut => "the server took too long to answer".into(),
            Self::NoTls => "the server does not offer STARTTLS".into(),
        };
        SendError { is_final, reason: without_letter(&reason, letter) }
    }

    fn is_final(&self) -> bool {
        match self {
            Self::Connecting(_) | Self::TimedOut | Self::NoTls => false,
            // Without a status: the address needs SMTPUTF8, which this server lacks (a fault of lettre's own, `client`);
            // otherwise the connection broke.
            Self::Sending(error) => error.status().map_or(error.is_client(), |code| is_final_reply(code.into())),
        }
    }
}

/// Whether a reply (RFC 5321, 4.2.1) refuses a mail for good.
///
/// What is said about us and not about the mail, that we have to sign in (RFC 4954, 6), is not final: an operator puts it
/// right, and then the mail goes.
fn is_final_reply(code: u16) -> bool {
    (500..600).contains(&code) && !matches!(code, 530 | 534 | 535 | 538)
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
    fn only_what_is_said_about_the_mail_is_final() {
        for code in [500, 501, 550, 551, 552, 553, 554, 571] {
            assert!(is_final_reply(code), "{code}");
        }
        for code in [421, 450, 451, 452, 454, 530, 534, 535, 538] {
            assert!(!is_final_reply(code), "{code}");
        }
        assert!(!Fault::TimedOut.is_final() && !Fault::NoTls.is_final());
    }

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
