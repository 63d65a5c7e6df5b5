//! Classifies a mail server's refusal: it concerns either the recipient or the message, so that a retry cannot help, or
//! this client, so that a retry helps once an operator has changed a setting.
//!
//! The reply code alone is not sufficient. Postfix refuses a bad EHLO name and a bad sender only at RCPT, and RFC 5321
//! uses 550 for an unknown mailbox as well as for policy. So three sources are checked in turn: phrases that servers
//! are known to use when they refuse this client, the enhanced status code (RFC 3463, RFC 5248), and the reply code.

mod phrases;

pub(super) use phrases::PHRASES;

/// The stage at which the server refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// The connection itself, or EHLO.
    Greeting,
    /// AUTH.
    SignIn,
    /// MAIL.
    Sender,
    /// RCPT.
    Recipient,
    /// DATA, before the message.
    Data,
    /// The message, at its end.
    Message,
}

/// The consequence of a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Verdict {
    /// Whether a retry cannot help.
    pub is_permanent: bool,
    /// What an operator must do, naming the setting. `None` if the problem is temporary, or cannot be solved.
    pub advice: Option<&'static str>,
}

/// Classifies a reply: its code (RFC 5321, section 4.2), and its text, which begins with the enhanced status code.
pub(super) fn judge(stage: Stage, code: u16, text: &str) -> Verdict {
    let subject = Subject::of(stage, code, text);
    let is_for_good = code >= 500;
    let is_permanent = is_for_good
        && match subject {
            Subject::Recipient => true,
            // Before the message is sent, the server cannot refuse it for its content.
            Subject::Message | Subject::Size => stage == Stage::Message,
            _ => false,
        };
    let needs_operator = !is_permanent && (is_for_good || subject.is_surely_ours());
    Verdict { is_permanent, advice: subject.advice().filter(|_| needs_operator) }
}

/// The subject of a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Subject {
    Recipient,
    Message,
    /// The size of the message, or storage for it.
    Size,
    /// The recipient's mailbox is full, which may be temporary.
    FullMailbox,
    /// The name in EHLO.
    Greeting,
    /// The sender's address or its authentication: SPF, DKIM, DMARC.
    Sender,
    Authentication,
    Relaying,
    /// The sending quota.
    Quota,
    /// The server's policy, unspecified: our address is blocked, or the sender's domain is not trusted.
    Policy,
    /// The recipient's address requires SMTPUTF8.
    Smtputf8,
    /// The server itself, or its route to the recipient.
    Server,
}

impl Subject {
    fn of(stage: Stage, code: u16, text: &str) -> Self {
        // RFC 4954, section 6; and RFC 3207, section 4, about 530: TLS is missing.
        if matches!(code, 530 | 534 | 535 | 538) {
            return Self::Authentication;
        }
        let by_status = enhanced_status(text).and_then(|status| Self::of_status(stage, status));
        // A status code that names the policy is more specific.
        let named =
            Self::named_in(text).filter(|named| *named != Self::Policy || !by_status.is_some_and(Self::is_surely_ours));
        match stage {
            Stage::Greeting => {
                let is_ours = |found: &Self| found.is_surely_ours() || matches!(found, Self::Policy | Self::Quota);
                named.or(by_status).filter(is_ours).unwrap_or(Self::Server)
            }
            Stage::SignIn => Self::Authentication,
            Stage::Sender => match named.or(by_status).or_else(|| Self::of_code(stage, code)) {
                // A mailbox that is unknown or full at this stage is the sender's.
                None | Some(Self::Recipient) => Self::Sender,
                Some(Self::FullMailbox) => Self::Quota,
                Some(Self::Message) => Self::Server,
                Some(found) => found,
            },
            Stage::Recipient | Stage::Data | Stage::Message => {
                named.or(by_status).or_else(|| Self::of_code(stage, code)).unwrap_or(Self::Server)
            }
        }
    }

