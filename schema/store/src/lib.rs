//! Suiftly's store: PostgreSQL or TimescaleDB, in and out. The only SQL.
