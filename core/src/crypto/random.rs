//! The one door for randomness.

use std::convert::Infallible;

use aws_lc_rs::rand;
use hpke::rand_core::{TryCryptoRng, TryRng};

use crate::error::{Error, Result};

/// Makes `N` bytes from the generator of AWS-LC, which the operating system seeds.
///
/// # Errors
/// `Unavailable` if the generator gives none.
pub fn make_bytes<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).map_err(|_| no_randomness())?;
    Ok(bytes)
}

fn no_randomness() -> Error {
    Error::unavailable("random bytes were asked for and the system gave none; try again")
}

/// The same door for code that takes a generator which cannot fail: a failure is kept and told afterwards, so what
/// was computed in between must be dropped unless [`Source::check`] passes.
#[derive(Default)]
pub(super) struct Source {
    failed: bool,
}

impl Source {
    pub(super) fn check(self) -> Result<()> {
        if self.failed { Err(no_randomness()) } else { Ok(()) }
    }
}

impl TryRng for Source {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_ne_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_ne_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.failed |= rand::fill(bytes).is_err();
        Ok(())
    }
}

impl TryCryptoRng for Source {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_draws_are_alike() {
        assert_ne!(make_bytes::<32>().unwrap(), make_bytes::<32>().unwrap());
        let (mut source, mut bytes) = (Source::default(), [0; 32]);
        source.try_fill_bytes(&mut bytes).unwrap();
        assert_ne!(bytes, [0; 32]);
        assert!(source.check().is_ok());
        assert_eq!(Source { failed: true }.check().unwrap_err().code(), "unavailable");
    }
}
