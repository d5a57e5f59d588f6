//! Rows on their way into the tables: the last word on each, and a statement for all of one table.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::convert::{bound, int};
use super::writes::{Writes, params};
use crate::error::{Error, Result};
use crate::log::operation::LogKind;
use crate::model::id::Id;
use crate::store::{MemberRow, Row, WrapRow};

/// The objects of these files go, if the database has a place for objects; files of one piece have none.
macro_rules! litter {
    ($files:literal) => {
        concat!(
            "INSERT INTO garbage (file, since, cleared) \
             SELECT id, (extract(epoch FROM clock_timestamp()) * 1000)::BIGINT, FALSE FROM file WHERE ",
            $files,
            " AND octet_length(leaves) > 32 AND EXISTS (SELECT 1 FROM blobs) ON CONFLICT DO NOTHING"
        )
    };
}

struct Principal {
    id: Id,
    kind: u8,
    name: String,
    email: Option<String>,
    salt: Vec<u8>,
    active: bool,
}

struct Item {
    version: u64,
    archived: bool,
    created: u64,
    seq: u64,
}

struct Part {
    seq: u64,
    overview: Vec<u8>,
    details: Vec<u8>,
}

struct File {
    vault: u64,
    item: Id,
    seq: u64,
    length: u64,
    leaves: Vec<u8>,
}

/// The leaves of vaults and principals, by which tables know them.
#[derive(Default)]
pub(super) struct Leaves(pub(super) HashMap<(LogKind, Id), u64>);

impl Leaves {
    fn of(&self, kind: LogKind, id: Id) -> Result<u64> {
        self.0.get(&(kind, id)).copied().ok_or_else(|| {
            Error::tampered("a change that was taken names a log that is not there: restore the database from a backup")
        })
    }

    pub(super) fn vault(&self, vault: Id) -> Result<u64> {
        self.of(LogKind::Vault, vault)
    }
}

/// A role, and when it ends.
type Membership = (u8, Option<u64>);

/// What is to be written, by key.
#[derive(Default)]
pub(super) struct Tables {
    leaves: Leaves,
    principals: BTreeMap<u64, Principal>,
    keys: BTreeMap<(Id, u32), Vec<u8>>,
    vaults: BTreeMap<u64, (Id, Id, Option<String>)>,
    names: BTreeMap<u64, (u32, Vec<u8>)>,
    /// None: they are out.
    members: BTreeMap<(u64, Id), Option<Membership>>,
    people: BTreeSet<(u64, Id)>,
    wraps: BTreeMap<(u64, Id, u32, u32, u8), WrapRow>,
    previous: BTreeMap<(u64, u32), Vec<u8>>,
    items: BTreeMap<(u64, Id), Item>,
    parts: BTreeMap<(u64, Id, u64), Part>,
    files: Vec<(Id, File)>,
    /// Counts files, so that those of one entry have an order.
    number: i64,
    writes: Writes,
}

impl Tables {
    pub(super) fn new(leaves: Leaves) -> Self {
        Self { leaves, ..Self::default() }
    }

    pub(super) const fn leaves(&self) -> &Leaves {
        &self.leaves
    }

