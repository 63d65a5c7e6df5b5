//! The scan, compared with the parser.

use async_graphql::Pos;

use super::super::text::scan::{Scan, Unterminated, position, scan};

#[track_caller]
fn assert_tokens(document: &str, tokens: usize) {
    assert_eq!(scan(document).unwrap().tokens, tokens, "{document}");
}

#[test]
fn tokens_are_those_of_the_specification() {
    assert_tokens("", 0);
    assert_tokens("{a}", 3);
    assert_tokens("query Q($a: [ID!]! = [1.5e3, -0.1]) @b(c: $a) { d: e(f: {g: H}) ...I ... on J { k } }", 47);
    assert_tokens("\u{feff}{\ta,,,\r\nb}\n", 4);
    assert_tokens("a#b{[(\"\nc", 3);
    assert_tokens(r#"(a:"b\"{[#")"#, 5);
    assert_tokens(r#"(a:"""b"{[#"" \""" """c)"#, 6);
    assert_tokens(r#""" "" "#, 2);
    assert_tokens(r#""""""""""#, 2);
}

#[test]
fn words_that_the_parser_splits_are_counted() {
    assert_tokens("000", 3);
    assert_tokens("-1-1", 2);
    assert_tokens("01.5", 2);
    assert_tokens("1.5.5", 3);
    assert_tokens("truefalsenullA", 4);
    assert_tokens("true", 1);
    assert_tokens("nullable", 2);
}

#[test]
fn nested_brackets_of_all_kinds_are_counted() {
    let nesting = |document: &str| scan(document).unwrap().nesting;
    assert_eq!(nesting("a"), 0);
    assert_eq!(nesting("{a(b:[{c:1}])}"), 4);
    assert_eq!(nesting("{}{}[]()"), 1);
    assert_eq!(nesting("}}}{"), 1);
    assert_eq!(nesting(r#"{a(b:"[[[", c:"""[[[""")}"#), 2);
    assert_eq!(nesting("{ # [[[\n"), 1);
    assert_eq!(nesting("{ # [[[\r["), 2);
}

#[test]
fn the_longest_name_is_measured() {
    assert_eq!(scan("{a bcd ef}"), Ok(Scan { tokens: 5, nesting: 1, name: 3, inexact: None }));
    assert_eq!(scan(r#"{a(b:"long text")}"#).unwrap().name, 1);
}

#[test]
fn unterminated_strings_are_found() {
    let at = |line, column| Err(Unterminated(Pos { line, column }));
    assert_eq!(scan("{a(b:\""), at(1, 6));
    assert_eq!(scan("{a(b:\"c\n\")}"), at(1, 6));
    assert_eq!(scan("{\n  é(b:\"c\\"), at(2, 7));
    assert_eq!(scan("{a(b:\"c\\\n\")}"), at(1, 6));
    assert_eq!(scan("\"\"\"a\\\"\"\""), at(1, 1));
    // The parser would read an empty string, then a string, and then two thousand brackets.
    assert_eq!(scan(&format!("{{a(b:[\"\"\"  \"  {})}}", "[".repeat(2000))), at(1, 7));
}

#[test]
fn numbers_that_would_lose_digits_are_found() {
    let inexact = |document: &str| scan(document).unwrap().inexact.map(|rest| position(document, rest));
    assert_eq!(inexact("{a(b: [1, -0.5, 1e22, 0.30000000000000004])}"), None);
    assert_eq!(inexact("{a(b: \"12345678901234567890123\", c: -)}"), None);
    assert_eq!(inexact("{a(b: 1,\n c: 12345678901234567890123)}"), Some(Pos { line: 2, column: 5 }));
}
