//! Fields of items.

use std::fmt;
use std::str::FromStr;

use super::secret::Secret;
use crate::error::{Error, Result};

macro_rules! field_types {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// What a field holds, in 1Password's words.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum FieldType { $($(#[$doc])* $name,)* }

        impl FieldType {
            /// Every type.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The type in `snake_case`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

field_types! {
    /// Plain text, the default.
    Text = "text",
    /// A secret: masked wherever it is printed.
    Concealed = "concealed",
    /// An e-mail address.
    Email = "email",
    /// A web address.
    Url = "url",
    /// A one-time password's `otpauth://` address or base32 secret (RFC 6238): masked.
    Totp = "totp",
    /// A date.
    Date = "date",
    /// A month and a year.
    MonthYear = "month_year",
    /// A telephone number.
    Phone = "phone",
    /// A postal address.
    Address = "address",
    /// An SSH private key: masked.
    SshKey = "ssh_key",
    /// Another item's id.
    Reference = "reference",
    /// A card number: masked.
    CreditCardNumber = "credit_card_number",
    /// A card type.
    CreditCardType = "credit_card_type",
    /// One of several choices.
    Menu = "menu",
}

impl FieldType {
    /// Whether values of this type are masked wherever they are printed.
    pub const fn is_concealed(self) -> bool {
        matches!(self, Self::Concealed | Self::Totp | Self::SshKey | Self::CreditCardNumber)
    }
}

impl FromStr for FieldType {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| Error::argument("type", format!("`{text}` is not a field type: use text, concealed, email, url, totp, date, phone, ssh_key, reference, …")))
    }
}

/// A field of an item. (section, label) is unique in an item.
#[derive(Clone)]
pub struct Field {
    /// 1 to 1,024 bytes.
    pub label: String,
    /// At most 1 MiB.
    pub value: Secret,
    /// What the value is.
    pub field_type: FieldType,
    /// The section it stands in; `None` is the item itself.
    pub section: Option<String>,
}

impl PartialEq for Field {
    fn eq(&self, other: &Self) -> bool {
        self.label == other.label
            && self.value.expose() == other.value.expose()
            && self.field_type == other.field_type
            && self.section == other.section
    }
}

impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = if self.field_type.is_concealed() { "***" } else { self.value.expose() };
        f.debug_struct("Field")
            .field("label", &self.label)
            .field("value", &value)
            .field("type", &self.field_type.as_str())
            .field("section", &self.section)
            .finish()
    }
}
