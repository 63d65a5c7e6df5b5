//! Short texts of a profile and of other entities: names, a language, a timezone.

use std::str::FromStr;

use super::{Invalid, stored_text};

/// The maximum length of a user's name in code points.
pub const MAX_NAME_LENGTH: usize = 128;
/// The maximum length of the name of a domain, role, workspace, or group, in code points.
pub const MAX_LABEL_LENGTH: usize = 256;
pub use super::language::MAX_LANGUAGE_LENGTH;

macro_rules! texts {
    ($($(#[$meta:meta])* $name:ident = $parse:expr,)+) => { $(
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        stored_text!($name);

        impl $name {
            /// Parses a value as the user typed it.
            pub fn parse(text: &str) -> Result<Self, Invalid> {
                $parse(text).map(Self)
            }
        }
    )+ };
}

texts! {
    /// A user's name; trimmed.
    Name = parse_name,
    /// The name of a domain, role, workspace, or group, or another short text about one; kept as it is.
    Label = parse_label,
    /// A language tag (BCP 47), in its canonical case, whose subtags are registered. Tags that were stored before that
    /// rule may have others.
    Language = super::language::canonical,
    /// The name of a timezone in the IANA time zone database.
    Timezone = parse_timezone,
}

impl Name {
    /// Parses the name of something that always has one, such as a passkey.
    pub fn parse_required(text: &str) -> Result<Self, Invalid> {
        if text.trim().is_empty() {
            return Err(Invalid::required("enter a name"));
        }
        Self::parse(text)
    }
}

impl Default for Language {
    fn default() -> Self {
        Self("en".to_owned())
    }
}

impl Default for Timezone {
    fn default() -> Self {
        Self("UTC".to_owned())
    }
}

fn parse_name(text: &str) -> Result<String, Invalid> {
    let name = text.trim();
    if name.is_empty() {
        return Err(Invalid::required("the name must not be empty; to remove it, send null"));
    }
    if name.chars().count() > MAX_NAME_LENGTH {
        return Err(Invalid::too_long(format!("the name has more than {MAX_NAME_LENGTH} characters")));
    }
    if name.chars().any(char::is_control) {
        return Err(Invalid::malformed("the name must not contain line breaks or other control characters"));
    }
    Ok(name.to_owned())
}

fn parse_label(text: &str) -> Result<String, Invalid> {
    if text.is_empty() {
        return Err(Invalid::required("must not be empty"));
    }
    if text.chars().count() > MAX_LABEL_LENGTH {
        return Err(Invalid::too_long(format!("must have at most {MAX_LABEL_LENGTH} characters")));
    }
    if text.contains('\0') {
        return Err(Invalid::malformed("must not contain a NUL character"));
    }
    Ok(text.to_owned())
}

fn parse_timezone(text: &str) -> Result<String, Invalid> {
    chrono_tz::Tz::from_str(text)
        .map(|zone| zone.name().to_owned())
        .map_err(|_| Invalid::malformed("not a time zone of the IANA database; use a name such as 'Asia/Seoul'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_trimmed_and_bounded() {
        assert_eq!(Name::parse("  Wonny Kim ").unwrap().as_str(), "Wonny Kim");
        assert!(Name::parse(&"é".repeat(128)).is_ok());
        for wrong in ["", " ", "a\nb", "a\0", &"é".repeat(129)] {
            assert!(Name::parse(wrong).is_err());
        }
    }

    #[test]
    fn languages_and_timezones_are_those_of_the_registries() {
        assert_eq!(Language::parse("pt-br").unwrap().as_str(), "pt-BR");
        assert_eq!(Timezone::parse("Asia/Seoul").unwrap().as_str(), "Asia/Seoul");
        assert_eq!(Language::parse("en_US").unwrap().as_str(), "en-US");
        assert!(Language::parse("korean").is_err() && Language::parse("").is_err());
        assert!(Timezone::parse("Mars/Olympus").is_err() && Timezone::parse("").is_err());
    }
}
