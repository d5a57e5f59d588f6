-- 'Strm'
PRAGMA application_id = 1400140397;

-- Trees and logs are known by one number, made by `tree_key.rs`: leaf * 4 + slot.
-- Slot 0: a log of the account's heads tree; 2: a vault's log; 3: its item log; 1: the feed (1) and both heads trees (5, 9).
CREATE TABLE log (
    key INTEGER PRIMARY KEY,
    kind INTEGER NOT NULL,
    id BLOB NOT NULL,
    size INTEGER NOT NULL,
    root BLOB NOT NULL
) STRICT;

-- An item log is found through its vault's: 5 is its kind.
CREATE UNIQUE INDEX log_id ON log (id, kind) WHERE kind < 5;

-- One row for each leaf; a batch's last leaf has neither log nor seq. Narrow, for it is scanned.
CREATE TABLE feed (
    position INTEGER PRIMARY KEY,
    log INTEGER,
    seq INTEGER,
    leaf BLOB NOT NULL
) STRICT;

CREATE INDEX feed_log ON feed (log) WHERE log IS NOT NULL;

CREATE TABLE batch (
    size INTEGER PRIMARY KEY,
    root BLOB NOT NULL,
    time INTEGER NOT NULL,
    account_size INTEGER NOT NULL,
    account_root BLOB NOT NULL,
    vaults_size INTEGER NOT NULL,
    vaults_root BLOB NOT NULL
) STRICT;

-- Whoever is named by rows: principals and groups, numbered so that keys stay short.
CREATE TABLE actor (
    number INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE
) STRICT;

CREATE TABLE entry (
    position INTEGER PRIMARY KEY,
    log INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    time INTEGER NOT NULL,
    signer INTEGER,
    operation_id BLOB NOT NULL,
    hash BLOB NOT NULL,
    root BLOB NOT NULL,
    signatures BLOB NOT NULL,
    operation BLOB NOT NULL
) STRICT;

CREATE UNIQUE INDEX entry_seq ON entry (log, seq);
-- With the log, or SQLite takes entry_seq for as good and reads the whole log.
CREATE INDEX entry_operation_id ON entry (operation_id, log);
CREATE INDEX entry_signer ON entry (signer) WHERE signer IS NOT NULL;
CREATE INDEX entry_log_signer ON entry (log, signer) WHERE signer IS NOT NULL;

-- The complete nodes of all trees; without level 0 of the feed and of logs, whose leaves are in `feed` and `entry`.
CREATE TABLE node (
    tree INTEGER NOT NULL,
    level INTEGER NOT NULL,
    idx INTEGER NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (tree, level, idx)
) STRICT, WITHOUT ROWID;

CREATE TABLE hold (
    signer BLOB NOT NULL,
    vault BLOB,
    log_kind INTEGER NOT NULL,
    log_id BLOB NOT NULL,
    holder BLOB NOT NULL,
    until INTEGER NOT NULL
) STRICT;

-- `leaf` is the place in the heads tree, here and in `vault`: the order of creation.
CREATE TABLE principal (
    leaf INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    kind INTEGER NOT NULL,
    name TEXT NOT NULL,
    email TEXT,
    salt BLOB NOT NULL,
    active INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX principal_email ON principal (email) WHERE active = 1 AND email IS NOT NULL;

CREATE TABLE kem_key (
    principal INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    key BLOB NOT NULL,
    UNIQUE (principal, generation)
) STRICT;

CREATE TABLE vault (
    leaf INTEGER PRIMARY KEY,
    id BLOB NOT NULL,
    creator INTEGER NOT NULL,
    external_id TEXT,
    name_epoch INTEGER NOT NULL DEFAULT 0,
    name BLOB NOT NULL DEFAULT x'',
    deleted INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE UNIQUE INDEX vault_external_id ON vault (creator, external_id) WHERE external_id IS NOT NULL AND deleted = 0;

CREATE TABLE member (
    vault INTEGER NOT NULL,
    grantee INTEGER NOT NULL,
    role INTEGER NOT NULL,
    expires_at INTEGER,
    PRIMARY KEY (vault, grantee)
) STRICT, WITHOUT ROWID;

CREATE INDEX member_grantee ON member (grantee, vault);

CREATE TABLE person (
    vault INTEGER NOT NULL,
    principal INTEGER NOT NULL,
    PRIMARY KEY (vault, principal)
) STRICT, WITHOUT ROWID;

CREATE INDEX person_principal ON person (principal, vault);

CREATE TABLE wrap (
    vault INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    principal INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    form INTEGER NOT NULL,
    maker INTEGER NOT NULL,
    maker_generation INTEGER NOT NULL,
    sealed BLOB NOT NULL,
    UNIQUE (vault, principal, epoch, generation, form)
) STRICT;

CREATE INDEX wrap_epoch ON wrap (vault, epoch);

CREATE TABLE previous_key (
    vault INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (vault, epoch)
) STRICT, WITHOUT ROWID;

-- `created`, the place of the first entry, is the item's number within its vault; parts name it.
CREATE TABLE item (
    vault INTEGER NOT NULL,
    id BLOB NOT NULL,
    version INTEGER NOT NULL,
    archived INTEGER NOT NULL,
    deleted INTEGER NOT NULL,
    created INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (vault, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX item_listed ON item (vault, archived, created) WHERE deleted = 0;

CREATE TABLE part (
    vault INTEGER NOT NULL,
    item INTEGER NOT NULL,
    version INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    overview BLOB NOT NULL,
    details BLOB NOT NULL,
    UNIQUE (vault, item, version)
) STRICT;

CREATE TABLE file (
    vault INTEGER NOT NULL,
    item BLOB NOT NULL,
    -- Unique over all vaults, for pieces are kept by it alone.
    id BLOB NOT NULL UNIQUE,
    seq INTEGER NOT NULL,
    length INTEGER NOT NULL,
    leaves BLOB NOT NULL,
    detached INTEGER NOT NULL
) STRICT;

CREATE INDEX file_item ON file (vault, item);

CREATE TABLE piece (
    file BLOB NOT NULL,
    idx INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    UNIQUE (file, idx)
) STRICT;

CREATE TABLE upload (
    file BLOB PRIMARY KEY,
    expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Files whose pieces in the folder are to be removed.
CREATE TABLE garbage (
    file BLOB PRIMARY KEY
) STRICT, WITHOUT ROWID;
