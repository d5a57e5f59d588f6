//! Fields on a command line: `[section.]label[type]=value`, `=@FILE` or `=-`.
//!
//! A concealed value is never an argument: those are visible to every process of the machine.

use std::io::{IsTerminal, Read};
use std::path::PathBuf;

use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::model::field::{Field, FieldType};
use crate::model::secret::Secret;

const FORM: &str = "a field is written `[section.]label[type]=value`, `…=@FILE` or `…=-` for standard input";

/// A field whose value may have to be fetched yet.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Asked {
    section: Option<String>,
    label: String,
    field_type: FieldType,
    value: Origin,
}

#[derive(Debug, PartialEq, Eq)]
enum Origin {
    Given(String),
    File(PathBuf),
    Input,
}

/// The fields of these arguments, their values read; none from standard input if something else is.
pub(super) async fn fields(arguments: Vec<String>, input_taken: bool) -> Result<Vec<Field>> {
    let asked = arguments.iter().map(|argument| parse(argument)).collect::<Result<Vec<_>>>()?;
    if asked.iter().filter(|field| field.value == Origin::Input).count() + usize::from(input_taken) > 1 {
        return Err(refused("only one thing can be read from standard input: give the others from files"));
    }
    let mut fields = Vec::with_capacity(asked.len());
    for Asked { section, label, field_type, value } in asked {
        let value = match value {
            Origin::Given(text) => Secret::new(text),
            Origin::File(path) => from_file(path).await?,
            Origin::Input => from_input(format!("{label}: "), field_type.is_concealed()).await?,
        };
        fields.push(Field { label, value, field_type, section });
    }
    Ok(fields)
}

/// The text of a file, or of standard input for `-`.
pub(super) async fn long_text(path: PathBuf) -> Result<String> {
    let read = if path.as_os_str() == "-" { from_input(String::new(), false).await } else { from_file(path).await };
    read.map(|text| text.expose().to_owned())
}

pub(super) fn parse(argument: &str) -> Result<Asked> {
    // No message repeats the argument: it may be a secret that does not belong there.
    let (mut label, mut rest) = part(argument, &['.', '[', '=']);
    let mut section = None;
    if let Some(after) = rest.strip_prefix('.') {
        section = Some(label);
        (label, rest) = part(after, &['[', '=']);
    }
    let mut field_type = FieldType::Text;
    if let Some(after) = rest.strip_prefix('[') {
        let (name, after) = after.split_once(']').ok_or_else(|| refused(FORM))?;
        field_type = name.parse()?;
        rest = after;
    }
    let value = rest.strip_prefix('=').ok_or_else(|| refused(FORM))?;
    if label.is_empty() || section.as_ref().is_some_and(String::is_empty) {
        return Err(refused(FORM));
    }
    let value = match value {
        "-" => Origin::Input,
        _ if value.starts_with('@') => Origin::File(PathBuf::from(&value[1..])),
        _ if field_type.is_concealed() => return Err(visible(&label, field_type)),
        "\\-" => Origin::Given("-".to_owned()),
        _ if value.starts_with("\\@") => Origin::Given(value[1..].to_owned()),
        _ => Origin::Given(value.to_owned()),
    };
    Ok(Asked { section, label, field_type, value })
}

/// The text before the first of these characters that has no `\` before it, and the rest from there.
fn part<'a>(text: &'a str, ends: &[char]) -> (String, &'a str) {
    let mut before = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        if ends.contains(&character) {
            return (before, &text[at..]);
        }
        let escaped = if character == '\\' { characters.next() } else { None };
        before.push(escaped.map_or(character, |(_, character)| character));
    }
    (before, "")
}

async fn from_file(path: PathBuf) -> Result<Secret> {
    let read = tokio::fs::read(&path).await;
    let bytes = read.map_err(|error| refused(format!("{} can't be read: {error}", path.display())).caused_by(error))?;
    one_text(bytes).ok_or_else(|| refused(format!("{} is not text in UTF-8: attach it as a file", path.display())))
}

