//! A message as plain text: one line per paragraph, for the reader's program to wrap.

use super::clean::break_six_digits;
use super::page::{Page, Part};

pub(super) fn render(page: &Page<'_>) -> String {
    let mut text = String::new();
    let has_code = page.parts.iter().any(|part| matches!(part, Part::Code(_)));
    for part in &page.parts {
        match part {
            Part::Paragraph(paragraph) => text.push_str(paragraph),
            Part::Code(code) => text.push_str(code),
            // On a line of its own, so that programs that detect links recognise all of it.
            Part::Link { target, .. } => text.extend(target.chars().filter(|c| !c.is_control())),
            Part::Facts(facts) => {
                let lines: Vec<_> = facts.iter().map(|(name, value)| format!("{name}: {value}")).collect();
                let lines = lines.join("\n");
                // The code is the only run of six digits, whatever names the operator chose.
                text.push_str(&if has_code { break_six_digits(&lines) } else { lines });
            }
        }
        text.push_str("\n\n");
    }
    text.push_str(&page.foot);
    text.push('\n');
    text
}
