-- The same tables as in SQLite. Streams are compared by bytes: it is quicker, and the order is the same everywhere.
CREATE TABLE events (
    position bigint PRIMARY KEY,
    stream text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    topic text COLLATE "C" NOT NULL,
    meta bytea NOT NULL,
    data bytea NOT NULL,
    hash bytea NOT NULL,
    UNIQUE (stream, version)
);

CREATE TABLE replies (
    key text COLLATE "C" PRIMARY KEY,
    digest bytea NOT NULL,
    status integer NOT NULL,
    headers bytea NOT NULL,
    body bytea NOT NULL,
    at bigint NOT NULL
);
CREATE INDEX replies_at ON replies (at);

CREATE TABLE snapshots (
    stream text COLLATE "C" PRIMARY KEY,
    version bigint NOT NULL,
    generation bigint NOT NULL,
    hash bytea NOT NULL,
    state bytea NOT NULL
);

-- New events without a predecessor; UNIQUE only keeps a version from being written twice. The look for a predecessor is
-- a scalar subquery, so that it stays one step down the index for each row: as NOT EXISTS it may become a join with
-- the whole table, depending on statistics that lag behind.
CREATE FUNCTION refuse_loose(head bigint) RETURNS void LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    loose record;
BEGIN
    SELECT stream, version INTO loose FROM events AS event
    WHERE position > head AND version <> 1 AND (
        SELECT true FROM events AS before WHERE before.stream = event.stream AND before.version = event.version - 1
            AND before.position < event.position
    ) IS NOT TRUE
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION '%: version % has no predecessor', loose.stream, loose.version USING ERRCODE = '23503';
    END IF;
END
$$;
