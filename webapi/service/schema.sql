-- What a Region's database holds for the service. Applied by a task that becomes leader; repeating it changes nothing.

CREATE TABLE IF NOT EXISTS writes (
    writer      text        NOT NULL,
    number      bigint      NOT NULL,
    body        text        NOT NULL,
    region      text        NOT NULL,
    epoch       bigint      NOT NULL,
    accepted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (writer, number)
);

-- One row a Region, rewritten at every renewal of a lease: the loss bound is measured from it.
CREATE TABLE IF NOT EXISTS heartbeat (
    region   text        PRIMARY KEY,
    epoch    bigint      NOT NULL,
    sequence bigint      NOT NULL,
    at       timestamptz NOT NULL,
    lsn      pg_lsn      NOT NULL
) WITH (fillfactor = 50);

-- One row a task of the leader, rewritten at every renewal and again while it is fenced. watched_seconds NULL: the task may
-- acknowledge writes in this epoch. Else it acknowledges none, and has watched the fence of this epoch for so long.
CREATE TABLE IF NOT EXISTS lease_holder (
    task            text             PRIMARY KEY,
    region          text             NOT NULL,
    epoch           bigint           NOT NULL,
    watched_seconds double precision,
    lsn             pg_lsn           NOT NULL,
    at              timestamptz      NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE IF NOT EXISTS probe (
    id     bigserial   PRIMARY KEY,
    region text        NOT NULL,
    at     timestamptz NOT NULL
);

CREATE INDEX IF NOT EXISTS probe_at ON probe (at);
