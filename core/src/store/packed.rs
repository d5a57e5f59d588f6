//! Rows of reads, as both stores keep them: consecutive entries of all chains together, some hundreds a row, each with its
//! chain's number and its place there. A row is found by its first place, and by the time of its last entry.

use std::collections::HashMap;

use minicbor::bytes::ByteVec;

use super::ReadRow;
use super::copied::contradicted;
use crate::error::{Error, Result};
use crate::log::encoding;
use crate::log::reads::{Group, MAX_ENTRIES, ReadEntry};
use crate::model::id::Id;

/// A row.
#[derive(Debug, PartialEq)]
pub(in crate::store) struct Packed {
    /// The first entry's place among those of all chains.
    pub(in crate::store) place: u64,
    /// How many entries.
    pub(in crate::store) count: u64,
    /// The last entry's time.
    pub(in crate::store) time: u64,
    pub(in crate::store) entries: Vec<u8>,
}

/// An entry on its way into a row.
pub(in crate::store) struct Moved {
    place: u64,
    time: u64,
    /// The chain's number.
    number: u64,
    index: u64,
    bytes: ByteVec,
}

/// The entries of a group, which have no place yet.
pub(in crate::store) fn of_group(group: &Group, number: u64) -> Result<Vec<Moved>> {
    let moved = (group.first..).zip(&group.entries).map(|(index, bytes)| {
        let time = ReadEntry::from_bytes(bytes)?.time;
        Ok(Moved { place: 0, time, number, index, bytes: bytes.clone() })
    });
    moved.collect()
}

/// Rows of entries in order of time, from a place on.
pub(in crate::store) fn in_order(place: u64, mut moved: Vec<Moved>) -> Vec<Packed> {
    // Stable, and times do not go back within a chain: its own order stays.
    moved.sort_by_key(|entry| entry.time);
    for (place, entry) in (place..).zip(&mut moved) {
        entry.place = place;
    }
    pack(&moved)
}

/// Rows of entries that another store had, at their places; `numbers` are those of the chains here.
pub(in crate::store) fn as_they_were(reads: Vec<ReadRow>, numbers: &HashMap<Id, u64>) -> Result<Vec<Packed>> {
    let moved = reads.into_iter().map(|ReadRow { place, chain, index, entry }| {
        let time = ReadEntry::from_bytes(&entry)?.time;
        let number = *numbers.get(&chain).ok_or_else(contradicted)?;
        Ok(Moved { place, time, number, index, bytes: entry.into() })
    });
    Ok(pack(&moved.collect::<Result<Vec<Moved>>>()?))
}

/// None has times or places in it that do not go on.
fn pack(moved: &[Moved]) -> Vec<Packed> {
    let goes_on = |one: &Moved, next: &Moved| next.time >= one.time && next.place == one.place + 1;
    let rows = moved.chunk_by(goes_on).flat_map(|run| run.chunks(MAX_ENTRIES));
    let packed = rows.map(|row| {
        let entries: Vec<(u64, u64, &ByteVec)> = row.iter().map(|one| (one.number, one.index, &one.bytes)).collect();
        let (place, time) = (row.first().map_or(0, |one| one.place), row.last().map_or(0, |one| one.time));
        Packed { place, count: row.len() as u64, time, entries: encoding::encode(&entries) }
    });
    packed.collect()
}

/// Entries from a place on, taken from rows in their order.
pub(in crate::store) struct Unpacking {
    names: HashMap<u64, Id>,
    from: u64,
    limit: usize,
    next: Option<u64>,
    rows: Vec<ReadRow>,
}

impl Unpacking {
    /// `names` are the chains' by their numbers.
    pub(in crate::store) fn new(names: HashMap<u64, Id>, from: u64, limit: u32) -> Self {
        Self { names, from, limit: limit as usize, next: None, rows: Vec::new() }
    }

    pub(in crate::store) fn is_full(&self) -> bool {
        self.rows.len() >= self.limit
    }

    /// Takes the next row.
    pub(in crate::store) fn take(&mut self, first: u64, count: u64, time: u64, entries: &[u8]) -> Result<()> {
        let entries: Vec<(u64, u64, ByteVec)> = encoding::decode("a row of reads", entries)?;
        if self.next.is_some_and(|next| next != first) || entries.len() as u64 != count {
            return Err(damaged());
        }
        // Reads since a time are found by the row's: one that is too small hides them.
        let newest = entries.last().map(|(.., entry)| ReadEntry::from_bytes(entry)).transpose()?;
        if newest.is_some_and(|entry| entry.time != time) {
            return Err(damaged());
        }
        self.next = Some(first.saturating_add(count));
        for (place, (number, index, entry)) in (first..).zip(entries) {
            if place >= self.from && !self.is_full() {
                let chain = *self.names.get(&number).ok_or_else(damaged)?;
                self.rows.push(ReadRow { place, chain, index, entry: entry.into() });
            }
        }
        Ok(())
    }

    pub(in crate::store) fn into_rows(self) -> Vec<ReadRow> {
        self.rows
    }
}

pub(in crate::store) fn damaged() -> Error {
    Error::tampered("the rows of reads are not whole: some were changed or taken away; restore the store")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moved(place: u64, time: u64) -> Moved {
        Moved { place, time, number: 1, index: place, bytes: ByteVec::from(vec![7]) }
    }

    fn shape(moved: &[Moved]) -> Vec<(u64, u64, u64)> {
        pack(moved).iter().map(|row| (row.place, row.count, row.time)).collect()
    }

    #[test]
    fn a_row_ends_where_times_go_back_places_do_not_go_on_or_it_is_full() {
        assert_eq!(shape(&[]), []);
        assert_eq!(shape(&[moved(4, 1), moved(5, 1), moved(6, 3), moved(7, 2)]), [(4, 3, 3), (7, 1, 2)]);
        assert_eq!(shape(&[moved(4, 1), moved(6, 2)]), [(4, 1, 1), (6, 1, 2)]);
        let many: Vec<Moved> = (0..MAX_ENTRIES as u64 + 2).map(|place| moved(place, place)).collect();
        let full = MAX_ENTRIES as u64;
        assert_eq!(shape(&many), [(0, full, full - 1), (full, 2, full + 1)]);
    }
}
