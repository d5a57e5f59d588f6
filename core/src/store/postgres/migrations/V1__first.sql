-- What commits meet in: one row for each log, one for both logs of a vault; locked by who appends, never by the sequencer.
CREATE TABLE intake (
    kind SMALLINT NOT NULL,
    id BYTEA NOT NULL,
    size BIGINT NOT NULL,
    items BIGINT NOT NULL,
    PRIMARY KEY (kind, id)
);

-- Changes that are committed and not in the feed yet. `grp` begins with the time, and is its engine's own.
CREATE TABLE staged (
    grp BYTEA NOT NULL,
    number INTEGER NOT NULL,
    version SMALLINT NOT NULL,
    -- 32 bytes each.
    signers BYTEA NOT NULL,
    change BYTEA NOT NULL,
    PRIMARY KEY (grp, number)
);

-- Names that only one may have. Kind 0: the account; 1: what an operation began; 2: external ids; 3: addresses; 4: files.
CREATE TABLE claim (
    kind SMALLINT NOT NULL,
    key BYTEA NOT NULL,
    owner BYTEA NOT NULL,
    PRIMARY KEY (kind, key)
);

CREATE INDEX claim_owner ON claim (owner, kind);

CREATE TABLE hold (
    signer BYTEA NOT NULL,
    vault BYTEA,
    log_kind SMALLINT NOT NULL,
    log_id BYTEA NOT NULL,
    holder BYTEA NOT NULL,
    until BIGINT NOT NULL
);

-- The one row that gives places in the feed: where it and both heads trees stand. `peaks` are the roots of the perfect
-- subtrees, 32 bytes each, here and in `log`: what is needed to append.
CREATE TABLE feed_head (
    one SMALLINT PRIMARY KEY,
    size BIGINT NOT NULL,
    root BYTEA NOT NULL,
    peaks BYTEA NOT NULL,
    time BIGINT NOT NULL,
    account_size BIGINT NOT NULL,
    account_root BYTEA NOT NULL,
    vaults_size BIGINT NOT NULL,
    vaults_root BYTEA NOT NULL,
    -- What is here is part of a copy that is not whole yet.
    copying BOOLEAN NOT NULL
);

INSERT INTO feed_head VALUES (
    1,
    0, decode('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', 'hex'), decode('', 'hex'), 0,
    0, decode('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', 'hex'),
    0, decode('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', 'hex'),
    FALSE
);

-- From here on, tables are the logs as far as the feed goes. Trees and logs are known by one number, made by
-- `tree_key.rs`: leaf * 4 + slot. Vaults are known by their leaf.
CREATE TABLE log (
    key BIGINT PRIMARY KEY,
    kind SMALLINT NOT NULL,
    id BYTEA NOT NULL,
    size BIGINT NOT NULL,
    root BYTEA NOT NULL,
    peaks BYTEA NOT NULL
);

CREATE UNIQUE INDEX log_id ON log (id, kind);

-- One row for each leaf; a batch's last leaf has neither log nor seq.
CREATE TABLE feed (
    position BIGINT PRIMARY KEY,
    log BIGINT,
    seq BIGINT,
    leaf BYTEA NOT NULL
);

CREATE INDEX feed_log ON feed (log, position) WHERE log IS NOT NULL;

CREATE TABLE batch (
    size BIGINT PRIMARY KEY,
    root BYTEA NOT NULL,
    time BIGINT NOT NULL,
    account_size BIGINT NOT NULL,
    account_root BYTEA NOT NULL,
    vaults_size BIGINT NOT NULL,
    vaults_root BYTEA NOT NULL
);

CREATE TABLE entry (
    position BIGINT PRIMARY KEY,
    log BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    time BIGINT NOT NULL,
    signer BYTEA,
    operation_id BYTEA NOT NULL,
    hash BYTEA NOT NULL,
    root BYTEA NOT NULL,
    signatures BYTEA NOT NULL,
    operation BYTEA NOT NULL,
    session BYTEA
);

CREATE UNIQUE INDEX entry_seq ON entry (log, seq);
CREATE INDEX entry_operation_id ON entry (operation_id);
CREATE INDEX entry_signer ON entry (signer, position) WHERE signer IS NOT NULL;
CREATE INDEX entry_log_signer ON entry (log, signer, position) WHERE signer IS NOT NULL;

-- Sessions that signed something here: the engine's word, beside what was signed.
CREATE TABLE session (
    id BYTEA PRIMARY KEY,
    app TEXT
);

-- The complete nodes of all trees; without level 0 of the feed and of logs, whose leaves are in `feed` and `entry`.
CREATE TABLE node (
    tree BIGINT NOT NULL,
    level SMALLINT NOT NULL,
    idx BIGINT NOT NULL,
    hash BYTEA NOT NULL,
    PRIMARY KEY (tree, level, idx)
);

CREATE TABLE principal (
    leaf BIGINT PRIMARY KEY,
    id BYTEA NOT NULL UNIQUE,
    kind SMALLINT NOT NULL,
    name TEXT NOT NULL,
    email TEXT,
    salt BYTEA NOT NULL,
    active BOOLEAN NOT NULL
);

