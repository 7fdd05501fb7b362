-- One-time passwords, the same as in the vault's file.
CREATE TABLE second_factors (
    account_id text COLLATE "C" PRIMARY KEY,
    sealed bytea NOT NULL,
    created_at bigint NOT NULL,
    confirmed_at bigint,
    last_step bigint NOT NULL
);
CREATE TABLE recovery_codes (
    digest bytea PRIMARY KEY,
    account_id text COLLATE "C" NOT NULL
);
CREATE INDEX recovery_codes_account ON recovery_codes (account_id);