    fn named_in(text: &str) -> Option<Self> {
        let words: Vec<_> = text.split_whitespace().filter(|word| !word.contains(['@', '<'])).collect();
        let text = words.join(" ").to_lowercase();
        let is_in = |(_, phrases): &&(Self, &str)| phrases.split("; ").any(|phrase| text.contains(phrase));
        PHRASES.iter().find(is_in).map(|(subject, _)| *subject)
    }

    /// By subject and detail of an enhanced status code; the reply code already contains its class.
    #[expect(clippy::match_same_arms, reason = "in the order of the RFC, subject by subject")]
    fn of_status(stage: Stage, status: (u16, u16)) -> Option<Self> {
        Some(match status {
            // X.1.x, addresses (RFC 3463, section 3.2): 7 and 8 are about the sender, 9 is about a server further on.
            // The others are about the recipient: 0 undefined, 1 no such mailbox, 2 no such domain, 3 malformed, 4
            // ambiguous, 6 moved, 10 a domain that accepts no mail (RFC 7505, section 6).
            (1, 7 | 8) => Self::Sender,
            (1, 9) => Self::Server,
            (1, _) => Self::Recipient,
            // X.2.x, mailboxes (3.3): 1 disabled, 2 full, 3 the message is too long for it.
            (2, 2) => Self::FullMailbox,
            (2, 3) => Self::Size,
            (2, _) => Self::Recipient,
            // X.3.x, the mail system (3.4): 4 the message is too big; else full, not accepting, misconfigured.
            (3, 4) => Self::Size,
            // X.4.x, network and routing (3.5).
            (3 | 4, _) => Self::Server,
            // X.5.x, the protocol (3.6): one of our commands or its parameters are refused.
            (5, _) => match stage {
                Stage::Greeting => Self::Greeting,
                _ => Self::Server,
            },
            // X.6.x, content (3.7); 7 to 10 require SMTPUTF8 (RFC 6531, section 3.5).
            (6, 7..=10) => Self::Smtputf8,
            (6, _) => Self::Message,
            // X.7.x, security and policy (3.8): 8, 9, 11 to 15 are authentication (RFC 4954, section 6; RFC 5248), 17
            // and 18 a mailbox or domain that has a new owner (RFC 7293), 20 to 27 DKIM, SPF, reverse DNS, and the
            // sender's null MX (RFC 7372; RFC 7505). The others are unspecified policy.
            (7, 8 | 9 | 11..=15) => Self::Authentication,
            (7, 17 | 18) => Self::Recipient,
            (7, 20..=27) => Self::Sender,
            (7, _) => Self::Policy,
            // X.0.x is undefined (3.1), and so are other subjects.
            _ => return None,
        })
    }

    /// By the reply code, if there is nothing else (RFC 5321, section 4.2.3; RFC 7504).
    fn of_code(stage: Stage, code: u16) -> Option<Self> {
        let about = match stage {
            Stage::Sender => Self::Sender,
            Stage::Recipient => Self::Recipient,
            Stage::Message => Self::Message,
            _ => Self::Server,
        };
        match code {
            // The parameters of a command are refused: those of RCPT are the recipient's address.
            501 if stage == Stage::Recipient => Some(Self::Recipient),
            550 | 551 | 553 | 556 => Some(about),
            452 | 552 if stage == Stage::Sender => Some(Self::Size),
            552 => Some(Self::FullMailbox),
            555 => Some(Self::Server),
            // At RCPT, most servers send it to clients that they do not serve.
            554 if stage == Stage::Message => Some(Self::Message),
            554 if stage == Stage::Recipient => Some(Self::Policy),
            _ => None,
        }
    }

    /// Whether the refusal lasts until an operator changes a setting, even if the server calls it temporary.
    fn is_surely_ours(self) -> bool {
        matches!(self, Self::Greeting | Self::Sender | Self::Authentication | Self::Relaying | Self::Smtputf8)
    }