CREATE INDEX principal_email ON principal (email) WHERE active AND email IS NOT NULL;

CREATE TABLE kem_key (
    principal BYTEA NOT NULL,
    generation BIGINT NOT NULL,
    key BYTEA NOT NULL,
    PRIMARY KEY (principal, generation)
);

CREATE TABLE vault (
    leaf BIGINT PRIMARY KEY,
    id BYTEA NOT NULL,
    creator BYTEA NOT NULL,
    external_id TEXT,
    name_epoch BIGINT NOT NULL,
    name BYTEA NOT NULL,
    deleted BOOLEAN NOT NULL
);

CREATE INDEX vault_external_id ON vault (creator, external_id) WHERE external_id IS NOT NULL AND NOT deleted;

CREATE TABLE member (
    vault BIGINT NOT NULL,
    grantee BYTEA NOT NULL,
    role SMALLINT NOT NULL,
    expires_at BIGINT,
    PRIMARY KEY (vault, grantee)
);

CREATE INDEX member_grantee ON member (grantee, vault);

CREATE TABLE person (
    vault BIGINT NOT NULL,
    principal BYTEA NOT NULL,
    PRIMARY KEY (vault, principal)
);

CREATE INDEX person_principal ON person (principal, vault);

CREATE TABLE wrap (
    vault BIGINT NOT NULL,
    epoch BIGINT NOT NULL,
    principal BYTEA NOT NULL,
    generation BIGINT NOT NULL,
    form SMALLINT NOT NULL,
    maker BYTEA NOT NULL,
    maker_generation BIGINT NOT NULL,
    sealed BYTEA NOT NULL,
    PRIMARY KEY (vault, principal, epoch, generation, form)
);

CREATE INDEX wrap_epoch ON wrap (vault, epoch);

CREATE TABLE previous_key (
    vault BIGINT NOT NULL,
    epoch BIGINT NOT NULL,
    sealed BYTEA NOT NULL,
    PRIMARY KEY (vault, epoch)
);

-- `created` is the place of the first entry: the order of creation.
CREATE TABLE item (
    vault BIGINT NOT NULL,
    id BYTEA NOT NULL,
    version BIGINT NOT NULL,
    archived BOOLEAN NOT NULL,
    deleted BOOLEAN NOT NULL,
    created BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    PRIMARY KEY (vault, id)
);

CREATE INDEX item_created ON item (vault, created);
CREATE INDEX item_listed ON item (vault, archived, created) WHERE NOT deleted;

CREATE TABLE part (
    vault BIGINT NOT NULL,
    item BYTEA NOT NULL,
    version BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    overview BYTEA NOT NULL,
    details BYTEA NOT NULL,
    PRIMARY KEY (vault, item, version)
);

CREATE TABLE file (
    id BYTEA PRIMARY KEY,
    vault BIGINT NOT NULL,
    item BYTEA NOT NULL,
    seq BIGINT NOT NULL,
    -- Files that one entry attached are listed in the order of their rows.
    number BIGINT NOT NULL,
    length BIGINT NOT NULL,
    leaves BYTEA NOT NULL,
    detached BOOLEAN NOT NULL
);

CREATE INDEX file_item ON file (vault, item);

CREATE TABLE piece (
    file BYTEA NOT NULL,
    idx BIGINT NOT NULL,
    bytes BYTEA NOT NULL,
    PRIMARY KEY (file, idx)
);

CREATE TABLE upload (
    file BYTEA PRIMARY KEY,
    expires BIGINT NOT NULL
);

-- Reads and refusals as engines noted them, a row for each group; they go to `reads` when they are folded.
CREATE TABLE noted (
    chain BYTEA NOT NULL,
    first BIGINT NOT NULL,
    entries BYTEA NOT NULL,
    PRIMARY KEY (chain, first)
);

-- The one row that gives places among the reads.
CREATE TABLE reads_head (
    one SMALLINT PRIMARY KEY,
    place BIGINT NOT NULL,
    chains BIGINT NOT NULL
);

INSERT INTO reads_head VALUES (1, 0, 0);

CREATE TABLE reads_chain (
    number BIGINT PRIMARY KEY,
    id BYTEA NOT NULL UNIQUE,
    count BIGINT NOT NULL,
    last BYTEA NOT NULL,
    anchored BIGINT NOT NULL
);

-- Consecutive entries of all chains together, some hundreds a row: (chain, place in it, bytes) each.
CREATE TABLE reads (
    place BIGINT PRIMARY KEY,
    count BIGINT NOT NULL,
    time BIGINT NOT NULL,
    entries BYTEA NOT NULL
);

CREATE INDEX reads_time ON reads (time);

-- Short-lived values that engines keep for each other.
CREATE TABLE kept (
    kind SMALLINT NOT NULL,
    key BYTEA NOT NULL,
    value BYTEA NOT NULL,
    until BIGINT NOT NULL,
    PRIMARY KEY (kind, key)
);

CREATE INDEX kept_until ON kept (until);
