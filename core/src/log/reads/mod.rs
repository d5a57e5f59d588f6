//! Reads and refusals: salted entries, chained by the engine that saw them, in groups.
//!
//! They are the engine's word. An entry's hash tells nothing of it without its salt, so the place where a chain stands
//! can be anchored in the account's reads log, which all may see the root of. [`ReadEntry`] is one entry, [`Chain`] the
//! place where a chain stands, [`Group`] what is written at once, [`Anchors`] the reads log replayed.

mod anchors;
mod chain;
mod entry;
mod group;

pub use anchors::{Anchors, anchor, anchor_id};
pub use chain::Chain;
pub use entry::{Action, MAX_DETAIL, MAX_ENTRY, ReadEntry};
pub use group::{Frame, Group, MAX_ENTRIES, MAX_GROUP, Rest, frame, groups_of, next_frame};