    fn advice(self) -> Option<&'static str> {
        match self {
            Self::Recipient | Self::Message | Self::FullMailbox => None,
            Self::Greeting => Some(
                "the mail server refuses the name that this server gives in EHLO: set USERPROFILE_SMTP_HELO_NAME to its \
                 fully qualified host name",
            ),
            Self::Sender => Some(
                "the mail server refuses the sender: check the address in MAIL_FROM, and the SPF, DKIM, and DMARC records \
                 of its domain",
            ),
            Self::Authentication => {
                Some("the mail server asks for authentication or TLS: check scheme, user, and password in SMTP_URL")
            }
            Self::Relaying => Some(
                "the mail server does not relay for this server: give user and password in SMTP_URL, name a server that \
                 relays, or have it allow this server's address",
            ),
            Self::Policy => Some(
                "the mail server refuses this server by a policy: check SMTP_URL, the address in MAIL_FROM, \
                 USERPROFILE_SMTP_HELO_NAME, and whether a blocklist has this server's address",
            ),
            Self::Quota => Some(
                "the mail server limits how much this server may send: have it raise the limit of the account in \
                 SMTP_URL, or name another server there",
            ),
            Self::Size => Some(
                "the mail server says that the message is too big or that it has no room: raise its size limit (in \
                 Postfix: message_size_limit), make room, or name another server in SMTP_URL",
            ),
            Self::Smtputf8 => Some(SMTPUTF8_ADVICE),
            Self::Server => Some("the mail server cannot take the message: check SMTP_URL"),
        }
    }
}

/// The advice if an address requires SMTPUTF8.
pub(super) const SMTPUTF8_ADVICE: &str = "the recipient's address has letters beyond ASCII before the @, which needs \
    SMTPUTF8 (RFC 6531): enable that on the mail server, name another one in SMTP_URL, or give the user another address";

