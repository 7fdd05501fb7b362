-- The same tables as in the vault's file.
CREATE TABLE person_keys (
    person_id text COLLATE "C" PRIMARY KEY,
    key_id bytea,
    key bytea,
    created_at bigint NOT NULL,
    destroyed_at bigint
);
CREATE TABLE credentials (
    account_id text COLLATE "C" PRIMARY KEY,
    hash text NOT NULL,
    changed_at bigint NOT NULL
);
CREATE TABLE families (
    family text COLLATE "C" PRIMARY KEY,
    account_id text COLLATE "C" NOT NULL,
    scope text NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    revoked_at bigint
);
CREATE INDEX families_account ON families (account_id);
CREATE INDEX families_expiry ON families (expires_at);
CREATE TABLE refresh_tokens (
    digest bytea PRIMARY KEY,
    family text COLLATE "C" NOT NULL REFERENCES families ON DELETE CASCADE,
    expires_at bigint NOT NULL,
    used_at bigint
);
CREATE INDEX refresh_tokens_family ON refresh_tokens (family);
CREATE TABLE revocations (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL,
    subject text NOT NULL,
    at bigint NOT NULL
);
CREATE TABLE secrets (
    name text COLLATE "C" PRIMARY KEY,
    value bytea NOT NULL,
    created_at bigint NOT NULL
);
