//! States of logs, their new entries, and what proves them.

mod answer;
pub(super) mod visible;

use std::collections::HashSet;

use super::former::Past;
use super::look::{Look, lacking};
use super::notes::About;
use super::prove::{RecentNodes, prove};
use super::{Engine, pages};
use crate::authority::{
    EntryAnswer, FormerAnswer, FormerRequest, LogAnswer, LogRequest, SeenProof, Session, States, StatesRequest,
    VaultAnswer, VaultRequest,
};
use crate::error::Result;
use crate::log::feed::Head;
use crate::log::operation::{LogId, LogKind};
use crate::log::reads::Action;
use crate::log::tree::{prove_consistency, prove_inclusion};
use crate::model::id::Id;
use crate::model::role::Role;
use crate::store::{LogRow, Snapshot, TreeId};
use answer::Told;
use visible::Sight;

impl Engine {
    pub(super) async fn read_states(&self, session: Session, request: StatesRequest) -> Result<States> {
        let mut look = self.look(session).await?;
        let mut told = Told::default();
        let visible = self.visible_logs(&mut look, &request.logs).await?;
        let mut logs = Vec::new();
        let asked = distinct(&request.logs, |asked| asked.log).filter(|asked| visible.contains(&asked.log));
        let asked: Vec<LogRequest> = asked.copied().collect();
        let rows = look.snapshot.states(&asked.iter().map(|asked| asked.log).collect::<Vec<_>>()).await?;
        for (asked, row) in asked.into_iter().zip(rows) {
            let Some(LogRow { log, leaf, state }) = row else { continue };
            let entries = new_entries(&mut look, log, asked.from, state, &mut told).await?;
            logs.push(LogAnswer { log, leaf, state, entries });
        }
        let mut vaults = Vec::new();
        for asked in distinct(&request.vaults, |asked| asked.vault) {
            let sight = self.sight(&mut look, asked.vault).await?;
            if sight == Sight::None {
                // What is left out is refused, in the words of a vault that is not there.
                let about = About { vault: Some(asked.vault), ..About::default() };
                self.note(&look.caller, Action::AccessDenied, about, lacking(Role::Read, None)).await?;
            } else {
                vaults.extend(vault_answer(&mut look, *asked, sight, &mut told).await?);
            }
        }
        let mut former = Vec::new();
        for asked in distinct(&request.former, |asked| asked.vault) {
            former.extend(self.former_answer(&mut look, *asked, &mut told).await?);
        }
        proven(&self.nodes, &mut look, &request, Shown { logs, vaults, former }, told).await
    }

    async fn former_answer(
        &self,
        look: &mut Look,
        asked: FormerRequest,
        told: &mut Told,
    ) -> Result<Option<FormerAnswer>> {
        let FormerRequest { vault, access_from, items_from } = asked;
        let Some(past) = self.past(look, vault).await? else { return Ok(None) };
        let access_entries = past_entries(look, past, LogId::new(LogKind::Vault, vault), access_from, told).await?;
        let items_entries = past_entries(look, past, LogId::new(LogKind::Items, vault), items_from, told).await?;
        Ok(Some(FormerAnswer { vault, access_entries, items_entries }))
    }
}

/// The logs of an answer.
struct Shown {
    logs: Vec<LogAnswer>,
    vaults: Vec<VaultAnswer>,
    former: Vec<FormerAnswer>,
}

async fn vault_answer(
    look: &mut Look,
    asked: VaultRequest,
    sight: Sight,
    told: &mut Told,
) -> Result<Option<VaultAnswer>> {
    let VaultRequest { vault, access_from, items_from } = asked;
    let log = |kind| LogId { kind, id: vault };
    let mut rows = look.snapshot.states(&[log(LogKind::Vault), log(LogKind::Items)]).await?.into_iter();
    let (access, items) = (rows.next().flatten(), rows.next().flatten());
    let Some(access) = access else { return Ok(None) };
    let items = items.map_or_else(Head::empty, |row| row.state);
    let access_entries = new_entries(look, log(LogKind::Vault), access_from, access.state, told).await?;
    let items_entries = match items_from.filter(|_| sight == Sight::All) {
        Some(from) => new_entries(look, log(LogKind::Items), from, items, told).await?,
        None => Vec::new(),
    };
    Ok(Some(VaultAnswer { vault, leaf: access.leaf, access: access.state, items, access_entries, items_entries }))
}

