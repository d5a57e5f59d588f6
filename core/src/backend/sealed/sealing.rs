//! Sealing and opening the parts of vaults and items.

use super::Sealed;
use super::content::{self, VaultName};
use super::known::VaultView;
use crate::authority::VaultRows;
use crate::crypto::key::SealKey;
use crate::crypto::part::{self, Part, Place};
use crate::error::Result;
use crate::log::body::sealed_hash;
use crate::model::id::{Id, ItemId, VaultId};

impl Sealed {
    /// The sealed name of a vault; `version` is the place of its operation in the vault log.
    pub(super) fn seal_name(
        &self,
        key: &SealKey,
        vault: VaultId,
        version: u64,
        epoch: u32,
        name: &VaultName,
    ) -> Result<Vec<u8>> {
        part::seal_part(key, &self.name_place(vault, version, epoch), &content::encode(name))
    }

    /// A vault's name; `None` if the row is not the one that the log names, which may be the older of the two.
    pub(super) async fn open_name(&self, view: &VaultView, rows: &VaultRows) -> Result<Option<VaultName>> {
        let reference = view.log.name;
        if sealed_hash(&rows.name) != reference.hash {
            return Ok(None);
        }
        self.open_keys(view, rows).await?;
        let key = self.vault_key(view, reference.epoch).await?;
        let place = self.name_place(view.log.id, reference.seq, reference.epoch);
        content::decode(&part::open_part(&key, &place, &rows.name)?).map(Some)
    }

    fn name_place(&self, vault: VaultId, version: u64, epoch: u32) -> Place {
        Place { account: self.account_id(), vault, item: None, version, epoch, part: Part::Name }
    }

    pub(super) fn item_place(&self, vault: VaultId, item: Id, version: u64, epoch: u32, part: Part) -> Place {
        Place { account: self.account_id(), vault, item: Some(ItemId(item)), version, epoch, part }
    }
}
