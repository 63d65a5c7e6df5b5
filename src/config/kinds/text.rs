//! Words, paths, and log filters.

use std::path::PathBuf;

use tracing_subscriber::EnvFilter;

use super::Kind;

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// As text, for people.
    Text,
    /// One JSON object per line, for programs.
    Json,
}

/// One of `words`, each with its value.
pub(in super::super) fn choices<T: Copy + 'static>(words: &'static [(&'static str, T)]) -> Kind<T> {
    let accepts: Vec<_> = words.iter().map(|(word, _)| format!("`{word}`")).collect();
    let accepts = accepts.join(" or ");
    let expected = accepts.clone();
    Kind::new("WORD", accepts, move |text| {
        let found = words.iter().find(|(word, _)| word.eq_ignore_ascii_case(text));
        found.map(|(_, value)| *value).ok_or_else(|| format!("{text:?} is not {expected}"))
    })
}

/// The path of a file, absolute or relative to the working directory.
pub(in super::super) fn path() -> Kind<PathBuf> {
    Kind::new("FILE", "the path of a file", |text| {
        if text.contains('\0') { Err("it contains a NUL character".to_owned()) } else { Ok(PathBuf::from(text)) }
    })
}

/// A filter in the syntax of `RUST_LOG`: a level, and levels for parts of the program.
pub(in super::super) fn log_filter() -> Kind<String> {
    let accepts = "a level (error, warn, info, debug, trace, off), or a list such as `info,userprofile::http=debug`";
    Kind::new("FILTER", accepts, |text| match EnvFilter::try_new(text) {
        Ok(_) if !is_likely_a_misspelt_level(text) => Ok(text.to_owned()),
        _ => Err(format!("{text:?} is not a log filter")),
    })
}

/// The syntax reads any single word as the name of a part of the program, and would then silence all other parts.
fn is_likely_a_misspelt_level(text: &str) -> bool {
    let words = ["error", "warn", "info", "debug", "trace", "off", env!("CARGO_CRATE_NAME")];
    text.chars().all(char::is_alphanumeric)
        && !words.iter().any(|word| word.eq_ignore_ascii_case(text))
        && text.parse::<u8>().map_or(true, |level| level > 5)
}

#[cfg(test)]
mod tests {
    use super::{super::wrong, *};

    #[test]
    fn choices_accept_their_words_in_any_case() {
        let kind = choices(&[("cold", 1), ("hot", 2)]);
        assert_eq!(kind.parse("hot"), Ok(2));
        assert_eq!(kind.parse("Cold"), Ok(1));
        assert_eq!(wrong(&kind, "warm"), r#""warm" is not `cold` or `hot`"#);
        assert_eq!(kind.accepts, "`cold` or `hot`");
    }

    #[test]
    fn paths_are_any_text_without_nul() {
        assert_eq!(path().parse("/run/secrets/key"), Ok(PathBuf::from("/run/secrets/key")));
        assert_eq!(wrong(&path(), "a\0b"), "it contains a NUL character");
    }

    #[test]
    fn log_filters_are_levels_and_lists_of_them() {
        for text in ["info", "WARN", "off", "info,userprofile=debug", "userprofile::http=trace", "warn,[request]=debug"]
        {
            assert_eq!(log_filter().parse(text), Ok(text.to_owned()));
        }
        for text in ["", "verbose", "info,userprofile=loud", "=debug="] {
            assert_eq!(wrong(&log_filter(), text), format!("{text:?} is not a log filter"));
        }
    }
}
