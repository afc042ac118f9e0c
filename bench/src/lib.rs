//! Suiftly's benches, load generator and runs beside peers.
