//! Clusters: the same program, its roles apart. Who belongs to one ([`Members`]), as who this process takes part
//! ([`Seat`]), the CA that makes certificates for it ([`ca`]), and the commands for all that.

mod ca;
mod command;
mod forgetting;
mod id;
mod members;
mod seat;
mod standing;

#[cfg(test)]
pub(crate) use ca::Ca;
pub(crate) use command::{ClusterCommand, cluster};
pub(crate) use id::ClusterId;
pub(crate) use members::Members;
pub(crate) use seat::{Part, PartArgs, Seat, tls_files};
