//! Items of vaults.

use std::str::FromStr;

use super::field::Field;
use super::file::{File, NewFile};
use super::id::{ItemId, PrincipalId, VaultId};
use super::time::Timestamp;
use crate::error::{Error, Result};

/// The longest title, in bytes.
pub const MAX_TITLE: usize = 1024;
/// The longest notes, in bytes.
pub const MAX_NOTES: usize = 1 << 20;
/// The most fields of an item.
pub const MAX_FIELDS: usize = 1000;

macro_rules! categories {
    ($($name:ident = $text:literal,)*) => {
        /// What an item is, in 1Password's words.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "each is named by the field's own word")]
        pub enum Category { $($name,)* }

        impl Category {
            /// Every category.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The category in `snake_case`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

categories! {
    Login = "login",
    Password = "password",
    SecureNote = "secure_note",
    Document = "document",
    ApiCredential = "api_credential",
    SshKey = "ssh_key",
    Database = "database",
    Server = "server",
    Identity = "identity",
    CreditCard = "credit_card",
    BankAccount = "bank_account",
    SoftwareLicense = "software_license",
    EmailAccount = "email_account",
    Membership = "membership",
    Passport = "passport",
    DriverLicense = "driver_license",
    MedicalRecord = "medical_record",
    OutdoorLicense = "outdoor_license",
    RewardProgram = "reward_program",
    SocialSecurityNumber = "social_security_number",
    WirelessRouter = "wireless_router",
    CryptoWallet = "crypto_wallet",
}

impl FromStr for Category {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::ALL.iter().copied().find(|category| category.as_str() == text).ok_or_else(|| {
            Error::argument(
                "category",
                format!(
                    "`{text}` is not a category: use login, password, secure_note, document, api_credential, ssh_key, …"
                ),
            )
        })
    }
}

/// An item with all it holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// `itm_…`.
    pub id: ItemId,
    /// The vault it is in.
    pub vault_id: VaultId,
    /// Its title.
    pub title: String,
    /// What it is.
    pub category: Category,
    /// Its fields, in the order they were added.
    pub fields: Vec<Field>,
    /// Its notes.
    pub notes: String,
    /// Its tags, in order.
    pub tags: Vec<String>,
    /// Its web addresses, in order.
    pub urls: Vec<String>,
    /// Its files, in the order they were attached.
    pub files: Vec<File>,
    /// 1 when made, one more with each change.
    pub version: u64,
    /// Whether it is archived.
    pub archived: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When this version was made.
    pub updated_at: Timestamp,
    /// Who made this version.
    pub updated_by: PrincipalId,
}

impl Item {
    /// The field of this label, in this section.
    pub fn field(&self, label: &str, section: Option<&str>) -> Option<&Field> {
        self.fields.iter().find(|field| field.label == label && field.section.as_deref() == section)
    }
}

/// An item in a list: without fields, notes and files.
#[derive(Clone, Debug, PartialEq)]
pub struct ItemSummary {
    /// `itm_…`.
    pub id: ItemId,
    /// The vault it is in.
    pub vault_id: VaultId,
    /// Its title.
    pub title: String,
    /// What it is.
    pub category: Category,
    /// Its tags, in order.
    pub tags: Vec<String>,
    /// Its web addresses, in order.
    pub urls: Vec<String>,
    /// 1 when made, one more with each change.
    pub version: u64,
    /// Whether it is archived.
    pub archived: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When this version was made.
    pub updated_at: Timestamp,
    /// Who made this version.
    pub updated_by: PrincipalId,
}

/// An item to make.
#[derive(Default)]
pub struct NewItem {
    /// 1 to 1,024 bytes.
    pub title: String,
    /// `secure_note` by default.
    pub category: Option<String>,
    /// At most 1,000.
    pub fields: Vec<Field>,
    /// At most 1 MiB.
    pub notes: Option<String>,
    /// In order.
    pub tags: Vec<String>,
    /// In order.
    pub urls: Vec<String>,
    /// Attached in the same operation.
    pub files: Vec<NewFile>,
    /// Makes a repeat answer what the first call did.
    pub idempotency_key: Option<String>,
}

/// What to change in an item; what is left out stays.
#[derive(Clone, Debug, Default)]
pub struct ItemUpdate {
    /// 1 to 1,024 bytes.
    pub title: Option<String>,
    /// At most 1 MiB.
    pub notes: Option<String>,
    /// The new list.
    pub tags: Option<Vec<String>>,
    /// The new list.
    pub urls: Option<Vec<String>>,
    /// Added, or replacing the field of the same section and label.
    pub set_fields: Vec<Field>,
    /// Labels of fields to take out; `section.label` reaches into a section.
    pub remove_fields: Vec<String>,
    /// Refuses with `Conflict` unless the item is at this version.
    pub if_version: Option<u64>,
}

/// Which items a list shows.
#[derive(Clone, Debug, Default)]
pub struct ItemFilter {
    /// Only archived ones, or only those that are not.
    pub archived: bool,
    /// Only those with this tag.
    pub tag: Option<String>,
    /// Only those of this category.
    pub category: Option<String>,
}
