//! Phrases with which well-known servers refuse this client or a recipient, whatever code they send with them.

use super::Subject;

/// In lower case, separated by `; `. The first phrase that a reply contains decides, so more specific ones come first.
pub(in crate::mail) const PHRASES: &[(Subject, &str)] = &[
    // Postfix: smtpd_helo_restrictions, smtpd_sender_restrictions, smtpd_client_restrictions, smtpd_relay_restrictions.
    (Subject::Greeting, "helo command rejected"),
    (Subject::Sender, "sender address rejected"),
    (Subject::Policy, "client host rejected"),
    (Subject::Relaying, "relay access denied"),
    // About the recipient, also with codes for policy, protocol, and routing (X.7.1, X.5.0, X.4.1).
    (
        Subject::Recipient,
        "recipient address rejected: access denied; user unknown; unknown user; no such user; mailbox unavailable; \
         mailbox not found; doesn't have a yahoo",
    ),
    // Sendmail, qmail, Exim, Exchange, and compatible servers.
    (
        Subject::Relaying,
        "relaying denied; relay denied; relay not permitted; relaying not permitted; relaying not allowed; \
         relay not allowed; not permitted to relay; not allowed to relay; unable to relay; cannot relay; do not relay; \
         does not relay; allowed rcpthosts",
    ),
    // The sender's authentication, also in the URLs of explanations, such as openspf.org.
    (
        Subject::Sender,
        "spf; dkim; dmarc; sender policy framework; sender verify failed; sender rejected; sender denied; \
         sender domain; sender identity; invalid sender; from address",
    ),
    // Amazon SES, about identities that are not set up there.
    (Subject::Sender, "address is not verified"),
    // Exchange: MAIL_FROM is not the mailbox of the user in SMTP_URL.
    (
        Subject::Sender,
        "sendasdenied; send as this; authorized to send; authorised to send; allowed to send; permitted to send",
    ),
    (Subject::Greeting, "ehlo; helo"),
    (
        Subject::Authentication,
        "authentication required; authentication is required; authentication failed; not authenticated; \
         must authenticate",
    ),
    (Subject::Smtputf8, "smtputf8"),
    (Subject::Size, "message size; message too big; message too large"),
    // Providers, about their customers' quotas.
    (
        Subject::Quota,
        "sending quota; message quota; sending limit; sending rate; rate limit; too many messages; too many emails",
    ),
    (Subject::Policy, "sending paused"),
    // Blocklists and similar services.
    (
        Subject::Policy,
        "blocked using; block list; blocklist; blacklist; dnsbl; spamhaus; spamcop; barracudacentral; ip address; \
         reverse dns; reputation; unauthenticated; policy",
    ),
];
