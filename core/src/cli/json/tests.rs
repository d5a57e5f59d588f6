use super::*;
use crate::model::change::ChangeKind;
use crate::model::field::FieldType;
use crate::model::id::{Id, ItemId, PrincipalId, PrincipalKind, VaultId};
use crate::model::item::Category;
use crate::model::secret::Secret;
use crate::model::time::from_millis;

fn somebody() -> PrincipalId {
    PrincipalId { kind: PrincipalKind::User, id: Id([3; 32]) }
}

fn homework() -> Item {
    let field = |label: &str, field_type| Field {
        label: label.to_owned(),
        value: Secret::new(format!("the {label}")),
        field_type,
        section: None,
    };
    Item {
        id: ItemId(Id([1; 32])),
        vault_id: VaultId(Id([2; 32])),
        title: "Homework 1".to_owned(),
        category: Category::Login,
        fields: vec![
            field("password", FieldType::Concealed),
            field("code", FieldType::Totp),
            field("key", FieldType::SshKey),
            field("card", FieldType::CreditCardNumber),
            field("grade", FieldType::Text),
        ],
        notes: String::new(),
        tags: vec![],
        urls: vec![],
        files: vec![],
        version: 1,
        archived: false,
        created_at: from_millis(0),
        updated_at: from_millis(1_700_000_000_123),
        updated_by: somebody(),
    }
}

#[test]
fn concealed_values_are_masked_unless_revealed() {
    let values = |reveal| {
        let item = item(&homework(), reveal);
        item["fields"]
            .as_array()
            .unwrap()
            .iter()
            .map(|field| field["value"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(values(false), ["***", "***", "***", "***", "the grade"]);
    assert_eq!(values(true), ["the password", "the code", "the key", "the card", "the grade"]);
}

#[test]
fn times_are_rfc_3339_and_ids_are_printed() {
    let item = item(&homework(), false);
    assert_eq!(item["updated_at"], "2023-11-14T22:13:20.123Z");
    assert_eq!(item["id"].as_str().unwrap().parse::<ItemId>().unwrap(), homework().id);
    assert_eq!(item["updated_by"].as_str().unwrap().parse::<PrincipalId>().unwrap(), somebody());
}

#[test]
fn a_change_has_what_its_kind_has() {
    let mut told = Change {
        kind: ChangeKind::ItemUpdated,
        vault_id: VaultId(Id([2; 32])),
        actor: Actor { id: somebody(), kind: PrincipalKind::User, name: "Alice".to_owned() },
        at: from_millis(0),
        cursor: "c1".to_owned(),
        subject: Subject::Item { item_id: homework().id, version: 2 },
    };
    let value = change(&told);
    assert_eq!(
        (&value["kind"], &value["version"], &value["actor"]["name"]),
        (&"item.updated".into(), &2.into(), &"Alice".into())
    );
    assert!(value.get("file_id").is_none());
    told.subject = Subject::Vault;
    assert!(change(&told).get("item_id").is_none());
}
