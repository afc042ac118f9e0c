//! Names to addresses, by the system's resolver; tests bring their own.

use futures::future::BoxFuture;
use std::io;
use std::net::IpAddr;

/// What a host's name stands for.
pub trait Resolve: Send + Sync {
    /// Every address of a name, in the order in which they are to be tried.
    fn addresses<'a>(&'a self, name: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>>;
}

/// The system's resolver.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

impl Resolve for SystemResolver {
    fn addresses<'a>(&'a self, name: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        Box::pin(async move { Ok(tokio::net::lookup_host((name, 0)).await?.map(|address| address.ip()).collect()) })
    }
}
