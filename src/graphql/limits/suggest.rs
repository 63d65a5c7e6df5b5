//! "Did you mean …?": names of the schema that are similar to an unknown one.
//!
//! The library would compare every unknown name of a document with every known one: 95 ms for 4000 long names. Here
//! only the names in reported errors are compared, and these are few.

use async_graphql::{
    ServerError,
    registry::{MetaType, Registry},
};
use strsim::damerau_levenshtein;

/// The maximum number of suggested names.
const MOST: usize = 3;

/// Adds suggestions to an error of the library's validation, whose message contains what was not found and where.
pub(super) fn suggest(error: &mut ServerError, registry: &Registry) {
    let mut quoted = error.message.split('"').skip(1).step_by(2);
    let (Some(unknown), second, third) = (quoted.next(), quoted.next(), quoted.next()) else { return };
    let names = if error.message.starts_with("Unknown field ") {
        second.map(|ty| fields_of(ty, registry))
    } else if error.message.starts_with("Unknown argument ") {
        second.zip(third).map(|(field, ty)| arguments_of(field, ty, registry))
    } else if error.message.starts_with("Unknown input field ") {
        second.map(|ty| input_fields_of(ty, registry))
    } else if error.message.starts_with("Unknown type ") {
        Some(registry.types.keys().map(String::as_str).collect())
    } else {
        None
    };
    let close = close_to(unknown, names.unwrap_or_default());
    if !close.is_empty() {
        let stop = if error.message.ends_with('.') { "" } else { "." };
        error.message.push_str(&format!("{stop} Did you mean {}?", in_words(&close)));
    }
}

fn fields_of<'a>(ty: &str, registry: &'a Registry) -> Vec<&'a str> {
    let fields = registry.types.get(ty).and_then(|ty| ty.fields());
    fields.map(|fields| fields.keys().map(String::as_str).collect()).unwrap_or_default()
}

fn input_fields_of<'a>(ty: &str, registry: &'a Registry) -> Vec<&'a str> {
    match registry.types.get(ty) {
        Some(MetaType::InputObject { input_fields, .. }) => input_fields.keys().map(String::as_str).collect(),
        _ => Vec::new(),
    }
}

fn arguments_of<'a>(field: &str, ty: &str, registry: &'a Registry) -> Vec<&'a str> {
    let field = registry.types.get(ty).and_then(|ty| ty.field_by_name(field));
    field.map(|field| field.args.keys().map(String::as_str).collect()).unwrap_or_default()
}

/// The most similar names first. A third of the letters may differ.
fn close_to<'a>(unknown: &str, names: Vec<&'a str>) -> Vec<&'a str> {
    let most = unknown.len() / 3 + 1;
    let mut close: Vec<(usize, &str)> = names
        .into_iter()
        .filter(|name| !name.starts_with("__"))
        .map(|name| (damerau_levenshtein(&unknown.to_lowercase(), &name.to_lowercase()), name))
        .filter(|(distance, name)| *distance <= most && *distance < name.len())
        .collect();
    close.sort_unstable();
    close.into_iter().take(MOST).map(|(_, name)| name).collect()
}

/// `"a"`, `"a" or "b"`, `"a", "b" or "c"`.
fn in_words(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    }
}
