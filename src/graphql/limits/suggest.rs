//! "Did you mean …?": names of the schema that are similar to an unknown one.

use strsim::damerau_levenshtein;

/// The maximum number of suggested names.
const MOST: usize = 3;

/// The longest name for which similar ones are searched, in bytes: names in variables may have any length.
const LONGEST: usize = 128;

/// The question whether one of the `known` names was meant by an unknown one. `None` if none of them is similar.
pub(super) fn suggestion<'a>(unknown: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    let quoted: Vec<String> = similar(unknown, known).iter().map(|name| format!("\"{name}\"")).collect();
    let names = match quoted.split_last()? {
        (last, []) => last.clone(),
        (last, others) => format!("{} or {last}", others.join(", ")),
    };
    Some(format!("Did you mean {names}?"))
}

/// The most similar names first. A third of the letters may differ.
fn similar<'a>(unknown: &str, known: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    if unknown.len() > LONGEST {
        return Vec::new();
    }
    let most = unknown.len() / 3 + 1;
    let mut similar: Vec<(usize, &str)> = known
        .filter(|name| !name.starts_with("__"))
        .map(|name| (damerau_levenshtein(&unknown.to_lowercase(), &name.to_lowercase()), name))
        .filter(|(distance, name)| *distance <= most && *distance < name.len())
        .collect();
    similar.sort_unstable();
    similar.into_iter().take(MOST).map(|(_, name)| name).collect()
}
