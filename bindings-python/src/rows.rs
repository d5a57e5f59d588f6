//! Rows of calls on many: mappings, whose names are those of the arguments of the call on one.

use pyo3::prelude::*;
use pyo3::types::PyMapping;
use strongroom::error::{Error, Result};

use crate::error::carry;

/// A row whose arguments are taken out one by one.
pub(crate) struct Row<'py> {
    call: &'static str,
    mapping: Bound<'py, PyMapping>,
    taken: usize,
}

impl<'py> Row<'py> {
    /// An argument; `None` is as good as leaving it out.
    pub(crate) fn maybe<T: FromPyObjectOwned<'py>>(&mut self, name: &str) -> Result<Option<T>> {
        if !self.mapping.contains(name).map_err(carry)? {
            return Ok(None);
        }
        self.taken += 1;
        self.mapping.get_item(name).and_then(|value| value.extract().map_err(Into::into)).map_err(carry)
    }

    /// An argument that has to be there.
    pub(crate) fn needed<T: FromPyObjectOwned<'py>>(&mut self, name: &str) -> Result<T> {
        self.maybe(name)?.ok_or_else(|| Error::argument(name, format!("a row lacks it, which {} needs", self.call)))
    }

    fn finish(self) -> Result<()> {
        if self.mapping.len().map_err(carry)? == self.taken {
            return Ok(());
        }
        let names = self.mapping.keys().map_err(carry)?;
        let name = "rows";
        Err(Error::argument(name, format!("of {names}, {} takes not all: leave out what it does not know", self.call)))
    }
}

/// What `read` makes of each row of an iterable.
pub(crate) fn rows<'py, T>(
    call: &'static str,
    rows: &Bound<'py, PyAny>,
    mut read: impl FnMut(&mut Row<'py>) -> Result<T>,
) -> Result<Vec<T>> {
    let mut all = Vec::new();
    for row in rows.try_iter().map_err(carry)? {
        let mapping = row.map_err(carry)?.cast_into::<PyMapping>().map_err(|_| {
            Error::argument("rows", format!("each is a dict of the arguments that a row of {call} has, by name"))
        })?;
        let mut row = Row { call, mapping, taken: 0 };
        all.push(read(&mut row)?);
        row.finish()?;
    }
    Ok(all)
}
