//! The operator console's native side: a thin face on a running Suiftly.
//!
//! It promises that the token never reaches the web side, that every buffer between the server and the window is
//! bounded, and that a lost connection resumes at the epoch it ended with. What the figures mean is the web side's
//! matter (`ui/`): here they are text.
//!
//! The way of an event: [`link`] reads the server's stream, [`sse`] cuts it into events, [`feed`] holds them until the
//! window pulls them through [`window`]. [`target`] says which server, [`args`] what the command line says of it.

pub mod args;
pub mod error;
pub mod feed;
pub mod link;
pub mod sse;
pub mod target;
pub mod window;

pub use error::Error;
