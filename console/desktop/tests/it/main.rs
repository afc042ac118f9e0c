//! The console against servers that say what each case tells them to, and its command line.

mod args;
mod ask;
mod desktop;
mod given;
mod keychain;
mod link;
mod local;
mod privilege;
mod profiles;
mod save;
mod server;
mod tail;
mod tls;
