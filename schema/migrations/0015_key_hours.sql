-- What each key did by the hour, for the picture beside it: kept eight days. As key_activity, whether we know the key or
-- not. The hour stands before the key: a customer's last day is one stretch of the primary key.
CREATE TABLE key_activity_per_hour (
    customer_id bigint      NOT NULL CHECK (customer_id > 0),
    hour        timestamptz NOT NULL CHECK (hour = date_bin(INTERVAL '1 hour', hour, TIMESTAMPTZ '2000-01-01 00:00:00+00')),
    api_key_fp  bigint      NOT NULL CHECK (api_key_fp BETWEEN 1 AND 4294967295),
    requests    bigint      NOT NULL,
    errors      bigint      NOT NULL,
    PRIMARY KEY (customer_id, hour, api_key_fp)
)
WITH (fillfactor = 70);
-- What retention goes by.
CREATE INDEX key_activity_per_hour_hour ON key_activity_per_hour (hour);

-- As in 0013.
ALTER TABLE key_activity_per_hour ENABLE ROW LEVEL SECURITY;
CREATE POLICY of_customer ON key_activity_per_hour USING (
    (SELECT coalesce(current_setting('suiftly.scope', true), '') = '')
    OR customer_id = (SELECT nullif(current_setting('suiftly.customer_id', true), '')::bigint));