async fn from_input(prompt: String, concealed: bool) -> Result<Secret> {
    let read = tokio::task::spawn_blocking(move || {
        if concealed && std::io::stdin().is_terminal() {
            let terminal = console::Term::stderr();
            terminal.write_str(&prompt)?;
            return terminal.read_secure_line().map(String::into_bytes);
        }
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes).map(|_| bytes)
    });
    let failed = |error: &dyn std::fmt::Display| refused(format!("standard input can't be read: {error}"));
    let bytes = read.await.map_err(|error| failed(&error))?.map_err(|error| failed(&error))?;
    one_text(bytes).ok_or_else(|| refused("standard input is not text in UTF-8: attach it as a file"))
}

/// The text without the line end that editors and `echo` put last.
fn one_text(bytes: Vec<u8>) -> Option<Secret> {
    let bytes = Zeroizing::new(bytes);
    let text = std::str::from_utf8(&bytes).ok()?;
    let text = text.strip_suffix('\n').map_or(text, |text| text.strip_suffix('\r').unwrap_or(text));
    Some(Secret::new(text))
}

fn refused(why: impl std::fmt::Display) -> Error {
    Error::argument("field", why)
}

fn visible(label: &str, field_type: FieldType) -> Error {
    let field_type = field_type.as_str();
    refused(format!(
        "`{label}` is {field_type}, and every process of this machine can see an argument: give its value from a file, \
         `{label}[{field_type}]=@FILE`, or from standard input, `{label}[{field_type}]=-`"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(section: Option<&str>, label: &str, field_type: FieldType, value: Origin) -> Asked {
        Asked { section: section.map(str::to_owned), label: label.to_owned(), field_type, value }
    }

    #[test]
    fn a_field_has_a_section_a_label_a_type_and_a_value() {
        let given = |text: &str| Origin::Given(text.to_owned());
        for (argument, expected) in [
            ("grade=A", asked(None, "grade", FieldType::Text, given("A"))),
            ("grade=", asked(None, "grade", FieldType::Text, given(""))),
            ("x.grade[date]=a=b.c[d]", asked(Some("x"), "grade", FieldType::Date, given("a=b.c[d]"))),
            ("password[concealed]=@a=b", asked(None, "password", FieldType::Concealed, Origin::File("a=b".into()))),
            ("password[concealed]=-", asked(None, "password", FieldType::Concealed, Origin::Input)),
            ("v1\\.0\\[a\\]\\=\\\\=\\@b", asked(None, "v1.0[a]=\\", FieldType::Text, given("@b"))),
            ("dash=\\-", asked(None, "dash", FieldType::Text, given("-"))),
        ] {
            assert_eq!(parse(argument).unwrap(), expected, "{argument}");
        }
    }

    #[test]
    fn a_concealed_value_is_no_argument() {
        for kind in ["concealed", "totp", "ssh_key", "credit_card_number"] {
            let error = parse(&format!("password[{kind}]=hunter2")).unwrap_err().to_string();
            assert!(error.contains("can see an argument") && error.contains("=@FILE"), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn what_is_no_field_is_refused_without_being_repeated() {
        for wrong in ["hunter2", "=hunter2", ".a=hunter2", "a.=hunter2", "a[concealed=hunter2", "a[text]hunter2"] {
            let error = parse(wrong).unwrap_err();
            assert_eq!(error.code(), "invalid_argument", "{wrong}");
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }

    #[tokio::test]
    async fn a_file_loses_its_last_line_end_alone() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secret");
        for (content, value) in [("a\nb\n", "a\nb"), ("a\r\n", "a"), ("a\n\n", "a\n"), ("a", "a"), ("", "")] {
            std::fs::write(&path, content).unwrap();
            let read = fields(vec![format!("password[concealed]=@{}", path.display())], false).await.unwrap();
            assert_eq!(read[0].value.expose(), value);
        }
        std::fs::write(&path, [0xff]).unwrap();
        let refused = fields(vec![format!("password[concealed]=@{}", path.display())], false).await.unwrap_err();
        assert!(refused.to_string().contains("attach it"));
        assert!(fields(vec!["a=-".to_owned(), "b=-".to_owned()], false).await.is_err());
        assert!(fields(vec!["a=-".to_owned()], true).await.is_err());
    }
}
