//! Unicode escapes in strings.

use super::{super::text::resolve, ask, assert_answered, refusal, schema};

/// The length of a text in bytes, as the server read it.
fn length(text: &str) -> serde_json::Value {
    assert_answered(&format!("{{echo(text:{text})}}"))["echo"].clone()
}

#[test]
fn all_escapes_of_the_specification_are_read() {
    for (text, expected) in [
        (r#""\u0041""#, "A"),
        (r#""\uD83D\uDE00""#, "😀"),
        (r#""\ud83d\ude00\uD83D\uDE00""#, "😀😀"),
        (r#""\u{1F600}""#, "😀"),
        (r#""a\u{41}b\u{000041}""#, "aAbA"),
        (r#""\u{10FFFF}\u{0}""#, "\u{10FFFF}\0"),
        (r#""\u{22}\u{5C}\u{A}\u{D}\u{9}""#, "\"\\\n\r\t"),
        (r#""\\u{41}""#, "\\u{41}"),
        (r#""\"\\\/\b\f\n\r\t\u{e9}""#, "\"\\/\u{8}\u{c}\n\r\té"),
        (r#""""\u{41} \uD83D \x""""#, r"\u{41} \uD83D \x"),
    ] {
        assert_eq!(length(text), expected.len(), "{text}");
    }
}

#[test]
fn an_invalid_escape_is_a_syntax_error_at_its_position() {
    for (text, reason) in [
        (r"\uD83D", "surrogate"),
        (r"\uDE00", "surrogate"),
        (r"\uDE00\uD83D", "surrogate"),
        (r"\uD83D\u0041", "surrogate"),
        (r"\uD83D\n", "surrogate"),
        (r"\u{D83D}", "surrogate"),
        (r"\uD83D\u{DE00}", "surrogate"),
        (r"\u{110000}", "10FFFF"),
        (r"\u{FFFFFFFFFFFFFFFFFF}", "10FFFF"),
        (r"\u{}", "hexadecimal"),
        (r"\u{4 1}", "hexadecimal"),
        (r"\u{41", "hexadecimal"),
        (r"\u12", "hexadecimal"),
        (r"\u12é4", "hexadecimal"),
        (r"\u{41}\x41", "does not know"),
    ] {
        let document = format!("{{\n  echo(text: \"é\\u{{e9}}{text}\")\n}}");
        let response = ask(&schema::schema(), document.as_str()).response;
        assert_eq!(refusal(&response).0, "GRAPHQL_PARSE_FAILED", "{text}");
        assert!(response.errors[0].message.contains(reason), "{text}: {}", response.errors[0].message);
        let column = if text.ends_with("x41") { 28 } else { 22 };
        assert_eq!(
            (response.errors[0].locations[0].line, response.errors[0].locations[0].column),
            (2, column),
            "{text}"
        );
    }
}

#[test]
fn errors_after_an_escape_keep_their_position() {
    let place = |document: &str| {
        let response = ask(&schema::schema(), document).response;
        (response.errors[0].locations[0].line, response.errors[0].locations[0].column)
    };
    let plain = r#"{ a: echo(text: "-----------------------") b: node(id: true) { id } }"#;
    for text in [r"\uD83D\uDE00-----------", r"\u{1F600}-\u{1F600}----", r"\u{A}\u{22}\u{5C}\u{41}"] {
        let document = plain.replace("-----------------------", text);
        assert_eq!(document.len(), plain.len(), "{text}");
        assert_eq!(place(&document), place(plain), "{text}");
    }
    // So do syntax errors.
    assert_eq!(place(r#"{ a: echo(text: "\u{1F600}") b: node(id: ) { id } }"#), (1, 42));
}

#[test]
fn other_text_is_unchanged() {
    for document in ["{me{id}}", "# \\u{\n{me{id}}", "{echo(text:\"\"\"\\u{\"\"\")}", "{echo(text:\"\\u0041\\\\u{\")}"]
    {
        assert_eq!(resolve(document).unwrap(), document);
    }
}
