-- A stream that has moved here from another log begins with its snapshot (commands/logs/home.py). It is looked for only
-- where there is no predecessor, so nobody else pays for it.
CREATE OR REPLACE FUNCTION refuse_loose(head bigint) RETURNS void LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    loose record;
BEGIN
    SELECT stream, version INTO loose FROM events AS event
    WHERE position > head AND version <> 1 AND (
        SELECT true FROM events AS before WHERE before.stream = event.stream AND before.version = event.version - 1
            AND before.position < event.position
    ) IS NOT TRUE AND (
        SELECT true FROM snapshots AS before WHERE before.stream = event.stream AND before.version = event.version - 1
    ) IS NOT TRUE
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION '%: version % has no predecessor', loose.stream, loose.version USING ERRCODE = '23503';
    END IF;
END
$$;
