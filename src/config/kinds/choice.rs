//! A choice of a few words.

use super::Kind;

/// One of these words, each with its value.
pub(in super::super) struct Choices<T: 'static>(&'static [(&'static str, T)]);

/// One of `words`.
pub(in super::super) fn choices<T>(words: &'static [(&'static str, T)]) -> Choices<T> {
    Choices(words)
}

/// The words for a boolean.
pub(in super::super) const ON_OFF: &[(&str, bool)] = &[("on", true), ("off", false)];

impl<T: Copy> Kind for Choices<T> {
    type Value = T;

    fn value_name(&self) -> &'static str {
        "WORD"
    }

    fn accepts(&self) -> String {
        let words: Vec<_> = self.0.iter().map(|(word, _)| format!("`{word}`")).collect();
        words.join(" or ")
    }

    fn parse(&self, text: &str) -> Result<T, String> {
        let found = self.0.iter().find(|(word, _)| word.eq_ignore_ascii_case(text));
        found.map(|(_, value)| *value).ok_or_else(|| format!("{text:?} is not one of the words known here"))
    }
}

#[cfg(test)]
mod tests {
    use super::{super::wrong, *};

    #[test]
    fn knows_its_words_and_no_others() {
        let kind = choices(&[("cold", 1), ("hot", 2)]);
        assert_eq!(kind.parse("hot"), Ok(2));
        assert_eq!(kind.parse("Cold"), Ok(1));
        assert_eq!(wrong(&kind, "warm"), r#""warm" is not one of the words known here"#);
        assert_eq!(kind.accepts(), "`cold` or `hot`");
    }
}
