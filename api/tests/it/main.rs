//! The API from outside: requests in, answers out, over a store and a pipeline in memory.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

mod auth;
mod loss;
mod openapi;
mod operation;
mod postgres;
mod quarantine;
mod server;
mod sse;
mod stream;
mod stream_model;
mod traffic;
mod usage;
mod views;
mod web;
mod world;
