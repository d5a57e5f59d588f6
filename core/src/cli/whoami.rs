//! `whoami`: whom the token is for.

use super::failure::Done;
use super::global::Global;
use super::output::Output;
use super::{json, user};

pub(super) async fn run(global: &Global, out: &Output) -> Done {
    global.connected(async |client| Ok(out.one(&json::principal(&client.me()), user::DETAILS)?)).await
}
