//! Output to the terminal.

use std::borrow::Cow;
use std::io::{self, ErrorKind, Write};

use super::error::CliError;

/// Prints `text`. A reader that stops before its end, as `head` does, is not an error.
pub(super) fn print(text: &str) -> Result<(), CliError> {
    let text = escape(text);
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(CliError::failed(format!("standard output cannot be written: {error}")))
        }
        _ => Ok(()),
    }
}

/// The same for standard error.
pub(super) fn eprint(text: &str) {
    // The reader may be gone.
    let _ = writeln!(io::stderr().lock(), "{}", escape(text));
}

/// Says below a list that it is cut.
pub(super) fn note_more(has_more: bool) {
    if has_more {
        eprint("There are more: raise --limit");
    }
}

/// `text` with control characters, other than line feeds and tabs, escaped as in JSON: `\u001b`. Stored text must not
/// move the cursor of a terminal or change the order of what it shows, and JSON must stay valid.
fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(is_control) {
        return Cow::from(text);
    }
    let escaped = text.chars().map(|c| if is_control(c) { format!("\\u{:04x}", u32::from(c)) } else { c.to_string() });
    Cow::from(escaped.collect::<String>())
}

fn is_control(c: char) -> bool {
    let changes_order = matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    !matches!(c, '\n' | '\t') && (c.is_control() || changes_order)
}

/// Stored `text` as a single line: its own line feeds and tabs are escaped, too.
pub(super) fn one_line(text: &str) -> String {
    text.replace('\n', "\\u000a").replace('\t', "\\u0009")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped_as_in_json() {
        let text = "a\u{1b}[2J\r\u{7f}\u{9b}\u{202e}b\n\u{e9}\u{1f600}\n";
        assert_eq!(escape(text), "a\\u001b[2J\\u000d\\u007f\\u009b\\u202eb\n\u{e9}\u{1f600}\n");
        assert!(matches!(escape("plain\n"), Cow::Borrowed(_)));
        assert_eq!(escape("\ta\n"), "\ta\n");
        assert_eq!(one_line("a\nb\tc"), "a\\u000ab\\u0009c");
    }
}
