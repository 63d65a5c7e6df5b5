//! The form of names that a search compares.

use unicase::UniCase;
use unicode_normalization::UnicodeNormalization;

const COMBINING_DOT: char = '\u{307}';

/// A name in the form that is searched: NFC, then full Unicode case folding, without a combining dot after `i`.
///
/// Every step works on one character, except for the dot, so every part of a name is found in it. `strasse` is found in
/// `Straße`; `İstanbul` folds to `istanbul`, since case folding turns `İ` into an `i` with a combining dot. It also
/// turns `ΐ` into three characters, but its capital, which NFC writes as `Ϊ` and an accent, into two: therefore `ϊ` and
/// `ϋ` are decomposed.
pub fn search_key(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let folded = UniCase::unicode(text.nfc().collect::<String>()).to_folded_case();
    let mut key = String::with_capacity(folded.len());
    for c in folded.chars() {
        match c {
            COMBINING_DOT if key.ends_with('i') => {}
            'ϊ' => key.push_str("ι\u{308}"),
            'ϋ' => key.push_str("υ\u{308}"),
            c => key.push(c),
        }
    }
    key
}

/// The form of a part to search for. If it begins with a combining dot, that dot may follow an `i`, so it does not
/// occur in the form of the name.
pub fn search_part(text: &str) -> String {
    search_key(text).trim_start_matches(COMBINING_DOT).to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn full_case_folding_finds_what_lower_case_does_not() {
        for (part, name) in [
            ("ΝΙΚΟΣ", "Νικοσία"),
            ("νικος", "ΝΙΚΟΣΊΑ"),
            ("strasse", "Straße"),
            ("STRASSE", "Straße"),
            ("straße", "STRASSE"),
            ("istanbul", "İstanbul"),
            ("İSTANBUL", "istanbul"),
            ("é", "CAFE\u{301}"),
            ("ﬁ", "FIND"),
            ("ΐ", "\u{399}\u{308}\u{301}"),
            ("\u{399}\u{308}\u{301}", "ΐ"),
            ("πρα\u{3cb}", "ΠΡΑΫΝΩ"),
        ] {
            assert!(search_key(name).contains(&search_part(part)), "{part} in {name}");
        }
        assert!(!search_key("Café").contains(&search_part("cafe")));
    }

    /// `ı` is an exception in Unicode itself: its capital `I` is the capital of `i`.
    #[test]
    fn every_character_has_the_key_of_its_upper_and_lower_case() {
        for c in ('\0'..=char::MAX).filter(|c| *c != 'ı') {
            let key = search_key(&c.to_string());
            for other in [c.to_uppercase().to_string(), c.to_lowercase().to_string()] {
                assert_eq!(search_key(&other), key, "{c} {other}");
            }
        }
    }

    proptest! {
        #[test]
        fn every_part_of_a_name_is_found_in_it(
            name in "[aiIİıſßςσΣéÅ\u{307}\u{301}\u{308}\u{323}ǰŉﬃ한ΐΰϊΫι]{1,12}",
            from in 0..12_usize,
            length in 0..12_usize,
        ) {
            let name: String = name.nfc().collect();
            let part: String = name.chars().skip(from).take(length).collect();
            prop_assert!(search_key(&name).contains(&search_part(&part)), "{part:?} in {name:?}");
        }

        #[test]
        fn every_part_of_any_name_is_found_in_it(name in "\\PC{1,20}", from in 0..20_usize, length in 0..20_usize) {
            let name: String = name.nfc().collect();
            let part: String = name.chars().skip(from).take(length).collect();
            prop_assert!(search_key(&name).contains(&search_part(&part)), "{part:?} in {name:?}");
        }
    }
}
