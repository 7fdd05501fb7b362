-- Of a log that is one of several: which of which, and by which version of their directory it is written.
CREATE TABLE belonging (
    shop text NOT NULL,
    log integer NOT NULL,
    epoch bigint NOT NULL
);
CREATE UNIQUE INDEX belonging_once ON belonging ((true));
