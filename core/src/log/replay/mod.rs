//! The rules of the logs as one replay: who may what, at which place. Engine, readers and audit all call this, so they can't disagree.
//!
//! Nothing here checks a signature or a tree: [`Placed`] is an entry whose bytes, signatures and places its holder has
//! checked (a reader) or given itself (the engine).

pub mod account;
pub mod directory;
pub mod group;
pub mod items;
pub mod mentions;
pub mod principal;
pub mod timeline;
pub mod vault;

use super::feed::Head;
use super::operation::{LogId, Operation};
use super::tree::Frontier;
use crate::error::Error;
use crate::model::id::Id;

pub use account::AccountLog;
pub use directory::{Directory, Judged};
pub use group::GroupLog;
pub use items::ItemsLog;
pub use mentions::{mentions, people};
pub use principal::PrincipalLog;
pub use vault::VaultLog;

/// The place in the feed of an entry that is judged before it has one: after everything.
pub const NEXT: u64 = u64::MAX;

/// An operation at its places.
#[derive(Clone, Copy, Debug)]
pub struct Placed<'a> {
    /// Its log.
    pub log: LogId,
    /// Its place there.
    pub seq: u64,
    /// When it was taken, in milliseconds since 1970.
    pub time: u64,
    /// The hash of the entry.
    pub hash: Id,
    /// Its place in the feed; [`NEXT`] while it is judged.
    pub position: u64,
    /// What it says.
    pub operation: &'a Operation,
}

/// Why an operation may not stand where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It builds on another state than the one before it.
    Order(String),
    /// Its signer lacks the role or the right.
    Right(String),
    /// Its signer was ended: suspended, rotated away, deleted, put out.
    Line(String),
    /// What it asks for can't be in this state.
    State(String),
    /// It contradicts itself or what it names.
    Malformed(String),
}

impl Refusal {
    /// The reason.
    pub fn why(&self) -> &str {
        match self {
            Self::Order(why) | Self::Right(why) | Self::Line(why) | Self::State(why) | Self::Malformed(why) => why,
        }
    }
}

impl From<Refusal> for Error {
    /// What a refusal means to a reader: the store shows what no honest engine took.
    fn from(refusal: Refusal) -> Self {
        Self::tampered(format!("a log holds an operation that can't stand there: {}: restore the store", refusal.why()))
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Malformed(error.message().to_owned())
    }
}

/// A verdict.
pub type Verdict<T = ()> = Result<T, Refusal>;

/// How far a log has been replayed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    frontier: Frontier,
    position: Option<u64>,
}

impl Progress {
    fn new() -> Self {
        Self { frontier: Frontier::new(), position: None }
    }

    /// The size and root of what was replayed.
    pub fn head(&self) -> Head {
        Head { size: self.frontier.size(), root: self.frontier.root() }
    }

    /// The tree of what was replayed, to be grown by what comes next.
    pub fn frontier(&self) -> &Frontier {
        &self.frontier
    }

    /// The place in the feed of the last entry.
    pub fn position(&self) -> Option<u64> {
        self.position
    }

    /// Rule 2's first half: the entry is the next one, in the feed too, and was not signed before what it has seen.
    fn expect(&self, placed: Placed<'_>) -> Verdict {
        if placed.seq != self.frontier.size() {
            return Err(Refusal::Order(format!("entry {} follows {}", placed.seq, self.frontier.size())));
        }
        if self.position.is_some_and(|last| placed.position <= last) {
            return Err(Refusal::Order("the feed has the entries of one log in another order".to_owned()));
        }
        if placed.operation.seen.size > placed.position {
            return Err(Refusal::Order("its author had seen more than there was".to_owned()));
        }
        Ok(())
    }

    /// Rule 2's second half, for logs whose operations build on the log itself.
    fn expect_at(&self, placed: Placed<'_>) -> Verdict {
        self.expect(placed)?;
        if placed.operation.at == self.head() {
            Ok(())
        } else {
            Err(Refusal::Order("it builds on another state of its log than the one before it".to_owned()))
        }
    }

    fn advance(&mut self, placed: Placed<'_>) {
        self.frontier.append(placed.hash);
        self.position = Some(placed.position);
    }
}
