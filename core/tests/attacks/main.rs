//! The attacks of the protocol's list, each between honest clients and each ending in a typed refusal.

mod malicious;
mod world;

mod keys;
mod moved;
mod replayed;
