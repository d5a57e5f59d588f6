//! The embedded store: one SQLite file, or memory, by the same code.
