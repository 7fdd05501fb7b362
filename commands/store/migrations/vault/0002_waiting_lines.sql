-- Who waits for a drop, the same as in the vault's file. Calls are a list of instants and places.
CREATE TABLE drops (
    drop_id text COLLATE "C" PRIMARY KEY,
    offer_id text NOT NULL,
    product_id text NOT NULL,
    opens_at bigint NOT NULL,
    ends_at bigint NOT NULL,
    per_minute bigint NOT NULL,
    admission_ms bigint NOT NULL,
    commitment text NOT NULL,
    seed text NOT NULL,
    issued bigint NOT NULL,
    joined bigint NOT NULL,
    called bigint NOT NULL,
    paced_at bigint NOT NULL,
    calls bytea NOT NULL,
    available bigint NOT NULL,
    held bigint NOT NULL,
    unsold bigint NOT NULL,
    admitted bigint NOT NULL,
    seats bigint NOT NULL,
    ended bigint NOT NULL
);
CREATE TABLE drop_tickets (
    ticket text COLLATE "C" PRIMARY KEY,
    drop_id text COLLATE "C" NOT NULL,
    number bigint NOT NULL,
    place bigint
);
CREATE INDEX drop_tickets_place ON drop_tickets (drop_id, place);
