//! Holds: for a minute nothing more is taken from somebody, so that what ends them covers all that was.

use crate::log::operation::LogId;
use crate::model::id::Id;

/// How long a hold stands unless it is released, in milliseconds: PROTOCOL's minute.
const HOLD: u64 = 60_000;
/// A hold that ends later than this from now was taken under a clock that has been set back since: it stands no more.
const LONGEST: u64 = 2 * HOLD;

/// A hold that is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hold {
    pub(super) signer: Id,
    pub(super) vault: Option<Id>,
    pub(super) log: LogId,
    pub(super) by: Id,
}

/// A hold that was taken, and when it ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    pub(super) hold: Hold,
    pub(super) until: u64,
}

/// All holds, as a group of changes leaves them so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Holds(pub(super) Vec<Held>);

impl Holds {
    fn standing(&self, now: u64) -> impl Iterator<Item = &Hold> {
        self.0.iter().filter(move |held| held.until > now && held.until <= now + LONGEST).map(|held| &held.hold)
    }

    /// Whether one stands against this signer here.
    pub(super) fn holds(&self, signer: Id, vault: Option<Id>, now: u64) -> bool {
        self.standing(now).any(|hold| hold.signer == signer && (hold.vault.is_none() || hold.vault == vault))
    }

    /// Whether one of somebody else keeps this signer's entries out of a log.
    pub(super) fn keeps_out(&self, log: LogId, signer: Option<Id>, now: u64) -> bool {
        self.standing(now).any(|hold| hold.log == log && Some(hold.by) != signer)
    }

    /// Takes a hold, unless one of somebody else stands against the signer, the asker, or the log; says until when.
    pub(super) fn place(&mut self, wanted: Hold, now: u64) -> Option<Held> {
        let taken = self.standing(now).any(|hold| {
            let meets = hold.vault.is_none() || wanted.vault.is_none() || hold.vault == wanted.vault;
            hold.by != wanted.by
                && ((hold.signer == wanted.by || hold.signer == wanted.signer) && meets || hold.log == wanted.log)
        });
        if taken {
            return None;
        }
        self.release(wanted.by, wanted.signer, wanted.vault);
        let held = Held { hold: wanted, until: now + HOLD };
        self.0.push(held);
        Some(held)
    }

    /// Ends a hold.
    pub(super) fn release(&mut self, by: Id, signer: Id, vault: Option<Id>) {
        self.0.retain(|held| (held.hold.by, held.hold.signer, held.hold.vault) != (by, signer, vault));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::operation::LogKind;

    const HOUR: u64 = 3_600_000;

    #[test]
    fn a_clock_that_is_set_back_makes_no_hold_longer() {
        let [ada, ben, eve] = [1, 2, 3].map(|byte| Id([byte; 32]));
        let log = LogId { kind: LogKind::Vault, id: Id([9; 32]) };
        let hold = |by| Hold { signer: eve, vault: None, log, by };
        let mut holds = Holds::default();
        let stands = |holds: &Holds, now| {
            assert_eq!(holds.holds(eve, None, now), holds.keeps_out(log, Some(eve), now));
            holds.holds(eve, None, now)
        };
        assert!(holds.place(hold(ada), 2 * HOUR).is_some());
        assert!(stands(&holds, 2 * HOUR) && stands(&holds, 2 * HOUR + HOLD - 1) && !stands(&holds, 2 * HOUR + HOLD));
        assert!(stands(&holds, 2 * HOUR - 5) && holds.place(hold(ben), 2 * HOUR - 5).is_none());
        assert!(!stands(&holds, HOUR), "an hour back, it would stand for an hour");
        assert!(holds.place(hold(ben), HOUR).is_some() && stands(&holds, HOUR));
    }
}