/// Subject and detail of the enhanced status code at the beginning of a reply: `(1, 1)` for `5.1.1 no such user`. There
/// are seven subjects besides 0, and at most three digits.
pub(super) fn enhanced_status(text: &str) -> Option<(u16, u16)> {
    let mut parts = text.split_whitespace().next()?.split('.');
    let (class, subject, detail) = (parts.next()?, parts.next()?, parts.next()?);
    if !matches!(class, "2" | "4" | "5") || parts.next().is_some() {
        return None;
    }
    let number = |digits: &str| digits.parse().ok();
    number(subject).zip(number(detail)).filter(|(subject, detail)| *subject <= 7 && *detail <= 999)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting(verdict: Verdict) -> &'static str {
        let advice = verdict.advice.unwrap_or_default();
        let named = |setting: &&str| advice.contains(*setting);
        ["USERPROFILE_SMTP_HELO_NAME", "MAIL_FROM", "SMTP_URL"].into_iter().find(named).unwrap_or_default()
    }

    #[test]
    fn a_refusal_of_the_recipient_or_the_message_is_permanent() {
        for (stage, reply) in [
            (Stage::Recipient, "550 5.1.1 User unknown"),
            (Stage::Recipient, "550 5.4.1 Recipient address rejected: Access denied"),
            (Stage::Recipient, "554 5.7.1 <u@x.org>: Recipient address rejected: Access denied"),
            (Stage::Recipient, "550 5.7.1 <u@x.org>... User unknown"),
            (Stage::Recipient, "550 5.5.0 Requested action not taken: mailbox unavailable"),
            (Stage::Recipient, "554 delivery error: dd This user doesn't have a yahoo.com account (u@yahoo.com)"),
            (Stage::Recipient, "550 5.1.1 <relaying.denied@example.com>: Recipient address rejected: User unknown"),
            (Stage::Recipient, "550 5.1.2 No such domain"),
            (Stage::Recipient, "501 5.1.3 Bad recipient address syntax"),
            (Stage::Recipient, "551 5.1.6 Mailbox has moved"),
            (Stage::Recipient, "556 5.1.10 Recipient address has null MX"),
            (Stage::Recipient, "550 5.2.1 Mailbox disabled"),
            (Stage::Recipient, "550 5.7.17 Mailbox owner has changed"),
            (Stage::Recipient, "550 No such user here"),
            (Stage::Recipient, "553 Mailbox name not allowed"),
            (Stage::Message, "552 5.3.4 Message too big"),
            (Stage::Message, "552 5.2.3 Message length exceeds the limit"),
            (Stage::Message, "552 Message size exceeds fixed maximum message size"),
            (Stage::Message, "554 5.6.0 Message is malformed"),
            (Stage::Message, "550 This looks like spam"),
            (Stage::Message, "554 Transaction failed"),
        ] {
            let (code, text) = reply.split_once(' ').unwrap();
            let verdict = judge(stage, code.parse().unwrap(), text);
            assert_eq!(verdict, Verdict { is_permanent: true, advice: None }, "{reply}");
            let for_now = judge(stage, 450, text);
            assert!(!for_now.is_permanent, "{reply}");
        }
    }

    #[test]
    fn a_refusal_of_this_server_is_temporary_and_names_the_setting() {
        const HELO: &str = "USERPROFILE_SMTP_HELO_NAME";
        for (stage, reply, named) in [
            (Stage::Greeting, "504 5.5.2 HELO requires a domain name", HELO),
            (Stage::Greeting, "501 5.5.4 Invalid domain name", HELO),
            (Stage::Greeting, "554 No SMTP service here", "SMTP_URL"),
            (Stage::SignIn, "535 5.7.8 Authentication credentials invalid", "SMTP_URL"),
            (Stage::Sender, "550 5.1.1 User unknown", "MAIL_FROM"),
            (Stage::Sender, "550 5.7.1 Not yours to send from", HELO),
            (Stage::Sender, "553 5.7.1 <a@b.cd>: Sender address rejected: not owned by user", "MAIL_FROM"),
            (Stage::Sender, "550 not you", "MAIL_FROM"),
            (Stage::Sender, "530 5.7.0 Must issue a STARTTLS command first", "SMTP_URL"),
            (Stage::Sender, "530 Authentication required", "SMTP_URL"),
            (Stage::Recipient, "504 5.5.2 <localhost>: Helo command rejected: need fully-qualified hostname", HELO),
            (Stage::Recipient, "450 4.7.1 <localhost>: Helo command rejected: Host not found", HELO),
            (Stage::Recipient, "550 5.1.1 <a@b.cd>: Sender address rejected: User unknown", "MAIL_FROM"),
            (Stage::Recipient, "550 5.1.7 Bad sender's address", "MAIL_FROM"),
            (Stage::Recipient, "550 5.1.8 Bad sender's domain", "MAIL_FROM"),
            (Stage::Recipient, "550 5.7.23 SPF validation failed", "MAIL_FROM"),
            (Stage::Message, "550 5.7.26 This mail is unauthenticated", "MAIL_FROM"),
            (Stage::Recipient, "554 5.7.1 <a@b.cd>: Relay access denied", "SMTP_URL"),
            (Stage::Recipient, "454 4.7.1 <a@b.cd>: Relay access denied", "SMTP_URL"),
            (Stage::Recipient, "550 relay not permitted", "SMTP_URL"),
            (Stage::Recipient, "550 5.7.1 Relaying denied", "SMTP_URL"),
            (Stage::Recipient, "554 5.7.1 Service unavailable; client blocked", HELO),
            (Stage::Recipient, "554 go away", HELO),
            (Stage::Message, "550 5.7.1 Rejected by policy", HELO),
            (Stage::Recipient, "550 5.4.1 Access denied", "SMTP_URL"),
            (Stage::Recipient, "550 5.3.2 System not accepting messages", "SMTP_URL"),
            (Stage::Recipient, "503 5.5.1 Bad sequence of commands", "SMTP_URL"),
            (Stage::Data, "554 no", "SMTP_URL"),
            (Stage::Recipient, "553 5.6.7 Non-ASCII addresses not permitted", "SMTP_URL"),
            // Replies at the end of the message, where 550 and 554 alone concern the message.
            (Stage::Message, "550 SPF check failed", "MAIL_FROM"),
            (Stage::Message, "550 Rejected: DKIM signature is missing", "MAIL_FROM"),
            (Stage::Message, "554 Email rejected per DMARC policy", "MAIL_FROM"),
            (Stage::Message, "550 5.1.1 SPF: the domain does not designate this host", "MAIL_FROM"),
            (Stage::Message, "550 The from address does not match a verified Sender Identity", "MAIL_FROM"),
            (Stage::Message, "554 Message rejected: Email address is not verified", "MAIL_FROM"),
            (Stage::Message, "554 5.2.0 STOREDRV.Submission.Exception:SendAsDeniedException", "MAIL_FROM"),
            (Stage::Message, "554 5.2.252 SendAsDenied; not allowed to send as this user", "MAIL_FROM"),
            (Stage::Message, "550 You are not authorized to send from this domain", "MAIL_FROM"),
            (Stage::Message, "550 Unauthenticated mail is not accepted", HELO),
            (Stage::Message, "554 Your IP address is on a block list", HELO),
            (Stage::Message, "554 203.0.113.7 blocked using zen.spamhaus.org", HELO),
            (Stage::Message, "550 Rejected because of poor reputation", HELO),
            (Stage::Message, "550 Rejected by local policy", HELO),
            (Stage::Message, "554 Relay access denied", "SMTP_URL"),
            (Stage::Message, "550 Daily sending quota exceeded", "SMTP_URL"),
            (Stage::Message, "550 5.4.5 Daily user sending quota exceeded", "SMTP_URL"),
            (Stage::Message, "554 Sending limit reached for this account", "SMTP_URL"),
            (Stage::Message, "550 Too many messages from this account", "SMTP_URL"),
            (Stage::Recipient, "550 Hourly rate limit exceeded", "SMTP_URL"),
            (Stage::Greeting, "554 203.0.113.7 blocked using zen.spamhaus.org", HELO),
            // Before the message, the server has seen neither its size nor its content.
            (Stage::Sender, "552 5.3.4 Message too big for system", "SMTP_URL"),
            (Stage::Sender, "552 5.2.3 Message too long", "SMTP_URL"),
            (Stage::Sender, "552 Message size exceeds fixed maximum message size", "SMTP_URL"),
            (Stage::Sender, "552 Exceeded storage allocation", "SMTP_URL"),
            (Stage::Sender, "552 5.2.2 Over quota", "SMTP_URL"),
            (Stage::Sender, "555 5.5.4 Unsupported parameter", "SMTP_URL"),
            (Stage::Sender, "555 Unsupported parameter", "SMTP_URL"),
            (Stage::Recipient, "552 5.3.4 Message too big for system", "SMTP_URL"),
            (Stage::Data, "552 5.3.4 Message too big for system", "SMTP_URL"),
        ] {
            let (code, text) = reply.split_once(' ').unwrap();
            let verdict = judge(stage, code.parse().unwrap(), text);
            assert!(!verdict.is_permanent, "{reply}");
            let advice = verdict.advice.unwrap_or_default();
            assert!(advice.contains(named) && setting(verdict) == named, "{reply}: {advice}");
        }
    }

    #[test]
    fn temporary_failures_carry_no_advice() {
        for (stage, reply) in [
            (Stage::Sender, "452 Insufficient system storage"),
            (Stage::Recipient, "552 5.2.2 Mailbox full"),
            (Stage::Recipient, "552 Quota exceeded"),
            (Stage::Message, "452 4.2.2 Mailbox full"),
            (Stage::Recipient, "450 4.7.1 Greylisted, try again in five minutes"),
            (Stage::Greeting, "421 4.3.2 Too many connections"),
            (Stage::Recipient, "451 4.3.0 Local error"),
        ] {
            let (code, text) = reply.split_once(' ').unwrap();
            let verdict = judge(stage, code.parse().unwrap(), text);
            assert_eq!(verdict, Verdict { is_permanent: false, advice: None }, "{reply}");
        }
    }

    #[test]
    fn only_a_whole_status_code_is_one() {
        for (text, status) in [
            ("5.1.1 no", Some((1, 1))),
            ("4.2.10", Some((2, 10))),
            ("5.1 no", None),
            ("5.1.1.1 no", None),
            ("3.1.1 no", None),
            ("5.8.1 no", None),
            ("5.1.1000 no", None),
            ("no 5.1.1", None),
            ("", None),
        ] {
            assert_eq!(enhanced_status(text), status, "{text}");
        }
    }
}
