//! Waiting until what was staged has its place in the feed, whoever gives it.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::Core;
use super::convert::Columns;
use super::fault;
use super::sequence::{self, GroupId, Sequenced, Step, look_up, sequence};
use crate::error::Result;
use crate::log::feed::Head;
use crate::log::operation::LogId;
use crate::model::id::Id;
use crate::store::Receipt;

/// Somebody else's batch is waited for so long before it is looked at, if nobody tells of it.
const LOOK: Duration = Duration::from_millis(8);
/// How long `PostgreSQL` may be away.
const AWAY: Duration = Duration::from_secs(20);
/// What was committed so long ago and is not in the feed is left to the sweep, in milliseconds.
const RECENT: u64 = 3_000;

/// The receipts of changes, by their number in the group, and a head that covers them.
pub(super) struct Settled {
    pub(super) head: Head,
    pub(super) receipts: HashMap<i32, Vec<Receipt>>,
}

impl Default for Settled {
    fn default() -> Self {
        Self { head: Head::empty(), receipts: HashMap::new() }
    }
}

type Entries = HashMap<i32, Vec<(LogId, u64, Id)>>;

impl Core {
    /// Sequences until all these entries have their places, and with `behind` what others committed; before the answer to
    /// holds, also what those signed who are `ended`.
    pub(super) async fn settle(
        &self,
        group: GroupId,
        entries: &Entries,
        behind: bool,
        ended: &[Id],
    ) -> Result<Settled> {
        let began = Instant::now();
        loop {
            match self.try_settle(group, entries, behind, ended).await {
                Err(error) if (fault::is_lost(&error) || fault::is_crowded(&error)) && began.elapsed() < AWAY => {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                settled => return settled,
            }
        }
    }

    async fn try_settle(&self, group: GroupId, entries: &Entries, behind: bool, ended: &[Id]) -> Result<Settled> {
        let mut settled = Settled::default();
        let mut own = Vec::new();
        if !entries.is_empty() {
            own.push(group);
        }
        for signer in ended {
            own.extend(self.groups_of(*signer).await?);
        }
        let mut missing = own.len();
        while missing > 0 || behind {
            let size = *self.told.borrow();
            match self.sequence(&own, behind).await? {
                Step::Done(Sequenced { head, receipts }) => {
                    settled.head = head;
                    let of_group = receipts.into_iter().filter(|((of, _), _)| *of == group);
                    settled.receipts.extend(of_group.map(|((_, number), receipts)| (number, receipts)));
                    if ended.is_empty() && entries.keys().all(|number| settled.receipts.contains_key(number)) {
                        return self.with_rows_alone(settled, entries).await;
                    }
                }
                Step::Nothing => break,
                Step::Busy => self.wait_for_longer(size).await,
            }
            if behind && missing == 0 {
                // Tried again at once: what it rests on is in the feed now, or somebody is about to bring it there.
                break;
            }
            missing = if own.is_empty() { 0 } else { self.still_staged(&own).await? };
        }
        self.with_rows_alone(settled, entries).await
    }

    /// Fills in what somebody else sequenced, and the head for what needed no place.
    async fn with_rows_alone(&self, mut settled: Settled, entries: &Entries) -> Result<Settled> {
        let missing: Vec<i32> =
            entries.keys().filter(|number| !settled.receipts.contains_key(number)).copied().collect();
        if missing.is_empty() && settled.head.size > 0 {
            return Ok(settled);
        }
        let client = self.connections.work.get().await?;
        let all: Vec<(LogId, u64, Id)> =
            missing.iter().filter_map(|number| entries.get(number)).flatten().copied().collect();
        let (receipts, head) = look_up(&client, &all).await?.ok_or_else(sequence::lost)?;
        settled.head = head;
        let mut receipts = receipts.into_iter();
        for number in missing {
            let count = entries.get(&number).map_or(0, Vec::len);
            settled.receipts.insert(number, receipts.by_ref().take(count).collect());
        }
        Ok(settled)
    }

    /// One step, for these groups and what was committed lately, or (`all`) whatever waits.
    pub(super) async fn sequence(&self, own: &[GroupId], all: bool) -> Result<Step> {
        let from = if all { Vec::new() } else { Self::recent() };
        let client = self.connections.work.get().await?;
        let step = sequence(client, own, &from).await?;
        if let Step::Done(Sequenced { head, .. }) = &step {
            self.tell(head.size);
        }
        Ok(step)
    }

    /// The beginning of the names of groups that were committed lately.
    fn recent() -> Vec<u8> {
        let lately = super::now().saturating_sub(RECENT);
        lately.to_be_bytes().to_vec()
    }

    async fn groups_of(&self, signer: Id) -> Result<Vec<GroupId>> {
        let client = self.connections.work.get().await?;
        let sql = client.prepare_cached("SELECT DISTINCT grp FROM staged WHERE position($1 IN signers) > 0").await?;
        let rows = client.query(&sql, &[&signer.0.as_slice()]).await?;
        rows.iter().map(|row| row.get_as::<&[u8]>(0)?.try_into().map_err(|_| super::convert::damaged())).collect()
    }

    async fn still_staged(&self, groups: &[GroupId]) -> Result<usize> {
        let groups: Vec<&[u8]> = groups.iter().map(<[u8; 16]>::as_slice).collect();
        let client = self.connections.work.get().await?;
        let sql = client.prepare_cached("SELECT count(*) FROM staged WHERE grp = ANY($1)").await?;
        let count = client.query_one(&sql, &[&groups]).await?.number(0)?;
        Ok(usize::try_from(count).unwrap_or(usize::MAX))
    }

    /// Waits until somebody tells that the feed is longer, but not for long.
    async fn wait_for_longer(&self, size: u64) {
        let mut told = self.told.subscribe();
        let longer = told.wait_for(|known| *known > size);
        let _ = tokio::time::timeout(LOOK, longer).await;
    }
}