async fn new_entries(look: &mut Look, log: LogId, from: u64, state: Head, told: &mut Told) -> Result<Vec<EntryAnswer>> {
    let entries = pages::entries(&mut *look.snapshot, log, from, state.size).await?;
    entries.into_iter().map(|entry| told.entry(entry)).collect()
}

/// Entries as far as they are shown to somebody who was in the vault.
async fn past_entries(look: &mut Look, past: Past, log: LogId, from: u64, told: &mut Told) -> Result<Vec<EntryAnswer>> {
    let Some(row) = look.snapshot.log(log).await? else { return Ok(Vec::new()) };
    let entries = pages::entries(&mut *look.snapshot, log, from, row.state.size).await?;
    entries.into_iter().take_while(|entry| past.shows(entry)).map(|entry| told.entry(entry)).collect()
}

/// The answer with its proofs, all from one moment.
async fn proven(
    recent: &RecentNodes,
    look: &mut Look,
    request: &StatesRequest,
    shown: Shown,
    told: Told,
) -> Result<States> {
    let Shown { logs, vaults, former } = shown;
    let snapshot = &mut *look.snapshot;
    let head = snapshot.head().await?;
    let roots = snapshot.heads().await?;
    let joined = join(recent, snapshot, request.known, head).await?;
    let mut others_joined = Vec::with_capacity(request.others.len());
    for other in &request.others {
        others_joined.push(join(recent, snapshot, *other, head).await?);
    }
    let leaves = sorted(logs.iter().map(|log| log.leaf));
    let logs_proof =
        prove(recent, snapshot, TreeId::AccountHeads, |nodes| prove_inclusion(nodes, roots.account.size, &leaves))
            .await?;
    let leaves = sorted(vaults.iter().map(|vault| vault.leaf));
    let vaults_proof =
        prove(recent, snapshot, TreeId::VaultHeads, |nodes| prove_inclusion(nodes, roots.vaults.size, &leaves)).await?;
    let positions = sorted(told.positions.iter().copied().chain(head.size.checked_sub(1)));
    let feed_proof =
        prove(recent, snapshot, TreeId::Feed, |nodes| prove_inclusion(nodes, head.size, &positions)).await?;
    let mut seen = Vec::new();
    for earlier in told.newest_seen(head) {
        let joined = join(recent, snapshot, earlier, head).await?;
        seen.push(SeenProof { seen: earlier, joined });
    }
    Ok(States { head, joined, others_joined, roots, logs, vaults, former, logs_proof, vaults_proof, feed_proof, seen })
}

/// The consistency proof from an earlier head; none from one that is newer than all there is here, which the caller sees by itself.
async fn join(recent: &RecentNodes, snapshot: &mut dyn Snapshot, earlier: Head, head: Head) -> Result<Vec<Id>> {
    if earlier.size > head.size {
        return Ok(Vec::new());
    }
    prove(recent, snapshot, TreeId::Feed, |nodes| prove_consistency(nodes, earlier.size, head.size)).await
}

fn sorted(places: impl Iterator<Item = u64>) -> Vec<u64> {
    let mut places: Vec<u64> = places.collect();
    places.sort_unstable();
    places.dedup();
    places
}

/// What was asked, without what was asked before.
fn distinct<T, K: Eq + std::hash::Hash>(asked: &[T], key: impl Fn(&T) -> K) -> impl Iterator<Item = &T> {
    let mut before = HashSet::new();
    asked.iter().filter(move |asked| before.insert(key(asked)))
}
