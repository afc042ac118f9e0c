//! The API from outside: requests in, answers out, over a store and a pipeline in memory.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

mod activity;
mod admin_acts;
mod admin_office;
mod admin_reads;
mod admin_records;
mod admin_roles;
mod admin_standing;
mod admin_tail;
mod admin_tls;
mod alerts;
mod auth;
mod billing;
mod closure;
mod customer_usage;
mod desk;
mod export;
mod formats;
mod holdings;
mod house;
mod idempotency;
mod limits;
mod loss;
mod metrics_page;
mod openapi;
mod operation;
mod postgres;
mod proof;
mod quarantine;
mod revisions;
mod server;
mod sessions;
mod sign_in;
mod signing;
mod sse;
mod stream;
mod stream_model;
mod traffic;
mod usage;
mod vault;
mod views;
mod wallets;
mod web;
mod webhooks;
mod world;
