//! A message as an HTML document. It loads and runs nothing, and its styles are inline, because mail programs do not
//! remove those.
//!
//! It sets no colour for text or page: the reader chooses light or dark, and tinted elements are visible on both. No
//! colour has six consecutive decimal digits, so that a program that looks for a code finds only the code.

use std::borrow::Cow;

use super::clean::break_digits_in_html;
use super::page::{Page, Part};
use super::words::Words;

const BODY: &str = "max-width:512px;margin:0 auto;padding:32px 24px;font-size:16px;line-height:1.6;\
    font-family:-apple-system,'Segoe UI',Roboto,'Apple SD Gothic Neo','Malgun Gothic','Hiragino Sans','Yu Gothic UI',\
    sans-serif";
const HEADING: &str = "margin:0 0 16px;font-size:20px;line-height:1.4;font-weight:600";
const PARAGRAPH: &str = "margin:0 0 16px";
const CODE: &str = "margin:24px 0;padding:16px 0 16px 0.25em;border:1px solid #9a9da3;border-radius:8px;\
    text-align:center;font-size:32px;line-height:1.2;font-weight:600;letter-spacing:0.25em;\
    font-family:ui-monospace,Menlo,Consolas,monospace";
const BUTTON: &str = "display:inline-block;padding:12px 24px;border-radius:8px;background:#1a5fd0;color:#ffffff;\
    font-weight:600;text-decoration:none";
const SMALL: &str = "margin:0 0 16px;font-size:13px;opacity:0.75";
const LINK: &str = "margin:0 0 16px;font-size:13px;word-break:break-all";
const TABLE: &str = "margin:0 0 16px;border-collapse:collapse;font-size:14px;line-height:1.5";
const NAME: &str = "padding:4px 16px 4px 0;text-align:left;vertical-align:top;font-weight:600;white-space:nowrap";
const VALUE: &str = "padding:4px 0;vertical-align:top;overflow-wrap:anywhere";
/// Korean text breaks only between words; a word that is too long for its line is broken anyway.
const KEEP_WORDS: &str = ";word-break:keep-all;overflow-wrap:break-word";
const FOOT: &str = "margin:32px 0 0;padding:16px 0 0;border-top:1px solid #9a9da3;font-size:13px;opacity:0.75";

pub(super) fn render(page: &Page<'_>, words: &Words) -> String {
    let tag = words.tag;
    let subject = escape(page.subject);
    let parts: String = page.parts.iter().map(|part| part_html(part, words)).collect();
    let foot = escape(&page.foot);
    let keep_words = if tag == "ko" { KEEP_WORDS } else { "" };
    format!(
        r#"<!DOCTYPE html>
<html lang="{tag}" style="color-scheme:light dark">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>{subject}</title>
</head>
<body style="margin:0;padding:0">
<div lang="{tag}" style="{BODY}{keep_words}">
<h1 style="{HEADING}">{subject}</h1>
{parts}<p style="{FOOT}">{foot}</p>
</div>
</body>
</html>
"#
    )
}

fn part_html(part: &Part<'_>, words: &Words) -> String {
    match part {
        Part::Paragraph(text) => format!("<p style=\"{PARAGRAPH}\">{}</p>\n", escape(text)),
        Part::Code(code) => format!("<p style=\"{CODE}\">{}</p>\n", escape(code)),
        Part::Link { target, button } => link(target, button, words),
        Part::Facts(facts) => {
            let rows: String = facts
                .iter()
                .map(|(name, value)| (escape(name), break_digits_in_html(&escape(value))))
                .map(|(name, value)| {
                    format!(
                        "<tr><th scope=\"row\" style=\"{NAME}\">{name}</th><td style=\"{VALUE}\">{value}</td></tr>\n"
                    )
                })
                .collect();
            format!("<table style=\"{TABLE}\">\n{rows}</table>\n")
        }
    }
}

fn link(target: &str, button: &str, words: &Words) -> String {
    let plain: String = target.chars().filter(|c| !c.is_control()).collect();
    let shown = escape(&plain);
    let as_text = format!("<p style=\"{LINK}\">{shown}</p>\n");
    // Any other scheme, above all `javascript:`, is shown but does nothing.
    if !(plain.starts_with("https://") || plain.starts_with("http://")) {
        return as_text;
    }
    let (button, copy) = (escape(button), escape(words.copy_link));
    format!(
        "<p style=\"{PARAGRAPH}\"><a href=\"{shown}\" style=\"{BUTTON}\">{button}</a></p>\n\
         <p style=\"{SMALL}\">{copy}</p>\n{as_text}"
    )
}

/// Escapes text for use between tags, and in an attribute between quotes of either kind.
pub fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(['&', '<', '>', '"', '\'']) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    Cow::Owned(escaped)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::words;

    #[test]
    fn html_special_characters_are_escaped() {
        assert_eq!(escape("<a b='c' d=\"e\">&amp;"), "&lt;a b=&#39;c&#39; d=&quot;e&quot;&gt;&amp;amp;");
        assert!(matches!(escape("plain"), Cow::Borrowed("plain")));
    }

    #[test]
    fn only_web_addresses_can_be_clicked() {
        let words = words::of("en");
        for target in ["javascript:alert(1)", "data:text/html,x", " https://a.bc", "//a.bc", "HTTPX://a.bc"] {
            assert!(!link(target, "Go", words).contains("href"), "{target}");
        }
        let shown = link("https://a.bc/?x=\"><script>#token=t", "Go", words);
        assert!(shown.contains("href=\"https://a.bc/?x=&quot;&gt;&lt;script&gt;#token=t\""), "{shown}");
    }
}
