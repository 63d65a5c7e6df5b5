//! What a setting is, and the small language that the table is written in.

use super::{kinds::Kind, resolve::Reader};

/// One setting, as the command line and the documentation see it.
#[derive(Debug, Clone)]
pub struct Setting {
    /// Its name, and its key in the file: `access_ttl`.
    pub name: &'static str,
    /// Its environment variable: `USERPROFILE_ACCESS_TTL`.
    pub environment: String,
    /// Its flag, without the dashes before it: `access-ttl`.
    pub flag: String,
    /// The heading under which it is documented.
    pub group: &'static str,
    /// One sentence on what it does.
    pub meaning: &'static str,
    /// What stands for its value in usage texts: `DURATION`.
    pub value_name: &'static str,
    /// What it takes: `a duration from 1s to 1d`.
    pub accepts: String,
    /// What holds where nobody sets it.
    pub fallback: Fallback,
    /// Whether its value is, or may contain, something that must not be seen.
    pub is_secret: bool,
}

/// What holds where nobody sets a setting.
#[derive(Debug, Clone)]
pub enum Fallback {
    /// This value.
    Value(&'static str),
    /// What the machine says, told in words.
    Computed {
        /// Finds the value.
        value: fn() -> String,
        /// What it finds.
        told: &'static str,
    },
    /// No value; the words say what happens then.
    Unset(&'static str),
}

impl Fallback {
    /// The value, empty for none.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Value(text) => (*text).to_owned(),
            Self::Computed { value, .. } => value(),
            Self::Unset(_) => String::new(),
        }
    }

    /// The words for it where it is more than a fixed value.
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

/// A setting as it is declared: what the table says of it besides its sentence.
pub(super) struct Declared<K> {
    pub(super) name: &'static str,
    pub(super) fallback: Fallback,
    pub(super) kind: K,
    /// The setting that names a file with the value, where there is one.
    pub(super) file: Option<&'static str>,
    prefix: &'static str,
}

/// Declares the setting `name`, that is `USERPROFILE_NAME` in the environment.
pub(super) fn setting<K: Kind>(name: &'static str, fallback: impl Into<Fallback>, kind: K) -> Declared<K> {
    Declared { name, fallback: fallback.into(), kind, file: None, prefix: "USERPROFILE_" }
}

impl<K: Kind> Declared<K> {
    /// Its environment variable has no prefix, because others than us read it under that name too.
    pub(super) fn unprefixed(self) -> Self {
        Self { prefix: "", ..self }
    }

    /// Its value can be in a file instead, which the setting `file` names.
    pub(super) fn or_in(self, file: &'static str) -> Self {
        Self { file: Some(file), ..self }
    }

    pub(super) fn environment(&self) -> String {
        self.environment_of(self.name)
    }

    /// The environment variable of `name`, a setting beside this one.
    pub(super) fn environment_of(&self, name: &str) -> String {
        format!("{}{}", self.prefix, name.to_uppercase())
    }

    pub(super) fn flag(&self) -> String {
        flag_of(self.name)
    }

    /// What is right, with the default as the example.
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

/// The flag of the setting `name`, without the dashes before it.
pub(super) fn flag_of(name: &str) -> String {
    name.replace('_', "-")
}

/// Settings that belong together: a struct whose fields are settings.
pub(super) trait Group: Sized {
    /// Its settings, in the order of its fields.
    fn settings() -> Vec<Setting>;

    /// Its values, or `None` where the reader noted a fault. Always reads all of them, so that all faults are noted.
    fn read(reader: &mut Reader) -> Option<Self>;
}

/// Makes a [`Group`] of a struct. A field's doc comment is the sentence that operators read; what stands behind `=` is
/// its [`Declared`].
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
