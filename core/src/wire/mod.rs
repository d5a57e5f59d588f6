//! What crosses between a client and a server: requests and answers of `Authority` as JSON, the same on both sides.
//!
//! A form is what stands in JSON; [`Crosses`] turns what an authority takes and gives into its form and back. The forms name
//! every field, so that one added there does not compile until it is named here. Bytes are base64url without padding.

#[macro_use]
mod forms;

pub mod calls;
pub mod octets;
pub mod origin;
pub mod refusal;
pub mod rows;
pub mod session;
pub mod states;
pub mod submission;
pub mod tables;

pub use forms::Crosses;
pub use octets::{Key, Octets};
pub use refusal::Refusal;

/// What every path begins with.
pub const VERSION: &str = "/v1";

/// The longest list in a request.
pub const LONGEST_LIST: usize = 65_536;

/// The header that tells a request in logs and traces.
pub const REQUEST_ID: &str = "x-request-id";
