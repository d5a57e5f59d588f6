//! Who asks too often: rates of principals, and failed sign-ins.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use moka::sync::Cache;

use super::limits::Limits;
use super::observed::Peer;
use crate::error::{Error, ErrorKind};
use crate::model::id::Id;

/// How long failed sign-ins are counted together.
const WINDOW: Duration = Duration::from_mins(1);

/// How many addresses and principals are counted.
const COUNTED: u64 = 262_144;

/// How many times as many failures an address has as one principal from it.
const OF_ADDRESS: u32 = 10;

/// After so many requests, principals whose rate has recovered are forgotten.
const SWEPT_AFTER: u32 = 65_536;

/// Counts who asks.
pub(super) struct Gate {
    rates: Option<DefaultKeyedRateLimiter<Id>>,
    admitted: AtomicU32,
    clock: DefaultClock,
    failures: u32,
    failed: Cache<(IpAddr, Option<Id>), Arc<AtomicU32>>,
}

impl Gate {
    pub(super) fn new(limits: &Limits) -> Self {
        let quota = NonZeroU32::new(limits.rate)
            .map(|rate| Quota::per_second(rate).allow_burst(rate.saturating_mul(NonZeroU32::MIN.saturating_add(1))));
        Self {
            rates: quota.map(RateLimiter::keyed),
            admitted: AtomicU32::new(0),
            clock: DefaultClock::default(),
            failures: limits.failed_sign_ins,
            failed: Cache::builder().max_capacity(COUNTED).time_to_live(WINDOW).build(),
        }
    }

    /// Counts a request of a principal.
    pub(super) fn admit(&self, principal: Id) -> Result<(), Error> {
        let Some(rates) = &self.rates else { return Ok(()) };
        if self.admitted.fetch_add(1, Ordering::Relaxed) % SWEPT_AFTER == SWEPT_AFTER - 1 {
            rates.retain_recent();
        }
        rates.check_key(&principal).map_err(|not_until| {
            let wait = not_until.wait_time_from(self.clock.now());
            Error::new(ErrorKind::RateLimited, "requests come too fast: wait, or ask for many things at once")
                .with_retry_after(wait)
        })
    }

    /// Refuses another sign-in after too many that failed.
    pub(super) fn may_try(&self, peer: Peer, principal: Option<Id>) -> Result<(), Error> {
        let Some(address) = peer.address else { return Ok(()) };
        let over = |key: (IpAddr, Option<Id>), most: u32| {
            self.failed.get(&key).is_some_and(|count| count.load(Ordering::Relaxed) >= most)
        };
        if over((address, None), self.failures.saturating_mul(OF_ADDRESS))
            || principal.is_some_and(|principal| over((address, Some(principal)), self.failures))
        {
            let error = Error::new(ErrorKind::RateLimited, "too many sign-ins failed from here: wait a minute");
            return Err(error.with_retry_after(WINDOW));
        }
        Ok(())
    }

    /// Counts a sign-in that failed.
    pub(super) fn failed(&self, peer: Peer, principal: Option<Id>) {
        let Some(address) = peer.address else { return };
        for key in [Some((address, None)), principal.map(|principal| (address, Some(principal)))].into_iter().flatten()
        {
            self.failed.get_with(key, Arc::default).fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(last: u8) -> Peer {
        Peer { address: Some(IpAddr::from([192, 0, 2, last])) }
    }

    #[test]
    fn a_principal_has_its_own_rate() {
        let gate = Gate::new(&Limits { rate: 2, ..Limits::default() });
        let (one, other) = (Id([1; 32]), Id([2; 32]));
        assert!((0..4).all(|_| gate.admit(one).is_ok()), "as many at once as come in two seconds");
        let error = gate.admit(one).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::RateLimited);
        assert!(error.retry_after().is_some_and(|wait| wait <= Duration::from_millis(500)), "{error:?}");
        assert!(gate.admit(other).is_ok());
        let gate = Gate::new(&Limits { rate: 0, ..Limits::default() });
        assert!((0..10_000).all(|_| gate.admit(one).is_ok()), "0: no limit");
    }

    #[test]
    fn failed_sign_ins_are_counted_by_address_and_principal() {
        let gate = Gate::new(&Limits { failed_sign_ins: 2, ..Limits::default() });
        let (one, other) = (Id([1; 32]), Id([2; 32]));
        for _ in 0..2 {
            assert!(gate.may_try(peer(1), Some(one)).is_ok());
            gate.failed(peer(1), Some(one));
        }
        assert!(gate.may_try(peer(1), Some(one)).is_err());
        assert!(gate.may_try(peer(1), Some(other)).is_ok() && gate.may_try(peer(2), Some(one)).is_ok());
        for number in 3..21 {
            gate.failed(peer(1), Some(Id([number; 32])));
        }
        assert!(gate.may_try(peer(1), Some(other)).is_err() && gate.may_try(peer(1), None).is_err());
        assert!(gate.may_try(peer(2), Some(other)).is_ok());
    }
}
