//! The account's reads log: where chains stood, as the feed binds it. Nobody signs it.

use std::collections::BTreeMap;

use super::Chain;
use crate::error::{Error, Result};
use crate::log::body::ReadsAnchored;
use crate::log::feed::Head;
use crate::log::label;
use crate::log::operation::{At, Body, Operation};
use crate::log::replay::{Refusal, Verdict};
use crate::model::id::{AccountId, Id};

/// The operation id of the anchor of a chain at this count, so that none is taken twice.
pub fn anchor_id(chain: Chain) -> Id {
    label::hash("reads-anchor", &[chain.id.as_bytes(), &chain.count.to_be_bytes()])
}

/// The operation that anchors a chain. It has no signer, and builds on nothing.
pub fn anchor(account: AccountId, chain: Chain) -> Operation {
    Operation {
        account: Some(account),
        log: Some(account.0),
        signer: None,
        generation: 0,
        id: anchor_id(chain),
        at: At::empty(),
        seen: Head::empty(),
        body: Body::ReadsAnchored(ReadsAnchored { chain: chain.id, count: chain.count, last: chain.last }),
    }
}

/// Where chains must have stood: by chain, then by how many entries they had.
#[derive(Clone, Debug, Default)]
pub struct Anchors(BTreeMap<Id, BTreeMap<u64, Id>>);

impl Anchors {
    /// Takes the next operation of the reads log.
    pub fn apply(&mut self, operation: &Operation, signatures: usize) -> Verdict {
        let Body::ReadsAnchored(body) = &operation.body else {
            return Err(Refusal::Malformed("it does not belong in the reads log".to_owned()));
        };
        let (chain, count, last) = (body.chain, body.count, body.last);
        let account = operation.account.ok_or_else(|| Refusal::Malformed("it names no account".to_owned()))?;
        if signatures > 0 || *operation != anchor(account, Chain { id: chain, count, last }) {
            return Err(Refusal::Malformed("it is not what an engine writes of a chain of reads".to_owned()));
        }
        let of_chain = self.0.entry(chain).or_default();
        if of_chain.last_key_value().is_some_and(|(before, _)| *before >= count) || count == 0 {
            return Err(Refusal::Order("a chain of reads is anchored where it was before".to_owned()));
        }
        of_chain.insert(count, last);
        Ok(())
    }

    /// Where a chain must have stood besides, as the tables say.
    pub fn expect(&mut self, chain: Chain) -> Result<()> {
        let last = *self.0.entry(chain.id).or_default().entry(chain.count).or_insert(chain.last);
        if last == chain.last { Ok(()) } else { Err(rewritten()) }
    }

    /// Refuses a chain that stands elsewhere than it must.
    pub fn check(&self, chain: Chain) -> Result<()> {
        match self.0.get(&chain.id).and_then(|of_chain| of_chain.get(&chain.count)) {
            Some(last) if *last != chain.last => Err(rewritten()),
            _ => Ok(()),
        }
    }

    /// Refuses chains that end before the last place where they must have stood.
    pub fn finish(&self, chains: &BTreeMap<Id, Chain>) -> Result<()> {
        for (id, of_chain) in &self.0 {
            let count = chains.get(id).map_or(0, |chain| chain.count);
            if of_chain.last_key_value().is_some_and(|(last, _)| *last > count) {
                return Err(Error::tampered(
                    "reads are missing at the end of a chain that was anchored: restore the store",
                ));
            }
        }
        Ok(())
    }
}

fn rewritten() -> Error {
    Error::tampered("the reads are not the ones that were anchored: they were rewritten; restore the store")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(entries: &[&[u8]]) -> Chain {
        let mut chain = Chain::new(Id([1; 32]));
        for entry in entries {
            chain.step(entry);
        }
        chain
    }

    #[test]
    fn a_chain_must_stand_where_it_is_anchored() {
        let account = AccountId(Id([2; 32]));
        let (two, three) = (chain(&[b"a", b"b"]), chain(&[b"a", b"b", b"c"]));
        let mut anchors = Anchors::default();
        anchors.apply(&anchor(account, two), 0).unwrap();
        anchors.apply(&anchor(account, three), 0).unwrap();
        anchors.check(two).unwrap();
        anchors.check(chain(&[b"other"])).unwrap();
        assert_eq!(anchors.check(chain(&[b"b", b"a"])).unwrap_err().code(), "tampered");
        anchors.finish(&BTreeMap::from([(three.id, three)])).unwrap();
        assert_eq!(anchors.finish(&BTreeMap::from([(two.id, two)])).unwrap_err().code(), "tampered");
        assert!(anchors.finish(&BTreeMap::new()).is_err());
        anchors.expect(three).unwrap();
        assert!(anchors.expect(Chain { last: two.last, ..three }).is_err());
    }

    #[test]
    fn only_what_an_engine_writes_is_taken() {
        let account = AccountId(Id([2; 32]));
        let good = anchor(account, chain(&[b"a"]));
        assert!(Anchors::default().apply(&good, 1).is_err());
        for wrong in [
            Operation { signer: Some(Id([3; 32])), ..good.clone() },
            Operation { generation: 1, ..good.clone() },
            Operation { id: Id([4; 32]), ..good.clone() },
            Operation { seen: Head { size: 1, root: Id([5; 32]) }, ..good.clone() },
            Operation { log: Some(Id([6; 32])), ..good.clone() },
            anchor(account, Chain::new(Id([1; 32]))),
        ] {
            assert!(Anchors::default().apply(&wrong, 0).is_err(), "{wrong:?}");
        }
        let mut anchors = Anchors::default();
        anchors.apply(&good, 0).unwrap();
        assert!(anchors.apply(&good, 0).is_err());
    }
}
