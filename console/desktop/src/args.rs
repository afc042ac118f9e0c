//! The command line and the environment: which server to follow from the start.

use std::path::PathBuf;

use clap::Parser;

use crate::Error;
use crate::target::{Address, Target, Token};

/// Where `suiftly up` serves its operators.
const DEFAULT_ADDRESS: &str = "http://127.0.0.1:3001";

/// The operator console of Suiftly. Without a token it asks for one in its window.
#[derive(Debug, Parser)]
#[command(name = "suiftly-console", version)]
pub struct Args {
    /// The server's address: its operators' port, by http:// or https://. Without one it is the server followed last
    /// under a name, or http://127.0.0.1:3001.
    #[arg(long, value_name = "ADDRESS", env = "SUIFTLY_URL")]
    pub url: Option<String>,
    /// A file that holds an operator's token (`suiftly operator add` makes one; `suiftly up` keeps one as
    /// `operator-token` in its data directory); `SUIFTLY_TOKEN` may hold the token itself. There is no option for it:
    /// other users of a machine can read a command line.
    #[arg(long, value_name = "FILE", env = "SUIFTLY_TOKEN_FILE")]
    pub token_file: Option<PathBuf>,
    /// A file with certificate authorities, as PEM, that https:// servers are trusted by beside the system's.
    #[arg(long, value_name = "FILE", env = "SUIFTLY_CA")]
    pub ca: Option<PathBuf>,
}

/// Where the console starts.
#[derive(Debug)]
pub struct Start {
    /// The address given, or the default one.
    pub address: Address,
    /// An address was given.
    pub is_named: bool,
    /// The target, if a token was given too.
    pub target: Option<Target>,
    /// More certificate authorities to trust.
    pub ca: Option<PathBuf>,
}

impl Args {
    /// Checks what was given. `token` is what the environment holds as `SUIFTLY_TOKEN`; the file wins over it.
    ///
    /// # Errors
    /// If the address or the token is unusable, or the token file cannot be read.
    pub fn start(&self, token: Option<&str>) -> Result<Start, Error> {
        let address = Address::parse(self.url.as_deref().unwrap_or(DEFAULT_ADDRESS))?;
        let token = match (&self.token_file, token) {
            (Some(path), _) => Some(Token::read(path)?),
            (None, Some(token)) => Some(Token::parse(token)?),
            (None, None) => None,
        };
        let target = token.map(|token| Target { address: address.clone(), token });
        Ok(Start { address, is_named: self.url.is_some(), target, ca: self.ca.clone() })
    }
}
