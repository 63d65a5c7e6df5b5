//! Language tags (BCP 47, RFC 5646) whose subtags are registered.

use std::collections::HashSet;
use std::ops::RangeInclusive;
use std::sync::LazyLock;

use oxilangtag::LanguageTag;

use super::Invalid;

/// The maximum length of a language tag in characters (RFC 5646, 4.4.1 recommends at least 35).
pub const MAX_LANGUAGE_LENGTH: usize = 64;

/// The IANA Language Subtag Registry of 2025-08-25 (from the npm package `language-subtag-registry` 0.4.2, CC0). Each
/// line holds a type and a subtag in lower case; ranges are written `first..last`. An extended language follows its
/// prefix: `zh-yue`.
const REGISTRY: &str = include_str!("language_subtags.txt");

static REGISTERED: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| REGISTRY.lines().filter(|line| !line.contains("..")).collect());

/// Ranges for private use, each with its type: `qaa..qtz`.
static RANGES: LazyLock<Vec<(&'static str, RangeInclusive<&'static str>)>> = LazyLock::new(|| {
    let ranges =
        REGISTRY.lines().filter_map(|line| line.split_once(' ')?.1.split_once("..").map(|range| (line, range)));
    ranges.map(|(line, (first, last))| (line.split(' ').next().unwrap_or_default(), first..=last)).collect()
});

/// The singletons of registered extensions (RFC 6067, RFC 6497).
const EXTENSIONS: [char; 2] = ['u', 't'];

/// A tag in its canonical case. `_` is accepted for `-`, as in the names of POSIX locales.
pub(super) fn canonical(text: &str) -> Result<String, Invalid> {
    if text.len() > MAX_LANGUAGE_LENGTH {
        return Err(Invalid::too_long(format!("a language tag may have at most {MAX_LANGUAGE_LENGTH} characters")));
    }
    let malformed = || Invalid::malformed("not a language tag (BCP 47); use one such as 'en', 'ko', or 'pt-BR'");
    let tag = LanguageTag::parse_and_normalize(&text.replace('_', "-")).map_err(|_| malformed())?;
    match unregistered(&tag) {
        None => Ok(tag.into_inner()),
        Some(subtag) => Err(Invalid::malformed(format!(
            "'{subtag}' is not in the IANA Language Subtag Registry; examples of language tags are 'en', 'ko' and 'pt-BR'"
        ))),
    }
}

/// The first subtag that is not registered, or that occurs in the tag twice (RFC 5646, 2.2.9).
fn unregistered(tag: &LanguageTag<String>) -> Option<String> {
    let language = tag.primary_language();
    // The parser does not split these: tags that were registered as a whole (`i-klingon`), and those for private use.
    if language.contains('-') {
        return None;
    }
    let mut parts = vec![("language", language.to_owned())];
    parts.extend(tag.extended_language_subtags().map(|subtag| ("extlang", format!("{language}-{subtag}"))));
    parts.extend(tag.script().map(|subtag| ("script", subtag.to_owned())));
    parts.extend(tag.region().map(|subtag| ("region", subtag.to_owned())));
    parts.extend(tag.variant_subtags().map(|subtag| ("variant", subtag.to_owned())));
    let mut seen = HashSet::new();
    let wrong = parts.into_iter().find(|(kind, subtag)| {
        let subtag = subtag.to_ascii_lowercase();
        let is_registered = REGISTERED.contains(format!("{kind} {subtag}").as_str()) || is_private(kind, &subtag);
        !is_registered || !seen.insert((*kind, subtag))
    });
    let wrong = wrong.map(|(_, subtag)| subtag);
    let mut singletons = HashSet::new();
    wrong.or_else(|| {
        let mut extensions = tag.extension_subtags().map(|(singleton, _)| singleton.to_ascii_lowercase());
        extensions.find(|singleton| !EXTENSIONS.contains(singleton) || !singletons.insert(*singleton)).map(String::from)
    })
}

fn is_private(kind: &str, subtag: &str) -> bool {
    let is_within = |range: &RangeInclusive<&str>| subtag.len() == range.start().len() && range.contains(&subtag);
    RANGES.iter().any(|(of, range)| *of == kind && is_within(range))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registered_tags_are_stored_in_their_canonical_case() {
        for (text, expected) in [
            ("ko", "ko"),
            ("KO-kr", "ko-KR"),
            ("pt_BR", "pt-BR"),
            ("zh-hans", "zh-Hans"),
            ("zh-Hant_tw", "zh-Hant-TW"),
            ("es-419", "es-419"),
            ("de-CH-1996", "de-CH-1996"),
            ("sl-rozaj-biske", "sl-rozaj-biske"),
            ("zh-yue", "zh-yue"),
            ("en-u-ca-gregory", "en-u-ca-gregory"),
            ("de-x-mine", "de-x-mine"),
            ("x-whatever", "x-whatever"),
            ("qaa-Qaaa-QM", "qaa-Qaaa-QM"),
            ("i-klingon", "i-klingon"),
            ("en-gb-oed", "en-GB-oed"),
            ("zh-min-nan", "zh-min-nan"),
        ] {
            assert_eq!(canonical(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn unregistered_subtags_are_named_in_the_error() {
        for (text, part) in [
            ("korean", "korean"),
            ("Korean", "korean"),
            ("English", "english"),
            ("xyz", "xyz"),
            ("en-Abcd", "Abcd"),
            ("en-AB", "AB"),
            ("en-999", "999"),
            ("en-foobar", "foobar"),
            ("de-yue", "de-yue"),
            ("en-a-bbb", "a"),
            ("sl-rozaj-rozaj", "rozaj"),
        ] {
            let refused = canonical(text).unwrap_err();
            assert!(refused.message.contains(&format!("'{part}'")), "{text}: {}", refused.message);
        }
        for malformed in ["", "-", "e", "en-", "en--US", "pt-BR-", "한국어", "en US", &"en-".repeat(30)] {
            assert!(canonical(malformed).is_err(), "{malformed}");
        }
    }
}
