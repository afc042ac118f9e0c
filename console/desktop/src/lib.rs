//! The operator console's native side: a thin face on a running Suiftly.
//!
//! It promises that the token never reaches the web side, that every buffer between the server and the window is
//! bounded, and that a lost connection resumes at the epoch it ended with. What the figures mean is the web side's
//! matter (`ui/`): here they are text.
//!
//! The way of an event: [`link`] reads a stream of the server, [`sse`] cuts it into events, [`feed`] (or [`tail`], for
//! the live tail) holds them until the window pulls them through [`window`] and [`console`]. Questions go by [`ask`] and
//! [`save`], to paths that [`api_path`] checks. [`target`] says which server, [`args`] what the command line says of it,
//! [`profiles`] and [`keychain`] what was kept. [`local`] runs a whole system on this machine; [`desktop`] is the tray
//! and the notifications.

pub mod api_path;
pub mod args;
pub mod ask;
pub mod client;
mod commands;
pub mod console;
pub mod dbus;
pub mod desktop;
pub mod error;
pub mod feed;
pub mod keychain;
pub mod link;
pub mod local;
pub mod notify;
pub mod pace;
mod problem;
pub mod profiles;
pub mod save;
pub mod sink;
pub mod sse;
pub mod status;
pub mod tail;
pub mod target;
pub mod tls;
pub mod tray;
pub mod window;

pub use error::Error;
