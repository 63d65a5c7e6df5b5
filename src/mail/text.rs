//! A mail as plain text: a paragraph a line, for the reader's program to break.

use super::render::{Page, Part};

pub(super) fn lay_out(page: &Page<'_>) -> String {
    let mut text = String::new();
    for part in &page.parts {
        match part {
            Part::Paragraph(paragraph) => text.push_str(paragraph),
            Part::Code(code) => text.push_str(code),
            // A line of its own, so that programs which find links by themselves take all of it.
            Part::Link { target, .. } => text.extend(target.chars().filter(|c| !c.is_control())),
            Part::Facts(facts) => {
                let lines: Vec<_> = facts.iter().map(|(name, value)| format!("{name}: {value}")).collect();
                text.push_str(&lines.join("\n"));
            }
        }
        text.push_str("\n\n");
    }
    text.push_str(&page.foot);
    text.push('\n');
    text
}
