//! Tables for a person, made of the same values that `--json` prints, so that what is masked there is masked here.

use std::fmt::Write;

use comfy_table::{ColumnConstraint, ContentArrangement, Table, presets};
use serde_json::Value;

/// The rows under headings named after their attributes. Ids stay whole whatever the width, to be copied.
pub(super) fn table(rows: &[Value], columns: &[&str], width: Option<u16>) -> String {
    let mut table = bare();
    table.set_header(columns.iter().map(|column| heading(column).to_uppercase()));
    table
        .add_rows(rows.iter().map(|row| columns.iter().map(|column| text(attribute(row, column))).collect::<Vec<_>>()));
    if let Some(width) = width {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
        table.set_constraints(columns.iter().map(|column| {
            if column.ends_with("id") {
                ColumnConstraint::ContentWidth
            } else {
                ColumnConstraint::LowerBoundary(comfy_table::Width::Fixed(8))
            }
        }));
    }
    trimmed(&mut table)
}

/// One attribute a line.
pub(super) fn details(value: &Value, attributes: &[&str]) -> String {
    let mut table = bare();
    for name in attributes {
        let value = attribute(value, name);
        if !value.is_null() {
            table.add_row([format!("{}:", heading(name)), text(value)]);
        }
    }
    trimmed(&mut table)
}

fn bare() -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table
}

fn trimmed(table: &mut Table) -> String {
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    format!("{}\n", table.trim_fmt())
}

/// The attribute of this name; `principal.id` reaches into another.
fn attribute<'a>(value: &'a Value, path: &str) -> &'a Value {
    path.split('.').fold(value, |value, name| &value[name])
}

fn heading(path: &str) -> String {
    path.replace(['_', '.'], " ")
}

/// A value as a person reads it.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => block(text),
        Value::Array(values) => values.iter().map(text).collect::<Vec<_>>().join(", "),
        Value::Object(_) => {
            let names = ["email", "name", "id"].map(|name| text(&value[name]));
            names.into_iter().find(|name| !name.is_empty()).unwrap_or_default()
        }
    }
}

/// The text without anything that a terminal would obey: names and titles are others' words. Line ends stay.
pub(super) fn block(text: &str) -> String {
    escape(text, Some('\n'))
}

/// As [`block`], on one line.
pub(super) fn line(text: &str) -> String {
    escape(text, None)
}

fn escape(text: &str, kept: Option<char>) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        // Marks that turn the direction of writing around can make a name look like another.
        let turns = matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if Some(character) == kept || !(character.is_control() || turns) {
            safe.push(character);
        } else {
            // Writing to a String does not fail.
            let _ = write!(safe, "{}", character.escape_default());
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_table_has_a_heading_and_a_line_per_row() {
        let rows = [
            json!({"id": "vlt_a", "external_id": null, "due": true}),
            json!({"id": "vlt_b", "external_id": "s-1", "due": false}),
        ];
        assert_eq!(
            table(&rows, &["id", "external_id", "due"], None),
            "ID     EXTERNAL ID  DUE\nvlt_a               yes\nvlt_b  s-1          no\n"
        );
    }

    #[test]
    fn ids_are_never_broken() {
        let id = "vlt_".to_owned() + &"a".repeat(52);
        let rows = [json!({"id": id, "name": "a name of several words, longer than there is room for"})];
        assert!(table(&rows, &["id", "name"], Some(70)).contains(&id));
        assert!(table(&rows, &["id", "name"], Some(20)).contains(&id));
    }

    #[test]
    fn somebody_is_named_by_what_a_person_knows() {
        let somebody = json!({"principal": {"id": "usr_a", "name": "Alice", "email": "alice@example.edu"}});
        assert_eq!(details(&somebody, &["principal", "role"]), "principal:  alice@example.edu\n");
        assert_eq!(details(&somebody, &["principal.id"]), "principal id:  usr_a\n");
        assert_eq!(text(&json!({"id": "svc_a", "name": ""})), "svc_a");
    }

    #[test]
    fn a_name_cannot_command_the_terminal() {
        let name = "a\u{1b}[2J\u{9b}31m\u{202e}b\r\nc";
        assert_eq!(block(name), "a\\u{1b}[2J\\u{9b}31m\\u{202e}b\\r\nc");
        assert_eq!(line(name), "a\\u{1b}[2J\\u{9b}31m\\u{202e}b\\r\\nc");
        assert_eq!(line("\0"), "\\u{0}");
    }
}
