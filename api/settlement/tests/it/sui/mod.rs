//! The escrow on Sui, over a chain of our own: two endpoints by gRPC, with faults of their own.

mod bank;
mod crash;
mod doubts;
mod escrow;
mod lies;
mod many;
mod matrix;
mod order;
mod owners;
