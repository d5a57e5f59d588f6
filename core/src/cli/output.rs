//! Where answers go, and in which form.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use super::render;

/// The place for a command's answer. Copies share the writer.
#[derive(Clone)]
pub(super) struct Output {
    writer: Arc<Mutex<Box<dyn Write + Send>>>,
    json: bool,
    width: Option<u16>,
}

impl Output {
    /// Answers to this writer; tables wrap at `width`, or nowhere.
    pub(super) fn new(writer: Box<dyn Write + Send>, json: bool, width: Option<u16>) -> Self {
        Self { writer: Arc::new(Mutex::new(writer)), json, width }
    }

    /// Whether a program reads the answer.
    pub(super) fn is_json(&self) -> bool {
        self.json
    }

    /// Writes bytes as they are.
    pub(super) fn bytes(&self, bytes: &[u8]) -> io::Result<()> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        writer.write_all(bytes)?;
        // What is answered must have been taken before the next thing is done: a token before the commit, a change before the wait.
        writer.flush()
    }

    /// Writes a text as it is.
    pub(super) fn text(&self, text: &str) -> io::Result<()> {
        self.bytes(text.as_bytes())
    }

    /// Writes a JSON document on one line.
    pub(super) fn json_line(&self, value: &Value) -> io::Result<()> {
        self.text(&format!("{value}\n"))
    }

    /// Writes a JSON document.
    pub(super) fn json(&self, value: &Value) -> io::Result<()> {
        self.text(&format!("{value:#}\n"))
    }

    /// Answers with one thing: these of its attributes for a person, all for a program.
    pub(super) fn one(&self, value: &Value, attributes: &[&str]) -> io::Result<()> {
        if self.json { self.json(value) } else { self.text(&render::details(value, attributes)) }
    }

    /// Answers with a list: these columns for a person, everything for a program.
    pub(super) fn list(&self, rows: Vec<Value>, columns: &[&str]) -> io::Result<()> {
        if self.json { self.json(&Value::Array(rows)) } else { self.text(&render::table(&rows, columns, self.width)) }
    }

    /// Answers with a number.
    pub(super) fn count(&self, count: u64) -> io::Result<()> {
        self.text(&format!("{count}\n"))
    }

    /// Answers that it is done: nothing for a person, `null` for a program.
    pub(super) fn nothing(&self) -> io::Result<()> {
        if self.json { self.json(&Value::Null) } else { Ok(()) }
    }

    /// The width of the terminal, if there is one.
    pub(super) fn width(&self) -> Option<u16> {
        self.width
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A writer whose text can be looked at.
    #[derive(Clone, Default)]
    pub(crate) struct Sink(Arc<Mutex<Vec<u8>>>);

    impl Sink {
        pub(crate) fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn json_is_one_document() {
        let sink = Sink::default();
        let out = Output::new(Box::new(sink.clone()), true, None);
        out.list(vec![serde_json::json!({"id": "a"}), serde_json::json!({"id": "b"})], &["id"]).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&sink.text()).unwrap()[1]["id"], "b");
    }

    #[test]
    fn a_person_is_not_told_that_nothing_happened() {
        let sink = Sink::default();
        Output::new(Box::new(sink.clone()), false, None).nothing().unwrap();
        assert_eq!(sink.text(), "");
    }
}
