//! `read`: one secret by reference.

use clap::Args;

use super::failure::Done;
use super::global::Global;
use super::output::Output;
use crate::client::secrets;

/// Writes the value that a reference names to standard output.
#[derive(Debug, Args)]
pub(super) struct Read {
    /// `op://vault/item[/section]/field`, or a file in place of the field; by name or by id.
    reference: String,
    /// Writes no line end after the value.
    #[arg(long, short)]
    no_newline: bool,
}

impl Read {
    pub(super) async fn run(self, global: &Global, out: &Output) -> Done {
        secrets::validate(&self.reference)?;
        global
            .connected(async |client| {
                let value = client.secrets().resolve(&self.reference).await?;
                if out.is_json() {
                    return Ok(out.json(&value.expose().into())?);
                }
                out.text(value.expose())?;
                if !self.no_newline {
                    out.text("\n")?;
                }
                Ok(())
            })
            .await
    }
}
