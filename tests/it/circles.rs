//! No circles between the files of a layer: each file can be read after those that it uses.
//!
//! A file uses another if it names something that is declared there. A re-export leads to the declaration, and is no use
//! of its own. A module contains its submodules, so that it may use them although they use it. Tests do not count.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::layers::rust_files;

/// Circles that are allowed: each file of such a circle begins with one of these paths.
const ALLOWED: [&[&str]; 2] = [
    // The types of the schema refer to each other, as the entities do.
    &["graphql/types/"],
    // The interface of all user errors names each mutation's errors, which implement it.
    &["graphql/mutations/"],
];

type Tokens<'a> = &'a [&'a str];

/// The files of a layer by their modules.
struct Layer {
    files: BTreeMap<Vec<String>, File>,
}

/// A file: what it uses and what it re-exports, as paths.
struct File {
    name: String,
    uses: Vec<Vec<String>>,
    exports: Vec<(String, Vec<String>)>,
}

#[test]
fn no_layer_has_circles() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    for layer in ["domain", "mail", "webhook", "storage", "services", "graphql", "http", "config", "cli"] {
        for circle in Layer::read(&source, layer).circles() {
            let is_allowed =
                |paths: &&[&str]| circle.iter().all(|file| paths.iter().any(|path| file.starts_with(path)));
            if !ALLOWED.iter().any(is_allowed) {
                found.push(circle.join(", "));
            }
        }
    }
    assert!(found.is_empty(), "{} circles between files:\n{}", found.len(), found.join("\n"));
}

#[test]
fn a_circle_is_found_through_groups_and_re_exports() {
    let file = |path: &str, text: &str| {
        let module: Vec<_> = path.split("::").map(str::to_owned).collect();
        (module.clone(), File::parse(path.to_owned(), &module, text))
    };
    let circles = |files: [(&str, &str); 3]| {
        Layer { files: files.map(|(path, text)| file(path, text)).into_iter().collect() }.circles()
    };
    let root = ("a", "mod b; mod c; pub use b::{B, Other as Renamed};");
    assert_eq!(circles([root, ("a::b", "use super::c::C;"), ("a::c", "use super::{x, B};")]), [["a::b", "a::c"]]);
    assert_eq!(circles([root, ("a::b", "fn f() { crate::a::c::f() }"), ("a::c", "use super::Renamed;")]).len(), 1);
    assert!(
        circles([root, ("a::b", "use super::c::C;"), ("a::c", "// use super::b::B;\nconst A: &str = \"b::B\";")])
            .is_empty()
    );
    let test = "struct C; #[cfg(test)] mod tests { use super::super::b::B; fn f() {} }";
    assert!(circles([root, ("a::b", "use super::c::C;"), ("a::c", test)]).is_empty());
}

impl Layer {
    fn read(source: &Path, layer: &str) -> Self {
        let mut files = BTreeMap::new();
        for path in rust_files(&source.join(layer)) {
            let name = path.strip_prefix(source).unwrap().display().to_string().replace('\\', "/");
            let module = name.trim_end_matches(".rs").trim_end_matches("/mod").split('/').map(str::to_owned);
            let module: Vec<_> = module.collect();
            if !module.iter().any(|part| part == "tests") {
                let file = File::parse(name, &module, &fs::read_to_string(&path).unwrap());
                files.insert(module, file);
            }
        }
        Self { files }
    }

    /// The groups of files that all use each other, directly or through others.
    fn circles(&self) -> Vec<Vec<String>> {
        let reached: BTreeMap<_, _> = self.files.keys().map(|module| (module, self.reached_from(module))).collect();
        let mut circles = BTreeSet::new();
        for (module, others) in &reached {
            let circle: Vec<_> = others.iter().filter(|other| reached[*other].contains(*module)).collect();
            if circle.len() > 1 {
                circles.insert(circle.iter().map(|module| self.files[**module].name.clone()).collect::<Vec<_>>());
            }
        }
        circles.into_iter().collect()
    }

    fn reached_from<'a>(&'a self, module: &'a Vec<String>) -> BTreeSet<&'a Vec<String>> {
        let (mut reached, mut open) = (BTreeSet::new(), vec![module]);
        while let Some(module) = open.pop() {
            let used = self.files[module].uses.iter().filter_map(|path| self.declaring(path, 8));
            open.extend(used.filter(|used| *used != module && !used.starts_with(module) && reached.insert(*used)));
        }
        reached
    }

    /// The file that declares what a path names.
    fn declaring(&self, path: &[String], depth: usize) -> Option<&Vec<String>> {
        let length = (1..=path.len()).rev().find(|length| self.files.contains_key(&path[..*length]))?;
        let (module, file) = self.files.get_key_value(&path[..length])?;
        let exported = path.get(length).and_then(|name| file.exports.iter().find(|(as_name, _)| as_name == name));
        match exported {
            Some((_, target)) if depth > 0 => self.declaring(target, depth - 1),
            _ => Some(module),
        }
    }
}

