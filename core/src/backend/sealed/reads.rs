//! Reads and refusals: the engine's word, merged with what was signed, and replayed against its anchors.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use super::Sealed;
use super::known::Known;
use crate::authority::{AuditPage, ReadsPage};
use crate::error::{Error, Result};
use crate::log::reads::{Action, Anchors, Chain, ReadEntry};
use crate::model::audit::{AuditEvent, Evidence};
use crate::model::id::{FileId, Id, ItemId, SessionId, VaultId};
use crate::model::time;
use crate::store::{ReadRow, SessionRow};

/// Entries that are replayed at a time.
const ENTRIES: u32 = 1_000;

/// Where to read on in the audit: in the feed, and among the reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) feed: u64,
    pub(super) reads: u64,
}

impl Place {
    pub(super) fn parse(after: Option<&str>) -> Result<Self> {
        let Some(text) = after else { return Ok(Self::default()) };
        let parsed = text
            .split_once('.')
            .and_then(|(feed, reads)| Some(Self { feed: feed.parse().ok()?, reads: reads.parse().ok()? }));
        parsed.ok_or_else(|| Error::argument("after", "this is no cursor of this list"))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.feed, self.reads)
    }
}

/// An entry of a chain, decoded.
pub(super) struct Read {
    pub(super) entry: ReadEntry,
    place: u64,
    hash: Id,
}

impl Read {
    pub(super) fn of(row: &ReadRow) -> Result<Self> {
        let entry = ReadEntry::from_bytes(&row.entry)?;
        Ok(Self { entry, place: row.place, hash: ReadEntry::hash(&row.entry) })
    }
}

/// An event of a merged page, by its number in the page that it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Merged {
    Signed(usize),
    Observed(usize),
}

/// The events of both pages in order of time, at most `limit`, and where the next page begins; none at the end.
///
/// Each page goes on where it stopped, whatever the other holds: so nothing is told twice or never, also if it came late.
pub(super) fn merge(
    signed: &AuditPage,
    observed: &ReadsPage,
    reads: &[Read],
    limit: usize,
) -> (Vec<Merged>, Option<Place>) {
    let signed_times = rising(signed.places.iter().map(|(_, origin)| origin.time));
    let observed_times = rising(reads.iter().map(|read| read.entry.time));
    // Up to when a page is known to be whole; one that ended early without a row says nothing of the other.
    let until = |ended: bool, times: &[u64]| if ended { Some(u64::MAX) } else { times.last().copied() };
    let signed_until = until(signed.ended, &signed_times);
    let observed_until = until(observed.ended, &observed_times);
    let (mut s, mut o, mut merged) = (0, 0, Vec::new());
    while merged.len() < limit {
        let first = signed_times.get(s).filter(|time| observed_until.is_some_and(|until| **time <= until));
        let second = observed_times.get(o).filter(|time| signed_until.is_some_and(|until| **time <= until));
        match (first, second) {
            (None, None) => break,
            (Some(first), second) if second.is_none_or(|second| first <= second) => {
                merged.push(Merged::Signed(s));
                s += 1;
            }
            _ => {
                merged.push(Merged::Observed(o));
                o += 1;
            }
        }
    }
    let feed = signed.places.get(s).map_or(signed.next, |(place, _)| place.position);
    let place = Place { feed, reads: observed.rows.get(o).map_or(observed.next, |row| row.place) };
    let all = s == signed.places.len() && o == reads.len() && signed.ended && observed.ended;
    (merged, (!all).then_some(place))
}

/// Times that do not go back, as the clock may have.
fn rising(times: impl Iterator<Item = u64>) -> Vec<u64> {
    times
        .scan(0, |last: &mut u64, time| {
            *last = (*last).max(time);
            Some(*last)
        })
        .collect()
}

impl Sealed {
    /// A read or refusal as the audit tells it.
    pub(super) fn observed(&self, known: &Known, read: &Read) -> Result<AuditEvent> {
        let entry = &read.entry;
        let action = entry.action()?;
        let (item, file) = (entry.item.0.map(ItemId), entry.file.0.map(FileId));
        let vault = entry.vault.0.map(VaultId);
        let detail = match (action, item) {
            (Action::FileRead, Some(item)) => format!("of {item}"),
            _ => entry.detail.clone(),
        };
        let target_id = match (file, item, vault) {
            (Some(file), ..) => Some(file.to_string()),
            (None, Some(item), _) => Some(item.to_string()),
            (None, None, vault) => vault.map(|vault| vault.to_string()),
        };
        Ok(AuditEvent {
            seq: read.place,
            at: time::from_millis(entry.time),
            actor: self.profiles.actor(known, entry.actor),
            generation: entry.generation,
            app: entry.app.clone(),
            session: Some(SessionId(entry.session).to_string()),
            action: action.as_str().to_owned(),
            vault_id: vault,
            target_id,
            detail,
            hash: read.hash,
            evidence: Evidence::Observed,
        })
    }

    /// Replays every chain of reads against its anchors and against where the tables say it stands, and the sessions of
    /// signed entries against those that were opened. Answers how many entries there are.
    pub(super) async fn replay_reads(&self, mut anchors: Anchors, origins: &[(Id, SessionRow)]) -> Result<u64> {
        for chain in self.authority.chains(self.session()).await? {
            anchors.expect(chain)?;
        }
        let (mut chains, mut sessions, mut place) = (BTreeMap::new(), HashMap::new(), 0);
        loop {
            let rows = self.authority.export_reads(self.session(), place, ENTRIES).await?;
            if rows.is_empty() {
                break;
            }
            for row in rows {
                let (chain, time) = chains.entry(row.chain).or_insert_with(|| (Chain::new(row.chain), 0));
                if row.place != place || row.index != chain.count {
                    return Err(broken("some were taken away or put elsewhere"));
                }
                let entry = ReadEntry::from_bytes(&row.entry)?;
                if entry.time < *time {
                    return Err(broken("a chain goes back in time"));
                }
                *time = entry.time;
                chain.step(&row.entry);
                anchors.check(*chain)?;
                if entry.action()? == Action::SessionOpened {
                    sessions.insert(entry.session, (entry.actor, entry.app));
                }
                place += 1;
            }
        }
        let ends = chains.into_iter().map(|(id, (chain, _))| (id, chain)).collect();
        anchors.finish(&ends)?;
        for (signer, SessionRow { session, app }) in origins {
            // A power cut may have taken the entry of a session's beginning, and left what was signed in it.
            if sessions.get(session).is_some_and(|opened| *opened != (*signer, app.clone())) {
                return Err(broken("an entry of a log is told to come from another's session"));
            }
        }
        Ok(place)
    }
}

fn broken(why: &str) -> Error {
    Error::tampered(format!("the reads do not hold: {why}; restore the store"))
}
