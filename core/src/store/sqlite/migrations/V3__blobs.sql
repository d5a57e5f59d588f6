-- Where the content of large files is, if not in the folder beside the database; the marker is there too.
CREATE TABLE blobs (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    url TEXT NOT NULL,
    marker BLOB NOT NULL
) STRICT;

-- Files whose objects there go: at once, and once more when nothing of them can be on its way any longer.
CREATE TABLE object_garbage (
    file BLOB PRIMARY KEY,
    since INTEGER NOT NULL,
    cleared INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX object_garbage_since ON object_garbage (cleared, since);