    /// Takes a row up; `seq` says at which place of its log each entry of the row's change is.
    pub(super) fn put(&mut self, row: Row, seq: impl Fn(usize) -> Result<u64>) -> Result<()> {
        match row {
            Row::Principal { principal, kind, name, email, salt, active } => {
                let leaf = self.leaves.of(LogKind::Principal, principal)?;
                self.principals.insert(leaf, Principal { id: principal, kind, name, email, salt, active });
            }
            Row::KemKey { principal, generation, key } => _ = self.keys.insert((principal, generation), key),
            Row::Vault { vault, creator, external_id } => {
                self.vaults.insert(self.leaves.vault(vault)?, (vault, creator, external_id));
            }
            Row::Name { vault, epoch, sealed } => {
                self.names.insert(self.leaves.vault(vault)?, (epoch, sealed));
            }
            Row::Member(MemberRow { vault, grantee, role, expires_at }) => {
                self.members.insert((self.leaves.vault(vault)?, grantee), Some((role, expires_at)));
            }
            Row::MemberGone { vault, grantee } => {
                self.members.insert((self.leaves.vault(vault)?, grantee), None);
            }
            Row::Person { vault, principal } => {
                self.people.insert((self.leaves.vault(vault)?, principal));
            }
            Row::Wrap(wrap) => {
                let leaf = self.leaves.vault(wrap.vault)?;
                let key = (leaf, wrap.principal, wrap.epoch, wrap.generation, wrap.form.number());
                self.wraps.insert(key, wrap);
            }
            Row::PreviousKey { vault, epoch, sealed } => {
                self.previous.insert((self.leaves.vault(vault)?, epoch), sealed);
            }
            Row::VaultGone { vault } => {
                let leaf = self.leaves.vault(vault)?;
                self.end_vault(leaf)?;
            }
            Row::Item { vault, item, version, archived, entry, overview, details } => {
                let (leaf, seq) = (self.leaves.vault(vault)?, seq(entry)?);
                // The first entry's place is kept: it is the order of creation.
                let created = self.items.get(&(leaf, item)).map_or(seq, |before| before.created);
                self.items.insert((leaf, item), Item { version, archived, created, seq });
                self.parts.insert((leaf, item, version), Part { seq, overview, details });
            }
            Row::ItemGone { vault, item, version, entry } => {
                let (leaf, seq) = (self.leaves.vault(vault)?, seq(entry)?);
                self.end_item(leaf, item, version, seq)?;
            }
            Row::File { vault, item, file, entry, length, leaves } => {
                let (leaf, seq) = (self.leaves.vault(vault)?, seq(entry)?);
                self.files.push((file, File { vault: leaf, item, seq, length, leaves }));
            }
            Row::FileGone { vault, file } => {
                let leaf = self.leaves.vault(vault)?;
                self.flush()?;
                let sql = "UPDATE file SET detached = TRUE WHERE vault = $1 AND id = $2";
                self.writes.push(sql, params![int(leaf)?, file]);
                self.writes.push("DELETE FROM piece WHERE file = $1", params![file]);
                self.writes.push(litter!("id = $1 AND detached"), params![file]);
            }
            // Written when they were committed.
            Row::Piece { .. } | Row::Release { .. } => {}
        }
        Ok(())
    }

    fn end_vault(&mut self, leaf: u64) -> Result<()> {
        self.flush()?;
        for sql in [
            "DELETE FROM piece WHERE file IN (SELECT id FROM file WHERE vault = $1 AND NOT detached)",
            litter!("vault = $1 AND NOT detached"),
            "DELETE FROM claim USING file WHERE claim.kind = 4 AND claim.key = file.id AND file.vault = $1",
            "DELETE FROM file WHERE vault = $1",
            "DELETE FROM member WHERE vault = $1",
            "DELETE FROM wrap WHERE vault = $1",
            "DELETE FROM previous_key WHERE vault = $1",
            "DELETE FROM part WHERE vault = $1",
            "DELETE FROM item WHERE vault = $1",
            "UPDATE vault SET deleted = TRUE, name_epoch = 0, name = '' WHERE leaf = $1",
        ] {
            self.writes.push(sql, params![int(leaf)?]);
        }
        Ok(())
    }

