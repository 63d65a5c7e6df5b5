//! Settings, and the small language that the table is written in.

use super::{kinds::Kind, resolve::Reader};

/// A setting, as used by the command line and the documentation.
#[derive(Debug, Clone)]
pub struct Setting {
    /// Its name, and its key in the file: `access_ttl`.
    pub name: &'static str,
    /// Its environment variable: `USERPROFILE_ACCESS_TTL`.
    pub environment: String,
    /// Its flag, without the leading dashes: `access-ttl`.
    pub flag: String,
    /// The heading under which it is documented.
    pub group: &'static str,
    /// A sentence that describes it.
    pub meaning: &'static str,
    /// The placeholder for its value in usage texts: `DURATION`.
    pub value_name: &'static str,
    /// What it accepts: `a duration from 1s to 1d`.
    pub accepts: String,
    /// The value if it is not set.
    pub fallback: Fallback,
    /// Whether its value is, or may contain, a secret.
    pub is_secret: bool,
}

/// The value of a setting that is not set.
#[derive(Debug, Clone)]
pub enum Fallback {
    /// This value.
    Value(&'static str),
    /// A value of the machine, with a description.
    Computed {
        /// Returns the value.
        value: fn() -> String,
        /// Describes the value.
        told: &'static str,
    },
    /// No value; the text says what happens then.
    Unset(&'static str),
}

impl Fallback {
    /// The value, empty if there is none.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Value(text) => (*text).to_owned(),
            Self::Computed { value, .. } => value(),
            Self::Unset(_) => String::new(),
        }
    }

    /// Its description if it is more than a fixed value.
    pub(super) fn told(&self) -> Option<&'static str> {
        match self {
            Self::Value(_) => None,
            Self::Computed { told, .. } | Self::Unset(told) => Some(told),
        }
    }
}

impl From<&'static str> for Fallback {
    fn from(text: &'static str) -> Self {
        Self::Value(text)
    }
}

/// A setting as declared: what the table says about it besides its sentence.
pub(super) struct Declared<K> {
    pub(super) name: &'static str,
    pub(super) fallback: Fallback,
    pub(super) kind: K,
    /// The setting that names a file with the value, if there is one.
    pub(super) file: Option<&'static str>,
    prefix: &'static str,
}

/// Declares the setting `name`, with the environment variable `USERPROFILE_NAME`.
pub(super) fn setting<K: Kind>(name: &'static str, fallback: impl Into<Fallback>, kind: K) -> Declared<K> {
    Declared { name, fallback: fallback.into(), kind, file: None, prefix: "USERPROFILE_" }
}

impl<K: Kind> Declared<K> {
    /// Its environment variable has no prefix, because other programs read it under that name, too.
    pub(super) fn unprefixed(self) -> Self {
        Self { prefix: "", ..self }
    }

    /// Its value can also be in a file, which the setting `file` names.
    pub(super) fn or_in(self, file: &'static str) -> Self {
        Self { file: Some(file), ..self }
    }

    pub(super) fn environment(&self) -> String {
        self.environment_of(self.name)
    }

    /// The environment variable of `name`, a related setting.
    pub(super) fn environment_of(&self, name: &str) -> String {
        format!("{}{}", self.prefix, name.to_uppercase())
    }

    pub(super) fn flag(&self) -> String {
        flag_of(self.name)
    }

    /// What it accepts, with the default as the example.
    pub(super) fn accepts_such_as(&self) -> String {
        match self.fallback {
            Fallback::Value(example) if !example.is_empty() => format!("{}, such as {example}", self.kind.accepts()),
            _ => self.kind.accepts(),
        }
    }

    pub(super) fn describe(self, group: &'static str, meaning: &'static str) -> Setting {
        Setting {
            name: self.name,
            environment: self.environment(),
            flag: self.flag(),
            group: group.trim().trim_end_matches('.'),
            meaning: meaning.trim(),
            value_name: self.kind.value_name(),
            accepts: self.kind.accepts(),
            fallback: self.fallback,
            is_secret: self.kind.is_secret(),
        }
    }
}

/// The flag of the setting `name`, without the leading dashes.
pub(super) fn flag_of(name: &str) -> String {
    name.replace('_', "-")
}

/// A group of settings: a struct whose fields are settings.
pub(super) trait Group: Sized {
    /// Its settings, in the order of its fields.
    fn settings() -> Vec<Setting>;

    /// Its values, or `None` if the reader recorded an error. It always reads all of them, so that all errors are
    /// recorded.
    fn read(reader: &mut Reader) -> Option<Self>;
}

/// Implements [`Group`] for a struct. A field's doc comment is the sentence that operators read; the expression after
/// `=` is its [`Declared`].
macro_rules! group {
    (
        #[doc = $title:literal]
        $vis:vis struct $group:ident {
            $(
                $(#[doc = $meaning:literal])+
                $field:ident: $type:ty = $declared:expr;
            )+
        }
    ) => {
        #[doc = $title]
        #[derive(Debug, Clone)]
        $vis struct $group {
            $($(#[doc = $meaning])+ pub $field: $type,)+
        }

        impl $crate::config::setting::Group for $group {
            fn settings() -> Vec<$crate::config::setting::Setting> {
                vec![$($declared.describe($title, concat!($($meaning),+))),+]
            }

            fn read(reader: &mut $crate::config::resolve::Reader) -> Option<Self> {
                $(let $field = reader.read(&$declared);)+
                Some(Self { $($field: $field?,)+ })
            }
        }
    };
}
pub(super) use group;
