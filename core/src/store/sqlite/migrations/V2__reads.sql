-- Sessions that signed something here: the engine's word, beside what was signed.
CREATE TABLE session (
    number INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    app TEXT
) STRICT;

ALTER TABLE entry ADD COLUMN session INTEGER;

-- Chains of reads and refusals, one for each engine that ever ran here, as far as they are in `reads`.
CREATE TABLE reads_chain (
    number INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    count INTEGER NOT NULL,
    last BLOB NOT NULL,
    anchored INTEGER NOT NULL
) STRICT;

-- Consecutive entries of all chains together, in order of time, some hundreds a row: (chain, place in it, bytes) each.
-- `place` numbers the first entry, without gaps; `time` is the last one's.
CREATE TABLE reads (
    place INTEGER PRIMARY KEY,
    count INTEGER NOT NULL,
    time INTEGER NOT NULL,
    entries BLOB NOT NULL
) STRICT;

CREATE INDEX reads_time ON reads (time);
