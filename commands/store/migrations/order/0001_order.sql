-- The order of several logs and the directory of their slices, beside the first of them (commands/logs/order.py).
CREATE TABLE order_logs (
    log integer PRIMARY KEY,
    shop text NOT NULL
);

CREATE TABLE order_spans (
    first bigint PRIMARY KEY,
    log integer NOT NULL,
    start bigint NOT NULL,
    events bigint NOT NULL,
    UNIQUE (log, start)
);

CREATE TABLE order_slices (
    version bigint NOT NULL,
    first integer NOT NULL,
    last integer NOT NULL,
    log integer NOT NULL,
    at bigint NOT NULL,
    PRIMARY KEY (version, first)
);

-- Puts all events up to these positions into the order, and tells what lies in it after a place. Under the lock, for
-- several processes cut: each statement sees what others have committed before it. Not the table's own lock, for then
-- cuts would wait for those who clean up behind them.
CREATE FUNCTION order_cut(lock bigint, heads bigint[], after bigint) RETURNS SETOF order_spans LANGUAGE plpgsql AS $$
DECLARE
    place bigint;
    known bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(lock);
    place := coalesce((SELECT spans.first + spans.events FROM order_spans AS spans ORDER BY spans.first DESC LIMIT 1), 1);
    FOR number IN 0 .. array_length(heads, 1) - 1 LOOP
        known := coalesce((
            SELECT spans.start + spans.events - 1 FROM order_spans AS spans WHERE spans.log = number
            ORDER BY spans.start DESC LIMIT 1
        ), 0);
        IF heads[number + 1] > known THEN
            INSERT INTO order_spans VALUES (place, number, known + 1, heads[number + 1] - known);
            place := place + heads[number + 1] - known;
        END IF;
    END LOOP;
    RETURN QUERY SELECT * FROM order_spans AS spans WHERE spans.first > after ORDER BY spans.first;
END
$$;
