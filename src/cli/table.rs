//! Lists: a table on a terminal, otherwise one JSON object for each item.

use std::io::IsTerminal;

use serde_json::{Map, Value};
use unicode_width::UnicodeWidthStr;

use super::error::CliError;
use super::output;

/// Rows with the same columns.
pub(super) struct Table {
    columns: &'static [&'static str],
    rows: Vec<Vec<Value>>,
}

impl Table {
    /// Rows with a value for each column. The names of the columns are those of the JSON objects.
    pub(super) fn new(columns: &'static [&'static str], rows: impl IntoIterator<Item = Vec<Value>>) -> Self {
        Self { columns, rows: rows.into_iter().collect() }
    }

    /// Prints the rows: as JSON if asked for, or if standard output is no terminal.
    pub(super) fn print(&self, as_json: bool) -> Result<(), CliError> {
        let as_json = as_json || !std::io::stdout().is_terminal();
        output::print(&if as_json { self.to_json() } else { self.to_text() })
    }

    fn to_json(&self) -> String {
        let object = |row: &Vec<Value>| {
            let fields = self.columns.iter().map(ToString::to_string).zip(row.iter().cloned());
            format!("{}\n", Value::Object(fields.collect::<Map<_, _>>()))
        };
        self.rows.iter().map(object).collect()
    }

    fn to_text(&self) -> String {
        let head = self.columns.iter().map(|column| column.replace('_', " ").to_uppercase()).collect();
        let rows: Vec<Vec<String>> =
            std::iter::once(head).chain(self.rows.iter().map(|row| row.iter().map(cell).collect())).collect();
        let mut widths = vec![0; self.columns.len()];
        for row in &rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = cell.width().max(*width);
            }
        }
        let line = |row: &Vec<String>| {
            let padded =
                row.iter().zip(&widths).map(|(cell, width)| cell.clone() + &" ".repeat(width - cell.width() + 2));
            format!("{}\n", padded.collect::<String>().trim_end())
        };
        rows.iter().map(line).collect()
    }
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::String(text) => output::one_line(text),
        Value::Array(items) if items.is_empty() => "-".to_owned(),
        Value::Array(items) => items.iter().map(cell).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let korean = vec![json!("김원"), json!(true), json!([])];
        let other = vec![json!("wonny@example.com"), json!(null), json!(["A", "B"])];
        let table = Table::new(&["user_id", "verified", "actions"], [korean, other]);
        assert_eq!(
            table.to_text(),
            "USER ID            VERIFIED  ACTIONS\n김원               yes       -\nwonny@example.com  -         A, B\n"
        );
        assert_eq!(table.to_json().lines().next(), Some(r#"{"actions":[],"user_id":"김원","verified":true}"#));
    }
}
