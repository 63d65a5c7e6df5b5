//! Untrusted text made safe for a message: it stays on its line, reads in one direction, and does not look like a code.

/// Text on one line, of at most `max` characters.
///
/// Line breaks, control characters, invisible characters, and bidirectional controls become a space. Of six or more
/// consecutive digits only four are kept: a client whose `User-Agent` is `your code is 123456` must not make the server
/// send that sentence.
pub(super) fn one_line(text: &str, max: usize) -> String {
    cut(shorten_numbers(&visible(text)), max)
}

/// The same with all digits: for text that the operator chose, such as a user id.
pub(super) fn one_line_with_numbers(text: &str, max: usize) -> String {
    cut(visible(text), max)
}

/// Puts a word joiner, which is invisible, into every run of exactly six digits, so that a program finds no other code
/// in the text of a message with a code. A user who copies such a run copies the joiner, so this is only for places
/// where nothing else is possible; longer runs are not changed.
pub(super) fn break_six_digits(text: &str) -> String {
    break_digits(text, |digits| digits == 6, WORD_JOINER)
}

/// Puts an HTML tag, which is neither visible nor copied, into every run of six or more digits.
pub(super) fn break_digits_in_html(html: &str) -> String {
    break_digits(html, |digits| digits >= 6, "<wbr>")
}

/// Puts `mark` after every third digit of the runs whose length `is_broken` accepts.
fn break_digits(text: &str, is_broken: impl Fn(usize) -> bool, mark: &str) -> String {
    let mut broken = String::with_capacity(text.len());
    for run in text.split_inclusive(|c: char| !c.is_numeric()) {
        let is_broken = is_broken(run.chars().filter(|c| c.is_numeric()).count());
        for (index, c) in run.chars().enumerate() {
            if is_broken && index > 0 && index % 3 == 0 && c.is_numeric() {
                broken.push_str(mark);
            }
            broken.push(c);
        }
    }
    broken
}

const WORD_JOINER: &str = "\u{2060}";

fn visible(text: &str) -> String {
    let visible: String = text.chars().map(|c| if may_stand(c) { c } else { ' ' }).collect();
    visible.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn cut(line: String, max: usize) -> String {
    if line.chars().count() <= max {
        return line;
    }
    let kept: String = line.chars().take(max.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

fn may_stand(c: char) -> bool {
    let is_line_break = matches!(c, '\u{2028}' | '\u{2029}');
    let turns_direction =
        matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let is_invisible = matches!(c, '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}');
    !(c.is_control() || is_line_break || turns_direction || is_invisible)
}

fn shorten_numbers(text: &str) -> String {
    let mut short = String::with_capacity(text.len());
    let mut number = String::new();
    // The space ends a number at the end of the text.
    for c in text.chars().chain([' ']) {
        if c.is_numeric() {
            number.push(c);
            continue;
        }
        if number.chars().count() < 6 {
            short.push_str(&number);
        } else {
            short.extend(number.chars().take(4));
            short.push('…');
        }
        number.clear();
        short.push(c);
    }
    short.pop();
    short
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ordinary_user_agents_are_shown_unchanged() {
        for text in ["curl/8.5.0", "2001:db8::1", "Mozilla/5.0 (X11; Linux x86_64) Safari/537.36", "앱/1.0", ""] {
            assert_eq!(one_line(text, 120), text);
        }
        assert_eq!(one_line("Gecko/20100101 Firefox/128.0", 120), "Gecko/2010… Firefox/128.0");
    }

    #[test]
    fn deceptive_characters_are_removed() {
        assert_eq!(one_line("a\r\nBcc: c@d\u{0}\u{202e}e\u{2028}f", 120), "a Bcc: c@d e f");
        assert_eq!(one_line("code 123456", 120), "code 1234…");
        assert_eq!(one_line("12345 ١٢٣٤٥٦", 120), "12345 ١٢٣٤…");
        assert_eq!(one_line("abcdefgh", 5), "abcd…");
    }

    #[test]
    fn digits_are_separated_by_invisible_characters() {
        for text in ["", "12345", "a1b2c3d4e5f6", "2026-11-26"] {
            assert_eq!(break_six_digits(text), text);
            assert_eq!(break_digits_in_html(text), text);
        }
        assert_eq!(break_six_digits("user123456"), "user123\u{2060}456");
        assert_eq!(break_six_digits("1234567.1"), "1234567.1");
        assert_eq!(break_digits_in_html("1234567.1"), "123<wbr>456<wbr>7.1");
        assert_eq!(one_line_with_numbers("a\r\nb 1234567", 120), "a b 1234567");
    }

    proptest! {
        #[test]
        fn no_broken_number_has_six_digits(text in "[0-9a-z٠-٩ ]{0,30}") {
            let broken = break_six_digits(&text);
            prop_assert!(broken.split(|c: char| !c.is_numeric()).all(|run| run.chars().count() != 6));
            prop_assert_eq!(broken.replace(WORD_JOINER, ""), text.as_str());
            let broken = break_digits_in_html(&text);
            prop_assert!(broken.split(|c: char| !c.is_numeric()).all(|run| run.chars().count() < 6));
            prop_assert_eq!(broken.replace("<wbr>", ""), text);
        }

        #[test]
        fn reasons_are_one_short_line_without_six_digits(text in any::<String>()) {
            let line = one_line(&text, 20);
            prop_assert!(line.chars().count() <= 20);
            prop_assert!(line.chars().all(may_stand));
            let mut digits = 0;
            for c in line.chars() {
                digits = if c.is_numeric() { digits + 1 } else { 0 };
                prop_assert!(digits < 6);
            }
        }
    }
}
