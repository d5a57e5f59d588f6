//! Items: made, with their files.

use super::content::{Details, Overview, PlainField};
use super::edit::same_item;
use super::files::upload::Kept;
use super::items::{Kind, Next};
use super::known::{Known, no_item};
use super::repeats::{Purpose, Request, other_arguments};
use super::trust::Need;
use super::{MAX_TRIES, Sealed};
use crate::authority::{Reading, Submitted};
use crate::backend::{FileRequest, ItemRequest};
use crate::error::{Error, ErrorKind, Result};
use crate::log::operation::{LogId, LogKind};
use crate::model::id::Id;
use crate::model::item::Item;
use crate::model::role::Role;

/// An item on its way into a vault.
struct New {
    operation_id: Id,
    item: Id,
    next: Next,
    /// The names of its files, and their sizes where they are known.
    named: Vec<(String, Option<u64>)>,
    /// Its files' uploads, given up unless it is taken.
    uploads: Vec<Kept>,
}

/// What becomes of a row.
enum Row {
    Waiting(Box<New>),
    /// It stands in the log, there.
    Taken(Id, u64),
    /// The key stands for another operation: the first answer, if the arguments are the same.
    Used(Box<New>, u64),
    Done(Box<Result<Item>>),
}

impl Sealed {
    /// Makes items of one vault in one commit; an error per row that could not be made.
    pub(super) async fn make_items(&self, vault: Id, requests: Vec<ItemRequest>) -> Result<Vec<Result<Item>>> {
        let known = self.look(vault, Role::Write).await?;
        let keyed = self.keyed_items(vault, &requests)?;
        let before = self.used_before(vault, requests.len(), keyed).await?;
        let mut rows = Vec::with_capacity(requests.len());
        for (request, used) in requests.into_iter().zip(before) {
            rows.push(match self.prepare_item(&known, vault, request, used).await {
                Ok(row) => row,
                // What refuses one row for what it says lets the others be made; what comes from outside stops all.
                Err(error) if matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Tampered) => {
                    return Err(error);
                }
                Err(error) => Row::refused(error),
            });
        }
        self.commit_items(vault, &mut rows).await?;
        self.answer_items(vault, rows).await
    }

    /// The operation ids of rows with a key.
    fn keyed_items(&self, vault: Id, requests: &[ItemRequest]) -> Result<Vec<(usize, Id)>> {
        requests
            .iter()
            .enumerate()
            .filter(|(_, request)| request.idempotency_key.is_some())
            .map(|(row, request)| Ok((row, self.id_for(Purpose::Operation, repeatable(&[vault], request))?)))
            .collect()
    }

    /// Which rows have a key that was used before.
    async fn used_before(&self, vault: Id, rows: usize, keyed: Vec<(usize, Id)>) -> Result<Vec<bool>> {
        let log = Some(LogId::new(LogKind::Items, vault));
        let mut used = vec![false; rows];
        let found = self.find_operations(keyed.iter().map(|(_, id)| (log, *id)).collect()).await?;
        for ((row, _), first) in keyed.into_iter().zip(found) {
            used[row] = first.is_some();
        }
        Ok(used)
    }

    async fn prepare_item(&self, known: &Known, vault: Id, request: ItemRequest, used: bool) -> Result<Row> {
        let place = [vault];
        let repeatable = repeatable(&place, &request);
        let (operation_id, item) =
            (self.id_for(Purpose::Operation, repeatable)?, self.id_for(Purpose::Made, repeatable)?);
        let ItemRequest { title, category, fields, notes, tags, urls, files, idempotency_key: _ } = request;
        let overview = Overview { title, category: category.as_str().to_owned(), tags, urls };
        let fields = fields.iter().map(PlainField::from).collect();
        let named: Vec<(String, Option<u64>)> = files.iter().map(|file| (file.name.clone(), file.size)).collect();
        let mut next = Next {
            overview,
            details: Details { notes, fields, files: Vec::new() },
            archived: false,
            added: Vec::new(),
            removed: Vec::new(),
            files: Vec::new(),
        };
        if used {
            let first = self.read_item(vault, item, Some(1), Reading::Written).await?;
            let first = same_item(first, &next.overview, &next.details, &named)?;
            self.same_files(vault, &first, files).await?;
            return Ok(Row::Done(Box::new(Ok(first))));
        }
        let mut uploads = Vec::with_capacity(files.len());
        for file in files {
            let uploaded = self.upload(known, vault, item, file).await?;
            next.details.files.push(uploaded.plain);
            next.added.push(uploaded.reference);
            next.files.push(uploaded.part);
            uploads.push(uploaded.kept);
        }
        Ok(Row::Waiting(Box::new(New { operation_id, item, next, named, uploads })))
    }

    /// Refuses files that are others than those of the first call.
    async fn same_files(&self, vault: Id, first: &Item, files: Vec<FileRequest>) -> Result<()> {
        for (kept, file) in first.files.iter().zip(files) {
            if file.content_type != kept.content_type || !self.same_content(vault, first.id.0, kept.id.0, file).await? {
                return Err(other_arguments());
            }
        }
        Ok(())
    }

    /// Submits what waits until all of it is taken or refused.
    async fn commit_items(&self, vault: Id, rows: &mut [Row]) -> Result<()> {
        for attempt in 0..MAX_TRIES {
            if !rows.iter().any(|row| matches!(row, Row::Waiting(_))) {
                return Ok(());
            }
            let known = if attempt == 0 {
                self.look(vault, Role::Write).await?
            } else {
                self.refresh(Need::vault(vault).asked_now()).await?
            };
            let view = self.admitted(&known, vault, Role::Write).await?;
            let (mut waiting, mut submissions) = (Vec::new(), Vec::new());
            for (row, new) in rows.iter().enumerate().filter_map(|(row, new)| Some((row, new.waiting()?))) {
                let New { operation_id, item, next, .. } = new;
                let id = Some(*operation_id);
                submissions.push(self.version(&known, view, *item, 1, None, Kind::Put, next, id).await?);
                waiting.push(row);
            }
            for (row, answer) in waiting.into_iter().zip(self.submit_many(submissions).await?) {
                let was = std::mem::replace(&mut rows[row], Row::refused(Self::contended("the vault")));
                let Row::Waiting(new) = was else { continue };
                rows[row] = match answer {
                    Err(error) => Row::refused(error),
                    Ok(Submitted::Used(first, _)) => Row::Used(new, first.seq),
                    Ok(submitted) => match self.settle(submitted, None).await? {
                        Some(receipt) => {
                            new.uploads.into_iter().for_each(Kept::attached);
                            Row::Taken(new.item, receipt.seq)
                        }
                        None => Row::Waiting(new),
                    },
                };
            }
            self.trust.expire(vault).await;
        }
        for row in rows.iter_mut().filter(|row| matches!(row, Row::Waiting(_))) {
            *row = Row::refused(Self::contended("the vault"));
        }
        Ok(())
    }

    /// The items that stand in the log, read back in one answer.
    async fn answer_items(&self, vault: Id, rows: Vec<Row>) -> Result<Vec<Result<Item>>> {
        let (made, places): (Vec<(Id, u64)>, Vec<u64>) = rows
            .iter()
            .filter_map(|row| match row {
                Row::Taken(item, seq) => Some(((*item, 1), *seq)),
                Row::Used(new, seq) => Some(((new.item, 1), *seq)),
                Row::Waiting(_) | Row::Done(_) => None,
            })
            .unzip();
        let mut read = match places.into_iter().max() {
            Some(last) => self.read_written(vault, &made, last).await?,
            None => Vec::new(),
        }
        .into_iter();
        let mut next = || read.next().unwrap_or_else(|| Err(no_item()));
        Ok(rows
            .into_iter()
            .map(|row| match row {
                Row::Done(done) => *done,
                Row::Taken(..) => next(),
                Row::Used(new, _) => {
                    next().and_then(|first| same_item(first, &new.next.overview, &new.next.details, &new.named))
                }
                Row::Waiting(_) => Err(Self::contended("the vault")),
            })
            .collect())
    }
}

impl Row {
    fn refused(error: Error) -> Self {
        Self::Done(Box::new(Err(error)))
    }

    fn waiting(&self) -> Option<&New> {
        match self {
            Self::Waiting(new) => Some(new),
            _ => None,
        }
    }
}

fn repeatable<'a>(place: &'a [Id], request: &'a ItemRequest) -> Request<'a> {
    Request { call: "items.create", place, key: request.idempotency_key.as_deref() }
}
