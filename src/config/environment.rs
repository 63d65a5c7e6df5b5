//! The environment: the only place that reads it, and the check for unknown variables.

use std::{collections::BTreeMap, ffi::OsString, path::PathBuf};

use super::{nearest::nearest, table::settings};

/// Names the settings file if `--config` does not. Not itself a setting.
const CONFIG_FILE: &str = "USERPROFILE_CONFIG";

/// [`CONFIG_FILE`] as the place of an error.
pub(super) const CONFIG_FILE_PLACE: &str = "environment variable USERPROFILE_CONFIG";

/// All variables whose names are valid Unicode.
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
pub(super) fn read() -> BTreeMap<String, OsString> {
    std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value))).collect()
}

/// The settings file that the environment names.
pub(super) fn config_file(environment: &BTreeMap<String, OsString>) -> Option<PathBuf> {
    environment.get(CONFIG_FILE).filter(|path| !path.is_empty()).map(PathBuf::from)
}

/// A warning for each unknown variable that looks like one of ours. It is not an error, as other programs may set such
/// variables.
pub(super) fn warnings(environment: &BTreeMap<String, OsString>) -> Vec<String> {
    let ours = |name: &str| name == CONFIG_FILE || settings().iter().any(|setting| setting.environment == name);
    environment
        .iter()
        .filter(|(name, value)| {
            name.starts_with("USERPROFILE_") && !ours(name) && !is_from_kubernetes(name, &value.to_string_lossy())
        })
        .map(|(name, _)| {
            let known = settings().iter().map(|setting| setting.environment.as_str()).chain([CONFIG_FILE]);
            let hint = nearest(name, known).map(|known| format!("; did you mean {known}?")).unwrap_or_default();
            format!("environment variable {name}: there is no such setting{hint}")
        })
        .collect()
}

/// Whether Kubernetes sets such a variable for a service `userprofile` or `userprofile-…`: `…_SERVICE_HOST`,
/// `…_SERVICE_PORT`, `…_SERVICE_PORT_<NAME>`, `…_PORT=tcp://…`, `…_PORT_<NUMBER>_<PROTOCOL>`, and names that continue
/// the last one.
fn is_from_kubernetes(name: &str, value: &str) -> bool {
    let is_port = |rest: &str| {
        let mut parts = rest.split('_');
        parts.next().is_some_and(|number| number.parse::<u16>().is_ok())
            && parts.next().is_some_and(|protocol| ["TCP", "UDP", "SCTP"].contains(&protocol))
    };
    name.ends_with("_SERVICE_HOST")
        || name.ends_with("_SERVICE_PORT")
        || (name.ends_with("_PORT") && value.contains("://"))
        || name.contains("_SERVICE_PORT_")
        || name.split("_PORT_").skip(1).any(is_port)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn warnings_of(names: &[&str]) -> Vec<String> {
        warnings(&names.iter().map(|name| ((*name).to_owned(), "tcp://10.0.0.1:80".into())).collect())
    }

    #[test]
    fn warns_of_what_nobody_knows() {
        assert_eq!(
            warnings_of(&["USERPROFILE_ACESS_TTL", "USERPROFILE_ZEBRA", "HOME"]),
            [
                "environment variable USERPROFILE_ACESS_TTL: there is no such setting; did you mean USERPROFILE_ACCESS_TTL?",
                "environment variable USERPROFILE_ZEBRA: there is no such setting",
            ]
        );
    }

    #[test]
    fn knows_its_own_and_those_of_kubernetes() {
        let none: [String; 0] = [];
        assert_eq!(warnings_of(&["USERPROFILE_CONFIG", "USERPROFILE_ACCESS_TTL", "DATABASE_URL"]), none);
        assert_eq!(
            warnings_of(&[
                "USERPROFILE_SERVICE_HOST",
                "USERPROFILE_SERVICE_PORT",
                "USERPROFILE_SERVICE_PORT_HTTP",
                "USERPROFILE_PORT",
                "USERPROFILE_PORT_8080_TCP",
                "USERPROFILE_PORT_8080_TCP_ADDR",
                "USERPROFILE_DB_PORT_5432_TCP_PROTO",
                "USERPROFILE_DB_SERVICE_HOST",
            ]),
            none
        );
        assert_eq!(warnings_of(&["USERPROFILE_PORT_OF_CALL"]).len(), 1);
        assert_eq!(warnings(&BTreeMap::from([("USERPROFILE_PORT".to_owned(), "8080".into())])).len(), 1);
    }
}
