//! What users name things by.

use std::fmt::Display;
use std::str::FromStr;

use super::{refused, text};
use crate::client::secrets;
use crate::error::Error;
use crate::error::ErrorKind::InvalidArgument;
use crate::model::change::ChangeKind;
use crate::model::field::FieldType;
use crate::model::id::{AccountId, FileId, GroupId, ItemId, PrincipalId, VaultId};
use crate::model::item::Category;
use crate::model::principal::{PrincipalRef, parse_email};
use crate::model::role::Role;

/// Ids, e-mail addresses, roles and kinds.
pub fn name(data: &[u8]) {
    fn one<T: FromStr<Err = Error>>(text: &str, shown: impl Fn(&T) -> String) {
        match text.parse::<T>() {
            Ok(value) => assert_eq!(shown(&value), text),
            Err(error) => refused(&error, &[InvalidArgument]),
        }
    }
    fn id<T: FromStr<Err = Error> + Display>(text: &str) {
        one::<T>(text, T::to_string);
    }
    let text = text(data);
    id::<AccountId>(text);
    id::<VaultId>(text);
    id::<ItemId>(text);
    id::<FileId>(text);
    id::<GroupId>(text);
    id::<PrincipalId>(text);
    id::<Role>(text);
    one::<ChangeKind>(text, |kind| kind.as_str().to_owned());
    one::<Category>(text, |category| category.as_str().to_owned());
    one::<FieldType>(text, |kind| kind.as_str().to_owned());
    one::<PrincipalRef>(text, |whom| match whom {
        PrincipalRef::Email(email) => {
            assert_eq!(*email, text.to_lowercase());
            text.to_owned()
        }
        id => format!("{id:?}"),
    });
    // An address is kept in the form that it has when it is read again.
    if let Ok(kept) = parse_email(text) {
        assert_eq!(parse_email(&kept).ok(), Some(kept));
    }
}

/// `op://` references.
pub fn reference(data: &[u8]) {
    if let Err(error) = secrets::validate(text(data)) {
        refused(&error, &[InvalidArgument]);
    }
}
