//! Suiftly's ingest: listener, frame, syslog, HAProxy, dedup, journal, batch. The only sockets for logs.
