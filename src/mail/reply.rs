//! Replies and failures of a mail server: whether a retry can help, and what the log contains about them.

use std::error::Error as _;
use std::io;

use super::clean::one_line;
use super::verdict::{SMTPUTF8_ADVICE, Stage, Verdict, enhanced_status, judge};
use super::vocabulary::known_words;

/// The longest reason in the log, in characters.
const MAX_REASON: usize = 200;

/// A message was not sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct SendError {
    /// Whether a retry cannot help.
    pub is_final: bool,
    /// The reason, for the log: at most 200 characters on one line. Of the server's reply, it contains only codes and
    /// known words, so that it contains nothing that the server may have repeated: the recipient, the message, or a
    /// password.
    pub reason: String,
    /// What an operator must do before it can be sent, naming the setting. `None` if the problem is temporary, or
    /// cannot be solved.
    pub advice: Option<&'static str>,
}

/// Why a message was not delivered.
#[derive(Debug)]
pub(super) enum Fault {
    /// The connection could not be established or secured by TLS. The message is not the cause.
    Connecting(lettre::transport::smtp::Error),
    /// The server refused this command, or the connection failed at it.
    Refused(Stage, lettre::transport::smtp::Error),
    /// A timeout.
    TimedOut,
    /// The server does not offer STARTTLS, and nothing is sent without it.
    NoTls,
    /// A user and password are set, but the server does not offer authentication.
    NoAuth,
    /// The recipient's address requires SMTPUTF8, which the server does not offer.
    NoSmtputf8,
}

impl Fault {
    /// The error for callers outside of this module.
    pub(super) fn into_error(self) -> SendError {
        let temporary = |advice| Verdict { is_permanent: false, advice };
        let not_connected = |error| format!("could not connect: {}", told(error));
        let (verdict, reason) = match &self {
            Self::Connecting(error) if is_tls_failure(error) => (temporary(Some(TLS_ADVICE)), not_connected(error)),
            Self::Connecting(error) => (judge_error(Stage::Greeting, error), not_connected(error)),
            Self::Refused(Stage::SignIn, error) => (judge_error(Stage::SignIn, error), not_connected(error)),
            Self::Refused(stage, error) => (judge_error(*stage, error), told(error)),
            Self::TimedOut => (temporary(None), "the server took too long to answer".into()),
            Self::NoTls => (temporary(Some(TLS_ADVICE)), "the server does not offer STARTTLS".into()),
            Self::NoAuth => (temporary(Some(AUTH_ADVICE)), "the server does not offer AUTH PLAIN or AUTH LOGIN".into()),
            Self::NoSmtputf8 => (temporary(Some(SMTPUTF8_ADVICE)), "the server does not offer SMTPUTF8".into()),
        };
        SendError { is_final: verdict.is_permanent, reason: one_line(&reason, MAX_REASON), advice: verdict.advice }
    }
}

/// The advice if the connection cannot be secured by TLS.
const TLS_ADVICE: &str = "the connection to the mail server cannot be protected by TLS: check scheme, host, and port in \
    SMTP_URL, and whether this machine trusts the server's certificate";

/// The advice if the server does not accept user and password.
const AUTH_ADVICE: &str = "SMTP_URL has a user, but the mail server offers no authentication for them: remove user and \
    password from SMTP_URL, or name a scheme and port at which it offers AUTH PLAIN or LOGIN; many do over TLS only";

/// A failed handshake is reported as an I/O error: rustls does so for invalid certificates and for servers without TLS.
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

/// An error without a status is not a reply: the connection broke, and the next one may not.
fn judge_error(stage: Stage, error: &lettre::transport::smtp::Error) -> Verdict {
    let Some(code) = error.status() else { return Verdict { is_permanent: false, advice: None } };
    judge(stage, code.into(), &reply_text(error))
}

/// The text after the reply code.
fn reply_text(error: &lettre::transport::smtp::Error) -> String {
    error.source().map(ToString::to_string).unwrap_or_default()
}

/// The description of an error for the log: of a reply only its codes and known words; of any other error, which comes
/// from our side, everything.
fn told(error: &lettre::transport::smtp::Error) -> String {
    match error.status() {
        Some(code) => {
            let kind = if error.is_permanent() { "permanent" } else { "transient" };
            told_reply(kind, code.into(), &reply_text(error))
        }
        // The error quotes the reply. A connection that ends in the middle of a reply causes the same kind of error.
        None if error.is_response() => "the server closed the connection, or its reply is malformed".into(),
        None => error.to_string(),
    }
}

/// A reply without text that it may have repeated: its codes and its known words.
fn told_reply(kind: &str, code: u16, text: &str) -> String {
    let status = enhanced_status(text);
    // Every line of a reply begins with the code.
    let words: Vec<_> =
        text.split_whitespace().filter(|word| status.is_none() || enhanced_status(word) != status).collect();
    let status = status.map(|(subject, detail)| format!("{}.{subject}.{detail}", code / 100));
    let said = [status, Some(known_words(&words.join(" ")))].into_iter().flatten().collect::<Vec<_>>().join(" ");
    format!("{kind} error ({code}): {}", said.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_is_logged_by_its_codes_and_known_words() {
        for (code, said, told) in [
            (550, "5.1.1 User unknown", "permanent error (550): 5.1.1 User unknown"),
            (550, "5.1.1 <WONNY@example.com>: no such user", "permanent error (550): 5.1.1 (…) no such user"),
            (
                550,
                "5.7.26 SPF failed\n5.7.26 for this domain",
                "permanent error (550): 5.7.26 SPF failed for this domain",
            ),
            (554, "spam: 'code:834201'\r\nX: y", "permanent error (554): spam (…)"),
            (554, "refused: https://id.example.com/#token=upt_s3cret", "permanent error (554): refused (…)"),
            (554, "834 201", "permanent error (554): (…)"),
            (554, "", "permanent error (554): "),
        ] {
            assert_eq!(told_reply("permanent", code, said), told);
        }
    }
}
