//! File paths.

use std::path::PathBuf;

use super::Kind;

/// The path of a file, absolute or relative to the working directory.
pub(in super::super) struct FilePath;

impl Kind for FilePath {
    type Value = PathBuf;

    fn value_name(&self) -> &'static str {
        "FILE"
    }

    fn accepts(&self) -> String {
        "the path of a file".to_owned()
    }

    fn parse(&self, text: &str) -> Result<PathBuf, String> {
        if text.contains('\0') { Err("it holds a NUL".to_owned()) } else { Ok(PathBuf::from(text)) }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::wrong, *};

    #[test]
    fn takes_any_path() {
        assert_eq!(FilePath.parse("/run/secrets/key"), Ok(PathBuf::from("/run/secrets/key")));
        assert_eq!(wrong(&FilePath, "a\0b"), "it holds a NUL");
    }
}
