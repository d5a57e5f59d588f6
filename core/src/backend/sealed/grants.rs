//! Many grants in one call: those of a vault are one operation, those of all vaults one commit.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::Sealed;
use super::access::{is_waiting, last_tenure};
use super::known::Known;
use super::principals::nobody;
use super::trust::Need;
use crate::authority::Submitted;
use crate::backend::GrantRequest;
use crate::error::Result;
use crate::model::grant::Grant;
use crate::model::id::{Id, PrincipalKind, VaultId};
use crate::model::principal::PrincipalState;
use crate::model::time;

/// The most rows of one commit.
const PAGE: usize = 500;

/// A row's place in the call, and whom it names.
type Row = (usize, Id);

impl Sealed {
    /// Makes many grants; in order, an error per row that could not be made.
    ///
    /// What more than an entry in the vault's log has to be done for, or what is refused, is left to [`Sealed::let_in`].
    pub(super) async fn let_many_in(&self, requests: Vec<(VaultId, GrantRequest)>) -> Result<Vec<Result<Grant>>> {
        let named: Vec<_> = requests.iter().map(|(_, request)| &request.to).collect();
        let found = self.principal_ids(&named).await?;
        let mut answers: Vec<Option<Result<Grant>>> = requests.iter().map(|_| None).collect();
        let mut open: Vec<Row> = Vec::with_capacity(requests.len());
        for (row, who) in found.into_iter().enumerate() {
            match who {
                Ok(who) => open.push((row, who)),
                Err(_) => answers[row] = Some(self.let_one_in(&requests[row]).await),
            }
        }
        while !open.is_empty() {
            let rest = open.split_off(open.len().min(PAGE));
            // Of two rows for one person in one vault the later one counts, so it waits for the other.
            let mut taken = HashSet::new();
            let (page, mut later): (Vec<Row>, Vec<Row>) =
                open.into_iter().partition(|(row, who)| taken.insert((requests[*row].0, *who)));
            let (done, alone) = self.let_page_in(&requests, page).await?;
            let known = self.refresh(need(&requests, &done)).await?;
            let people: Vec<Id> = done.iter().map(|(_, who)| *who).collect();
            self.profiles.load(self.authority(), self.session(), &known, &people).await?;
            for (row, who) in done {
                answers[row] = Some(self.grant_of(&known, requests[row].0.0, who).await);
            }
            for (row, _) in alone {
                answers[row] = Some(self.let_one_in(&requests[row]).await);
            }
            later.extend(rest);
            open = later;
        }
        Ok(answers.into_iter().map(|row| row.unwrap_or_else(|| Err(Self::contended("the vault's access")))).collect())
    }

    async fn let_one_in(&self, (vault, request): &(VaultId, GrantRequest)) -> Result<Grant> {
        self.let_in(vault.0, request.clone()).await
    }

    /// The rows that were made in one commit, and those that are to be made one by one.
    async fn let_page_in(&self, requests: &[(VaultId, GrantRequest)], page: Vec<Row>) -> Result<(Vec<Row>, Vec<Row>)> {
        let known = self.refresh(need(requests, &page).asked_now()).await?;
        let mut vaults: BTreeMap<Id, Vec<Row>> = BTreeMap::new();
        let (mut done, mut alone) = (Vec::new(), Vec::new());
        for (row, who) in page {
            let (vault, request) = &requests[row];
            if self.is_plain(&known, vault.0, who, request).await {
                vaults.entry(vault.0).or_default().push((row, who));
            } else {
                alone.push((row, who));
            }
        }
        let (mut made, mut submissions) = (Vec::new(), Vec::new());
        for (vault, rows) in vaults {
            let mut members = Vec::with_capacity(rows.len());
            for (row, who) in &rows {
                let GrantRequest { role, expires_at, .. } = &requests[*row].1;
                let log = known.directory()?.principal(*who).ok_or_else(nobody)?;
                members.push((log, *role, expires_at.map(time::to_millis)));
            }
            match self.grant_submission(&known, known.vault(vault)?, &members).await {
                Ok(next) => {
                    submissions.push(next.submission);
                    made.push((vault, rows));
                }
                Err(_) => alone.extend(rows),
            }
        }
        let answers = if submissions.is_empty() { Vec::new() } else { self.submit_many(submissions).await? };
        let mut changed = Vec::new();
        for ((vault, rows), answer) in made.into_iter().zip(answers) {
            if let Ok(Submitted::Taken(_) | Submitted::Before(_)) = answer {
                changed.push(vault);
                done.extend(rows);
            } else {
                alone.extend(rows);
            }
        }
        self.trust.expire_all(&changed).await;
        alone.sort_unstable();
        Ok((done, alone))
    }

    /// Whether the grant adds somebody, or something to what they have, by an entry in the vault's log alone.
    async fn is_plain(&self, known: &Known, vault: Id, who: Id, request: &GrantRequest) -> bool {
        let Some(view) = self.governs(known, vault) else { return false };
        let Some(log) = known.directory().ok().and_then(|directory| directory.principal(who)) else { return false };
        let Some(newest) = log.newest() else { return false };
        if log.kind == PrincipalKind::Recovery || log.state == PrincipalState::Deleted {
            return false;
        }
        let tenure = view.log.tenure(who).filter(|(_, tenure)| {
            tenure.generation.is_some_and(|generation| log.same_chain(generation, newest.number))
        });
        let adds = match tenure {
            None => true,
            Some((had, tenure)) => {
                let same = had == request.role && tenure.expires_at == request.expires_at.map(time::to_millis);
                had <= request.role && (!same || is_waiting(known, view, who).unwrap_or(true))
            }
        };
        adds && self.check_reissued(known, &request.to, log, Some(&view.log)).await.is_ok()
    }

    async fn grant_of(&self, known: &Known, vault: Id, who: Id) -> Result<Grant> {
        let view = known.vault(vault)?;
        let (role, tenure) = last_tenure(view, who).ok_or_else(nobody)?;
        self.show_grant(known, view, who, tenure, role).await
    }
}

fn need(requests: &[(VaultId, GrantRequest)], rows: &[Row]) -> Need {
    let vaults: BTreeSet<Id> = rows.iter().map(|(row, _)| requests[*row].0.0).collect();
    Need { vaults, ..Need::principals(rows.iter().map(|(_, who)| *who)) }
}
