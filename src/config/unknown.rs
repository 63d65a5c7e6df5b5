//! Names that are given but that no setting has.

use std::{collections::BTreeMap, ffi::OsString};

use super::{
    error::SettingError,
    setting::EffectiveSetting,
    sources::{CONFIG_FILE, ConfigFile},
};

/// An error for each unknown key in the file.
pub(super) fn keys(file: &ConfigFile, settings: &[EffectiveSetting]) -> Vec<SettingError> {
    let names = || settings.iter().map(|effective| effective.setting.name);
    let unknown = file.values.keys().filter(|key| !names().any(|name| name == *key));
    let errors = unknown.map(|key| {
        let remedy = nearest(key, names()).map_or_else(
            || "remove it (`userprofile config` prints all settings)".to_owned(),
            |name| format!("did you mean {name}?"),
        );
        SettingError::new(format!("{}: {key}", file.path.display()), "there is no such setting", remedy)
    });
    errors.collect()
}

/// A warning for each unknown variable that looks like one of ours. It is not an error, because other programs may set
/// such variables.
pub(super) fn variables(environment: &BTreeMap<String, OsString>, settings: &[EffectiveSetting]) -> Vec<String> {
    let names = || settings.iter().map(|effective| effective.setting.environment.as_str()).chain([CONFIG_FILE]);
    let unknown = environment.iter().filter(|(variable, value)| {
        variable.starts_with("USERPROFILE_")
            && !names().any(|name| name == *variable)
            && !is_from_kubernetes(variable, &value.to_string_lossy())
    });
    let warnings = unknown.map(|(variable, _)| {
        let hint = nearest(variable, names()).map(|name| format!("; did you mean {name}?")).unwrap_or_default();
        format!("environment variable {variable}: there is no such setting{hint}")
    });
    warnings.collect()
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

/// The name that is most similar to `given`, if any is similar enough.
fn nearest<'a>(given: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |name: &str| name.to_lowercase().replace('-', "_").replace("userprofile_", "");
    let given = plain(given);
    names
        .map(|name| (strsim::normalized_damerau_levenshtein(&given, &plain(name)), name))
        .filter(|(similarity, _)| *similarity >= 0.7)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_similar_name_is_suggested() {
        let names = || ["access_ttl", "refresh_ttl", "database_url"].into_iter();
        for (given, suggested) in [
            ("acess_ttl", Some("access_ttl")),
            ("access-ttl", Some("access_ttl")),
            ("USERPROFILE_ACCESS_TTL", Some("access_ttl")),
            ("databse_ulr", Some("database_url")),
            ("zebra", None),
        ] {
            assert_eq!(nearest(given, names()), suggested, "{given}");
        }
    }
}
