-- Who offers a SKU, which no name of a stream says: offers are called off_<shop>.<sku>, and only their shops are in front.
CREATE INDEX offers_by_sku ON events (substr(stream, strpos(stream, '.') + 1))
    WHERE version = 1 AND left(stream, 4) = 'off_';