    fn end_item(&mut self, leaf: u64, item: Id, version: u64, seq: u64) -> Result<()> {
        self.flush()?;
        for sql in [
            "DELETE FROM piece WHERE file IN (SELECT id FROM file WHERE vault = $1 AND item = $2 AND NOT detached)",
            litter!("vault = $1 AND item = $2 AND NOT detached"),
            "DELETE FROM claim USING file WHERE claim.kind = 4 AND claim.key = file.id AND file.vault = $1 \
             AND file.item = $2",
            "DELETE FROM file WHERE vault = $1 AND item = $2",
            "DELETE FROM part WHERE vault = $1 AND item = $2",
        ] {
            self.writes.push(sql, params![int(leaf)?, item]);
        }
        let sql = "UPDATE item SET version = $3, seq = $4, deleted = TRUE WHERE vault = $1 AND id = $2";
        self.writes.push(sql, params![int(leaf)?, item, int(version)?, int(seq)?]);
        Ok(())
    }

    /// All statements, in order.
    pub(super) fn into_writes(mut self) -> Result<Writes> {
        self.flush()?;
        Ok(self.writes)
    }

    /// Writes what was taken up so far.
    fn flush(&mut self) -> Result<()> {
        self.flush_principals()?;
        self.flush_vaults()?;
        self.flush_members()?;
        self.flush_wraps()?;
        self.flush_items()
    }

