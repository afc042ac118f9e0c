//! Suiftly's HTTP API: sign-in, routes, live streams, problems. The only HTTP server.
