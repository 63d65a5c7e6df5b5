//! Suggestions for misspelt names.

/// How similar two names must be, from 0 to 1, for one to be suggested instead of the other.
const ALIKE: f64 = 0.7;

/// The name in `known` that is most similar to `name`, if any is similar enough. Case, dashes, and our prefix do not
/// count.
pub(super) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let name = plain(name);
    known
        .map(|known| (strsim::normalized_damerau_levenshtein(&name, &plain(known)), known))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, known)| known)
}

fn plain(name: &str) -> String {
    let name = name.to_lowercase().replace('-', "_");
    name.strip_prefix("userprofile_").map_or(name.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_meant() {
        let known = || ["access_ttl", "refresh_ttl", "database_url"].into_iter();
        for (name, meant) in [
            ("acess_ttl", Some("access_ttl")),
            ("access-ttl", Some("access_ttl")),
            ("USERPROFILE_ACCESS_TTL", Some("access_ttl")),
            ("databse_ulr", Some("database_url")),
            ("zebra", None),
        ] {
            assert_eq!(nearest(name, known()), meant, "{name}");
        }
    }
}