    fn flush_principals(&mut self) -> Result<()> {
        let principals = std::mem::take(&mut self.principals);
        if !principals.is_empty() {
            let leaves = principals.keys().map(|leaf| int(*leaf)).collect::<Result<Vec<_>>>()?;
            let (mut ids, mut kinds, mut names, mut emails, mut salts, mut actives) =
                (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
            for principal in principals.into_values() {
                ids.push(principal.id);
                kinds.push(i16::from(principal.kind));
                names.push(principal.name);
                emails.push(principal.email);
                salts.push(principal.salt);
                actives.push(principal.active);
            }
            self.writes.push(
                "INSERT INTO principal (leaf, id, kind, name, email, salt, active) SELECT * FROM unnest($1::BIGINT[], \
                 $2::BYTEA[], $3::SMALLINT[], $4::TEXT[], $5::TEXT[], $6::BYTEA[], $7::BOOLEAN[]) \
                 ON CONFLICT (leaf) DO UPDATE SET kind = excluded.kind, name = excluded.name, email = excluded.email, \
                 salt = excluded.salt, active = excluded.active",
                params![leaves, ids, kinds, names, emails, salts, actives],
            );
        }
        let keys = std::mem::take(&mut self.keys);
        if !keys.is_empty() {
            let (of, generations): (Vec<Id>, Vec<i64>) =
                keys.keys().map(|(principal, generation)| (*principal, i64::from(*generation))).unzip();
            self.writes.push(
                "INSERT INTO kem_key (principal, generation, key) SELECT * FROM unnest($1::BYTEA[], $2::BIGINT[], \
                 $3::BYTEA[]) ON CONFLICT (principal, generation) DO UPDATE SET key = excluded.key",
                params![of, generations, keys.into_values().collect::<Vec<_>>()],
            );
        }
        Ok(())
    }

    fn flush_vaults(&mut self) -> Result<()> {
        let vaults = std::mem::take(&mut self.vaults);
        if !vaults.is_empty() {
            let (mut leaves, mut ids, mut creators, mut externals, mut epochs, mut names) =
                (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
            for (leaf, (id, creator, external_id)) in vaults {
                let (epoch, name) = self.names.remove(&leaf).unwrap_or_default();
                leaves.push(int(leaf)?);
                ids.push(id);
                creators.push(creator);
                externals.push(external_id);
                epochs.push(i64::from(epoch));
                names.push(name);
            }
            self.writes.push(
                "INSERT INTO vault (leaf, id, creator, external_id, name_epoch, name, deleted) \
                 SELECT *, FALSE FROM unnest($1::BIGINT[], $2::BYTEA[], $3::BYTEA[], $4::TEXT[], $5::BIGINT[], \
                 $6::BYTEA[]) ON CONFLICT (leaf) DO NOTHING",
                params![leaves, ids, creators, externals, epochs, names],
            );
        }
        let names = std::mem::take(&mut self.names);
        if !names.is_empty() {
            let (mut leaves, mut epochs, mut sealed) = (Vec::new(), Vec::new(), Vec::new());
            for (leaf, (epoch, name)) in names {
                leaves.push(int(leaf)?);
                epochs.push(i64::from(epoch));
                sealed.push(name);
            }
            self.writes.push(
                "UPDATE vault SET name_epoch = new.epoch, name = new.name FROM unnest($1::BIGINT[], $2::BIGINT[], \
                 $3::BYTEA[]) AS new (leaf, epoch, name) WHERE vault.leaf = new.leaf",
                params![leaves, epochs, sealed],
            );
        }
        Ok(())
    }

    fn flush_members(&mut self) -> Result<()> {
        let (mut out_of, mut out) = (Vec::new(), Vec::new());
        let (mut vaults, mut grantees, mut roles, mut ends) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for ((leaf, grantee), member) in std::mem::take(&mut self.members) {
            match member {
                None => {
                    out_of.push(int(leaf)?);
                    out.push(grantee);
                }
                Some((role, expires_at)) => {
                    vaults.push(int(leaf)?);
                    grantees.push(grantee);
                    roles.push(i16::from(role));
                    ends.push(expires_at.map(int).transpose()?);
                }
            }
        }
        if !out.is_empty() {
            self.writes.push(
                "DELETE FROM member USING unnest($1::BIGINT[], $2::BYTEA[]) AS gone (vault, grantee) \
                 WHERE member.vault = gone.vault AND member.grantee = gone.grantee",
                params![out_of, out],
            );
        }
        if !vaults.is_empty() {
            self.writes.push(
                "INSERT INTO member (vault, grantee, role, expires_at) SELECT * FROM unnest($1::BIGINT[], $2::BYTEA[], \
                 $3::SMALLINT[], $4::BIGINT[]) ON CONFLICT (vault, grantee) DO UPDATE SET role = excluded.role, \
                 expires_at = excluded.expires_at",
                params![vaults, grantees, roles, ends],
            );
        }
        let people = std::mem::take(&mut self.people);
        if !people.is_empty() {
            let (vaults, principals): (Vec<i64>, Vec<Id>) =
                people.into_iter().map(|(leaf, principal)| (bound(leaf), principal)).unzip();
            self.writes.push(
                "INSERT INTO person (vault, principal) SELECT * FROM unnest($1::BIGINT[], $2::BYTEA[]) \
                 ON CONFLICT DO NOTHING",
                params![vaults, principals],
            );
        }
        Ok(())
    }

    fn flush_wraps(&mut self) -> Result<()> {
        let wraps = std::mem::take(&mut self.wraps);
        if !wraps.is_empty() {
            let (mut vaults, mut epochs, mut principals, mut generations) =
                (Vec::new(), Vec::new(), Vec::new(), Vec::new());
            let (mut forms, mut makers, mut with, mut sealed) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
            for ((leaf, ..), wrap) in wraps {
                vaults.push(int(leaf)?);
                epochs.push(i64::from(wrap.epoch));
                principals.push(wrap.principal);
                generations.push(i64::from(wrap.generation));
                forms.push(i16::from(wrap.form.number()));
                makers.push(wrap.maker);
                with.push(i64::from(wrap.maker_generation));
                sealed.push(wrap.sealed);
            }
            self.writes.push(
                "INSERT INTO wrap (vault, epoch, principal, generation, form, maker, maker_generation, sealed) \
                 SELECT * FROM unnest($1::BIGINT[], $2::BIGINT[], $3::BYTEA[], $4::BIGINT[], $5::SMALLINT[], \
                 $6::BYTEA[], $7::BIGINT[], $8::BYTEA[]) ON CONFLICT (vault, principal, epoch, generation, form) \
                 DO UPDATE SET maker = excluded.maker, maker_generation = excluded.maker_generation, \
                 sealed = excluded.sealed",
                params![vaults, epochs, principals, generations, forms, makers, with, sealed],
            );
        }
        let previous = std::mem::take(&mut self.previous);
        if !previous.is_empty() {
            let (vaults, epochs): (Vec<i64>, Vec<i64>) =
                previous.keys().map(|(leaf, epoch)| (bound(*leaf), i64::from(*epoch))).unzip();
            self.writes.push(
                "INSERT INTO previous_key (vault, epoch, sealed) SELECT * FROM unnest($1::BIGINT[], $2::BIGINT[], \
                 $3::BYTEA[]) ON CONFLICT (vault, epoch) DO UPDATE SET sealed = excluded.sealed",
                params![vaults, epochs, previous.into_values().collect::<Vec<_>>()],
            );
        }
        Ok(())
    }

    fn flush_items(&mut self) -> Result<()> {
        let items = std::mem::take(&mut self.items);
        if !items.is_empty() {
            let (mut vaults, mut ids, mut versions, mut archived, mut created, mut seqs) =
                (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
            for ((leaf, id), item) in items {
                vaults.push(int(leaf)?);
                ids.push(id);
                versions.push(int(item.version)?);
                archived.push(item.archived);
                created.push(int(item.created)?);
                seqs.push(int(item.seq)?);
            }
            self.writes.push(
                "INSERT INTO item (vault, id, version, archived, deleted, created, seq) SELECT vault, id, version, \
                 archived, FALSE, created, seq FROM unnest($1::BIGINT[], $2::BYTEA[], $3::BIGINT[], $4::BOOLEAN[], \
                 $5::BIGINT[], $6::BIGINT[]) AS new (vault, id, version, archived, created, seq) \
                 ON CONFLICT (vault, id) DO UPDATE SET version = excluded.version, archived = excluded.archived, \
                 deleted = FALSE, seq = excluded.seq",
                params![vaults, ids, versions, archived, created, seqs],
            );
        }
        let parts = std::mem::take(&mut self.parts);
        if !parts.is_empty() {
            let (mut vaults, mut items, mut versions, mut seqs, mut overviews, mut details) =
                (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
            for ((leaf, item, version), part) in parts {
                vaults.push(int(leaf)?);
                items.push(item);
                versions.push(int(version)?);
                seqs.push(int(part.seq)?);
                overviews.push(part.overview);
                details.push(part.details);
            }
            self.writes.push(
                "INSERT INTO part (vault, item, version, seq, overview, details) SELECT * FROM unnest($1::BIGINT[], \
                 $2::BYTEA[], $3::BIGINT[], $4::BIGINT[], $5::BYTEA[], $6::BYTEA[]) ON CONFLICT DO NOTHING",
                params![vaults, items, versions, seqs, overviews, details],
            );
        }
        self.flush_files()
    }

    fn flush_files(&mut self) -> Result<()> {
        let files = std::mem::take(&mut self.files);
        if files.is_empty() {
            return Ok(());
        }
        let (mut ids, mut vaults, mut items, mut seqs, mut numbers, mut lengths, mut leaves) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (id, file) in files {
            self.number += 1;
            ids.push(id);
            vaults.push(int(file.vault)?);
            items.push(file.item);
            seqs.push(int(file.seq)?);
            numbers.push(self.number);
            lengths.push(int(file.length)?);
            leaves.push(file.leaves);
        }
        self.writes.push(
            "INSERT INTO file (id, vault, item, seq, number, length, leaves, detached) SELECT *, FALSE \
             FROM unnest($1::BYTEA[], $2::BIGINT[], $3::BYTEA[], $4::BIGINT[], $5::BIGINT[], $6::BIGINT[], \
             $7::BYTEA[]) ON CONFLICT DO NOTHING",
            params![ids, vaults, items, seqs, numbers, lengths, leaves],
        );
        Ok(())
    }
}