impl File {
    fn parse(name: String, module: &[String], text: &str) -> Self {
        let code = without_comments_and_strings(text);
        let tokens: Vec<_> = tokens(&code);
        let mut file = Self { name, uses: Vec::new(), exports: Vec::new() };
        let mut children: Vec<&str> =
            tokens.windows(3).filter(|t| t[0] == "mod" && t[2] == ";").map(|t| t[1]).collect();
        children.extend(["crate", "self", "super"]);
        let mut at = 0;
        while at < tokens.len() {
            if tokens[at..].starts_with(&["#", "[", "cfg", "(", "test", ")", "]"]) {
                at += 7 + length_of_item(&tokens[at + 7..]);
            } else if tokens[at] == "use" {
                let end = at + tokens[at..].iter().position(|token| *token == ";").unwrap_or(tokens.len() - at);
                let is_export = at > 0 && matches!(tokens[at - 1], "pub" | ")");
                for (as_name, path) in use_tree(tokens[at + 1..end].to_vec()) {
                    if !children.contains(&path[0]) {
                        continue;
                    }
                    let path = absolute(module, &path);
                    if is_export { file.exports.push((as_name.to_owned(), path)) } else { file.uses.push(path) }
                }
                at = end;
            } else if children.contains(&tokens[at])
                && tokens.get(at + 1) == Some(&"::")
                && tokens.get(at.wrapping_sub(1)) != Some(&"::")
            {
                let path: Vec<_> = tokens[at..]
                    .chunks(2)
                    .scan(true, |more, pair| {
                        let is_part = *more && pair[0].starts_with(|c: char| c.is_alphabetic() || c == '_');
                        *more = pair.get(1) == Some(&"::");
                        is_part.then_some(pair[0])
                    })
                    .collect();
                at += 2 * path.len() - 1;
                file.uses.push(absolute(module, &path));
            } else {
                at += 1;
            }
        }
        file
    }
}

/// The path from the root of the crate.
fn absolute(module: &[String], path: &[&str]) -> Vec<String> {
    let mut absolute = if path[0] == "crate" { Vec::new() } else { module.to_vec() };
    for part in path {
        match *part {
            "crate" | "self" => {}
            "super" => drop(absolute.pop()),
            part => absolute.push(part.to_owned()),
        }
    }
    absolute
}

/// The paths that a `use` names, each with the name that it gets.
fn use_tree(tree: Vec<&str>) -> Vec<(&str, Vec<&str>)> {
    let Some(open) = tree.iter().position(|token| *token == "{") else {
        let (path, name) = match &*tree {
            [path @ .., "as", name] => (path, *name),
            path => (path, path[path.len() - 1]),
        };
        return vec![(name, path.iter().copied().filter(|token| *token != "::").collect())];
    };
    let prefix: Vec<_> = tree[..open].iter().copied().filter(|token| *token != "::").collect();
    let (mut depth, mut branches) = (0, vec![Vec::new()]);
    for token in &tree[open + 1..tree.len() - 1] {
        match *token {
            "," if depth == 0 => branches.push(Vec::new()),
            token => {
                depth += i32::from(token == "{") - i32::from(token == "}");
                branches.last_mut().unwrap().push(token);
            }
        }
    }
    let paths = branches.into_iter().filter(|branch| !branch.is_empty()).flat_map(use_tree);
    paths
        .map(|(name, path)| {
            (name, prefix.iter().copied().chain(path.into_iter().filter(|part| *part != "self")).collect())
        })
        .collect()
}

/// The number of tokens up to the end of an item, a field, or an arm of a `match`.
fn length_of_item(tokens: Tokens) -> usize {
    let mut depth = 0;
    for (at, token) in tokens.iter().enumerate() {
        depth += i32::from(matches!(*token, "{" | "(" | "[")) - i32::from(matches!(*token, "}" | ")" | "]"));
        if depth == 0 && matches!(*token, ";" | "," | "}") {
            return at + 1;
        }
    }
    tokens.len()
}

/// Identifiers, `::`, and single characters.
fn tokens(code: &str) -> Vec<&str> {
    let is_in_name = |c: char| c.is_alphanumeric() || c == '_';
    let (mut rest, mut tokens) = (code.trim_start(), Vec::new());
    while let Some(first) = rest.chars().next() {
        let length = match first {
            ':' if rest.starts_with("::") => 2,
            first if is_in_name(first) => rest.find(|c| !is_in_name(c)).unwrap_or(rest.len()),
            first => first.len_utf8(),
        };
        tokens.push(&rest[..length]);
        rest = rest[length..].trim_start();
    }
    tokens
}

fn without_comments_and_strings(text: &str) -> String {
    let mut code = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let skipped = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if first == '"' {
            let mut is_escaped = false;
            let end = rest[1..].find(|c| {
                let ends = c == '"' && !is_escaped;
                is_escaped = c == '\\' && !is_escaped;
                ends
            });
            end.map_or(rest.len(), |end| end + 2)
        } else if rest.starts_with("r#\"") {
            rest.find("\"#").map_or(rest.len(), |end| end + 2)
        } else if rest.starts_with("'\"'") || rest.starts_with("'{'") || rest.starts_with("'}'") {
            3
        } else {
            0
        };
        if skipped == 0 {
            code.push(first);
        }
        rest = &rest[skipped.max(first.len_utf8())..];
    }
    code
}
