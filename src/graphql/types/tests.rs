//! Objects that are written have the same values as objects that the library resolves.

use async_graphql::{EmptyMutation, EmptySubscription, Object, Request, Response, Schema, Value};
use proptest::collection::vec;
use proptest::prelude::*;
use tokio::runtime::Runtime;

use super::direct::{Direct, List};
use super::plain::object;
use crate::graphql::json;
use crate::graphql::limits::{self, RequestLimits};

/// The toy with a number.
struct Toy(u32);

object! {
    /// A toy.
    Toy, self {
        /// Its name.
        name: String = format!("toy {}", self.0);

        /// Its long name.
        long_name: Option<&str> = self.0.is_multiple_of(2).then_some(LONG_NAME);

        /// Its type.
        r#type: bool = self.0 == 1;

        /// Its sizes.
        sizes: Vec<u32> = (0..self.0).collect();
    }
    resolved {
        /// Its number, after a while.
        async fn number(&self) -> u32 {
            tokio::task::yield_now().await;
            self.0
        }

        /// Fails for some.
        async fn fails(&self) -> Option<Result<u32, async_graphql::Error>> {
            Some(if self.0 == 1 { Err("no".into()) } else { Ok(self.0) })
        }
    }
}

const LONG_NAME: &str = "a name of more than sixty-four bytes, which counts as more than one field";

/// A shelf with so many toys.
struct Shelf(u32);

object! {
    /// A shelf.
    Shelf, self {
        /// Its name.
        name: String = format!("shelf {}", self.0);

        /// Its last toy.
        last: Option<Direct<Toy>> = self.0.checked_sub(1).map(Toy).map(Direct);

        /// All toys on it.
        toys: List<Toy> = List((0..self.0).map(Toy).collect());
    }
    resolved {
        /// All toys on it, after a while.
        async fn later(&self) -> List<Toy> {
            tokio::task::yield_now().await;
            List((0..self.0).map(Toy).collect())
        }
    }
}

struct Shelves;

#[Object]
impl Shelves {
    async fn written(&self) -> Direct<Shelf> {
        Direct(Shelf(3))
    }

    async fn resolved(&self) -> Shelf {
        Shelf(3)
    }

    async fn written_list(&self) -> List<Shelf> {
        List((0..3).map(Shelf).collect())
    }

    async fn resolved_list(&self) -> Vec<Shelf> {
        (0..3).map(Shelf).collect()
    }
}

fn execute(query: &str) -> Response {
    let limits = RequestLimits::new(limits::Settings::default(), |_, _| false);
    let schema = limits.install(Schema::build(Shelves, EmptyMutation, EmptySubscription)).finish();
    Runtime::new().unwrap().block_on(schema.execute(Request::new(query)))
}

fn text(value: &Value) -> String {
    let mut text = Vec::new();
    json::write(value, &mut text);
    String::from_utf8(text).unwrap()
}

fn fields(of: &'static [&'static str]) -> impl Strategy<Value = String> {
    vec(prop::sample::select(of), 1..5).prop_map(|fields| fields.join(" "))
}

/// `fields` within one of these.
fn within(these: &'static [&'static str], fields: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    (prop::sample::select(these), fields).prop_map(|(around, fields)| format!("{around} {{ {fields} }}"))
}

/// Selected fields of a shelf, with aliases, fragments, and directives.
fn selections() -> impl Strategy<Value = String> {
    let of_toy = || {
        fields(&[
            "name",
            "longName",
            "type",
            "sizes",
            "__typename",
            "number",
            "fails",
            "n: name",
            "name @skip(if: false)",
            "type @skip(if: true)",
            "number @include(if: true)",
            "... { name type }",
            "... on Toy { m: longName }",
        ])
    };
    let toys: &[_] = &["last", "a: last", "toys", "b: toys", "later", "last @include(if: true)"];
    let of_shelf = || (fields(&["name", "n: name", "__typename"]), vec(within(toys, of_toy()), 0..3));
    let of_shelf = || of_shelf().prop_map(|(fields, toys)| format!("{fields} {}", toys.join(" ")));
    let fragments = &["...", "... on Shelf", "... @include(if: true)", "... on Shelf @skip(if: true)"];
    (of_shelf(), vec(within(fragments, of_shelf()), 0..3))
        .prop_map(|(fields, fragments)| format!("{fields} {}", fragments.join(" ")))
}

/// The messages and paths of errors, in no particular order.
fn errors(response: &Response) -> Vec<String> {
    let mut errors: Vec<_> =
        response.errors.iter().map(|error| format!("{} {:?}", error.message, error.path)).collect();
    errors.sort();
    errors
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn written_objects_equal_resolved_ones(fields in selections()) {
        for (written, resolved) in [("written", "resolved"), ("writtenList", "resolvedList")] {
            let [written, resolved] = [written, resolved].map(|field| execute(&format!("{{ shelf: {field} {{ {fields} }} }}")));
            prop_assert_eq!(text(&written.data), text(&resolved.data));
            prop_assert_eq!(errors(&written), errors(&resolved));
            prop_assert!(resolved.data != Value::Null);
        }
    }
}

#[test]
fn a_written_field_is_found_by_its_name_in_the_schema() {
    for (method, name, is_name) in [
        ("long_name", "longName", true),
        ("long_name", "long_name", false),
        ("long_name", "longNames", false),
        ("long_name", "longNam", false),
        ("r#type", "type", true),
        ("a_b_c", "aBC", true),
    ] {
        assert_eq!(super::plain::is_name_of(method, name), is_name, "{method} {name}");
    }
}
