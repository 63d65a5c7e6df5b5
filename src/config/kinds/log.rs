//! How the log is filtered and written.

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

impl LogFormat {
    pub(in super::super) const ALL: &[(&str, Self)] = &[("text", Self::Text), ("json", Self::Json)];
}

/// A filter in the syntax of `RUST_LOG`: a level, and levels for parts of the program.
pub(in super::super) struct LogFilter;

impl Kind for LogFilter {
    type Value = String;

    fn value_name(&self) -> &'static str {
        "FILTER"
    }

    fn accepts(&self) -> String {
        "a level (error, warn, info, debug, trace, off), or a list like `info,userprofile::http=debug`".to_owned()
    }

    fn parse(&self, text: &str) -> Result<String, String> {
        match EnvFilter::try_new(text) {
            Ok(_) if !is_likely_a_misspelt_level(text) => Ok(text.to_owned()),
            _ => Err(format!("{text:?} is not a filter for the log")),
        }
    }
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
    fn parses_filters() {
        for text in ["info", "WARN", "off", "info,userprofile=debug", "userprofile::http=trace", "warn,[request]=debug"]
        {
            assert_eq!(LogFilter.parse(text), Ok(text.to_owned()));
        }
    }

    #[test]
    fn refuses_what_filters_nothing() {
        for text in ["", "verbose", "info,userprofile=loud", "=debug="] {
            assert_eq!(wrong(&LogFilter, text), format!("{text:?} is not a filter for the log"));
        }
    }
}
