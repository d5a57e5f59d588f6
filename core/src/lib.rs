//! Vaults made, shared, watched and audited by program.
//!
//! [`client::init`] makes an account, [`client::connect`] gives the [`client::Client`] of a token, and every operation stands in
//! the client's namespaces.
//!
//! ```
//! use strongroom::client::{ConnectOptions, connect, init};
//! use strongroom::model::field::{Field, FieldType};
//! use strongroom::model::item::NewItem;
//! use strongroom::model::principal::NewUser;
//! use strongroom::model::secret::Secret;
//! use strongroom::model::vault::VaultSpec;
//!
//! # #[tokio::main]
//! # async fn main() -> strongroom::error::Result<()> {
//! let kit = init(Some("memory:"), "teacher@example.edu", None).await?;
//! let options = |token| ConnectOptions { location: Some(kit.location.clone()), token: Some(token), ..Default::default() };
//! let teacher = connect(options(kit.token.clone())).await?;
//!
//! let alice = teacher.users().create(NewUser { email: "alice@example.edu".into(), ..Default::default() }, None).await?;
//! let access = vec![("alice@example.edu".into(), "write".into())];
//! let vault = teacher.vaults().create(VaultSpec { name: "Alice".into(), access, ..Default::default() }).await?;
//!
//! let student = connect(options(alice.token)).await?;
//! let password = Field {
//!     label: "password".into(),
//!     value: Secret::new("hunter2"),
//!     field_type: FieldType::Concealed,
//!     section: None,
//! };
//! let item = NewItem { title: "Homework 1".into(), fields: vec![password], ..Default::default() };
//! student.items().create(&vault.id.to_string(), item).await?;
//!
//! let read = teacher.secrets().resolve("op://Alice/Homework 1/password").await?;
//! assert_eq!(read.expose(), "hunter2");
//! teacher.access().revoke(&vault.id.to_string(), "alice@example.edu").await?;
//! teacher.audit().verify().await?;
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]

pub mod authority;
pub mod backend;
#[cfg(feature = "cli")]
pub mod cli;
pub mod client;
pub mod crypto;
pub mod engine;
pub mod error;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzz;
pub mod log;
pub mod model;
#[cfg(feature = "remote")]
pub mod remote;
#[cfg(feature = "server")]
pub mod server;
pub mod store;
mod trace;
#[cfg(any(feature = "remote", feature = "server"))]
pub mod wire;
