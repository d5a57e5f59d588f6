//! What a change makes of an item.

use super::content::{Details, Overview, PlainField};
use super::items::Next;
use super::opened::Opened;
use crate::backend::ItemChange;
use crate::error::{Error, Result};
use crate::model::item::{Item, ItemSummary, MAX_FIELDS};

/// The first answer to an idempotency key, if the arguments are the same. Files are compared by name, and by size where it is known.
pub(super) fn same_item(
    first: Item,
    overview: &Overview,
    details: &Details,
    files: &[(String, Option<u64>)],
) -> Result<Item> {
    let fields: Vec<_> = details.fields.iter().map(PlainField::to_field).collect();
    let same = first.title == overview.title
        && first.category.as_str() == overview.category
        && first.tags == overview.tags
        && first.urls == overview.urls
        && first.notes == details.notes
        && first.fields == fields
        && first.files.len() == files.len()
        && first
            .files
            .iter()
            .zip(files)
            .all(|(file, (name, size))| file.name == *name && size.is_none_or(|size| size == file.size));
    if same {
        Ok(first)
    } else {
        Err(Error::invalid_argument(
            "idempotency_key: it was used with other arguments: use a new key for another request",
        ))
    }
}

/// The version that a change makes, unless it changes nothing.
pub(super) fn edited(opened: &Opened, change: &ItemChange) -> Result<Option<Next>> {
    let mut next = opened.next();
    match change {
        ItemChange::Archive => next.archived = true,
        ItemChange::Restore => next.archived = false,
        ItemChange::Edit { title, notes, tags, urls, set_fields, remove_fields } => {
            let Overview { title: old_title, tags: old_tags, urls: old_urls, .. } = &mut next.overview;
            replace(old_title, title.as_ref());
            replace(old_tags, tags.as_ref());
            replace(old_urls, urls.as_ref());
            replace(&mut next.details.notes, notes.as_ref());
            remove(&mut next.details.fields, remove_fields)?;
            for field in set_fields {
                let plain = PlainField::from(field);
                match next.details.fields.iter_mut().find(|old| old.name() == plain.name()) {
                    Some(old) => *old = plain,
                    None => next.details.fields.push(plain),
                }
            }
            if next.details.fields.len() > MAX_FIELDS {
                return Err(Error::argument(
                    "set_fields",
                    "the item would have more than 1,000 fields: make another item",
                ));
            }
        }
    }
    let same =
        next.overview == opened.overview && next.details == opened.details && next.archived == opened.written.archived;
    Ok((!same).then_some(next))
}

fn replace<T: Clone>(old: &mut T, new: Option<&T>) {
    if let Some(new) = new {
        old.clone_from(new);
    }
}

/// Takes fields out. A name with a dot is a field's whole label first, and a section and a label after that.
fn remove(fields: &mut Vec<PlainField>, names: &[(Option<String>, String)]) -> Result<()> {
    for (section, label) in names {
        let whole = section.as_ref().map(|section| format!("{section}.{label}"));
        let place = fields
            .iter()
            .position(|field| whole.as_deref().is_some_and(|whole| field.name() == (None, whole)))
            .or_else(|| fields.iter().position(|field| field.name() == (section.as_deref(), label.as_str())));
        match place {
            Some(place) => drop(fields.remove(place)),
            None => {
                return Err(Error::argument(
                    "remove_fields",
                    format!("the item has no field `{}`", whole.as_ref().unwrap_or(label)),
                ));
            }
        }
    }
    Ok(())
}

/// The item without what a list leaves out.
pub(super) fn summary(item: Item) -> ItemSummary {
    let Item {
        id, vault_id, title, category, tags, urls, version, archived, created_at, updated_at, updated_by, ..
    } = item;
    ItemSummary { id, vault_id, title, category, tags, urls, version, archived, created_at, updated_at, updated_by }
}
