-- Where the content of large files is, if not in `piece`; the marker is there too.
CREATE TABLE blobs (
    one SMALLINT PRIMARY KEY,
    url TEXT NOT NULL,
    marker BYTEA NOT NULL
);

-- Files whose objects go: at once, and once more when nothing of them can be on its way any longer.
CREATE TABLE garbage (
    file BYTEA PRIMARY KEY,
    since BIGINT NOT NULL,
    cleared BOOLEAN NOT NULL
);

CREATE INDEX garbage_since ON garbage (cleared, since);
