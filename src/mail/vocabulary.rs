//! The words of a mail server's reply that may be logged: only those in this list. A server may repeat its input in any
//! encoding, such as a message with a code or the password of `SMTP_URL`; no word in the list is part of that.

/// In lower case: words that mail servers use about themselves, about clients, and about what they refuse.
const WORDS: &str = "
    a about above abuse accept accepted accepting accepts access account accounts action active address addresses
    administrative administratively administrator after again align aligned alignment all allocation allow allowed
    allows already alternate an and another any anymore are as at attachment attachments attempt attempts auth
    authenticate authenticated authentication authorised authorized automatically available
    bad banned barracuda barracudacentral be because been before being big blacklist blacklisted block blocked blocklist
    body bounce bulk busy but by
    can cannot certificate character characters check client clients closing command complaints complete configuration
    connect connecting connection connections contact contain contained contains content could couldn't credentials
    criteria currently
    daily data day deferred delayed deliver delivered delivery denied denies deny designate designated detected did
    different directory disabled disk dkim dmarc dns dnsbl do does doesn't domain domain's domains don't due duplicate
    each ehlo email emails enabled encryption enough error errors exceed exceeded exceeds exist exists expected expired
    fail failed failing fails failure file filter first fixed for forbidden format forward found framework frequency
    frequently from full fully fully-qualified further
    given good greylist greylisted greylisting group
    had has have having header headers helo here high host hostname hour hourly however
    i identity if illegal in inactive inbound incorrect insufficient internal invalid ip ipv4 ipv6 is isn't issue it its
    just
    known
    large later length less likely limit limited limits line lines link list listed local locally location locked login
    long lookup low
    mail mailbox mailboxes mails maintenance malformed malware many match matching maximum may message message's
    messages minimum minute minutes misconfigured missing moment more moved much must mx
    name names need needed needs negative network never no non-ascii none not now null number
    occurred of off ok on one only open operation or organization other our out over own owner
    page parameter parameters part pass passed password paused per permanent permanently permission permissions permit
    permitted phishing please pleased policies policy poor possible postmaster prevent problem problems processing
    prohibited protected protocol provide ptr
    qualified queue queued quota
    rate rbl rcpt rcpthosts reached reason reasons receive received receiving recipient recipient's recipients record
    records refused reject rejected rejecting rejection rejects relay relayed relaying remote reputation requested
    require required requires resolve resources response restricted restrictions result retry reverse rfc route routing
    rule rules
    same scan scanned score secure security see seems send sendasdenied sender sender's senders sending sends sent
    sequence server servers service session set shared should signature signed site size smtp smtputf8 some soon source
    space spam spamcop spamhaus spf starttls status storage subject such suspected suspended suspicious syntax system
    table temporarily temporary terminated than that the their then there they this those throttled throttling time
    timeout tls to today too transaction transmission transport tried trusted try trying type
    unable unacceptable unauthenticated unauthorized unavailable under unexpected unknown unrecognized unrouteable
    unsolicited unsupported until unusual unverified up url us use used user users using
    valid validate validation verified verify violated violates violation virtual virus volume
    wait was we when where which while will with without wrong
    yahoo yet you your
    b.barracudacentral.org bl.spamcop.net cbl.abuseat.org dbl.spamhaus.org dnsbl.sorbs.net pbl.spamhaus.org
    sbl.spamhaus.org xbl.spamhaus.org zen.spamhaus.org
";

/// The replacement for other words.
const OTHERS: &str = "(…)";

/// The words of a text that are in the list, as written but without surrounding characters, with one `(…)` for all
/// words between two of them.
pub(super) fn known_words(text: &str) -> String {
    let mut told: Vec<&str> = Vec::new();
    for word in text.split_whitespace() {
        let bare = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        if is_known(bare) {
            told.push(bare);
        } else if word.contains(char::is_alphanumeric) && told.last() != Some(&OTHERS) {
            told.push(OTHERS);
        }
    }
    told.join(" ")
}

fn is_known(word: &str) -> bool {
    WORDS.split_whitespace().any(|known| known.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::verdict::PHRASES;
    use super::*;

    #[test]
    fn replies_of_common_mail_servers_are_understood() {
        for (said, told) in [
            ("User unknown in virtual mailbox table", "User unknown in virtual mailbox table"),
            ("<a@b.cd>: Relay access denied", "(…) Relay access denied"),
            (
                "Service unavailable; Client host [203.0.113.7] blocked using zen.spamhaus.org",
                "Service unavailable Client host (…) blocked using zen.spamhaus.org",
            ),
            ("Greylisted, please try again in 300 seconds", "Greylisted please try again in (…)"),
            ("SPF check failed - see https://x.example/?token=upt_1", "SPF check failed see (…)"),
            ("", ""),
        ] {
            assert_eq!(known_words(said), told);
        }
    }

    /// Otherwise the log would omit the reason for a classification.
    #[test]
    fn the_phrases_that_decide_a_verdict_are_logged() {
        for phrase in PHRASES.iter().flat_map(|(_, phrases)| phrases.split("; ")) {
            assert!(!known_words(phrase).contains(OTHERS), "{phrase}");
        }
    }

    #[test]
    fn no_known_word_resembles_a_code_or_token() {
        for word in WORDS.split_whitespace() {
            let is_plain = word.chars().all(|c| c.is_ascii_lowercase() || matches!(c, '\'' | '-' | '.'));
            assert!(word.len() <= 24 && (is_plain || matches!(word, "ipv4" | "ipv6" | "smtputf8")), "{word}");
        }
    }

    proptest! {
        #[test]
        fn only_listed_words_are_logged(text in any::<String>()) {
            for word in known_words(&text).split_whitespace() {
                prop_assert!(word == OTHERS || is_known(word));
            }
        }
    }
}
