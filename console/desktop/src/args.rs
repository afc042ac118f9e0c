//! The command line and the environment: which server to follow from the start.

use std::path::PathBuf;

use clap::Parser;

use crate::Error;
use crate::target::{Address, Target, Token};

/// The operator console of Suiftly. Without a token it asks for one in its window.
#[derive(Debug, Parser)]
#[command(name = "suiftly-console", version)]
pub struct Args {
    /// The server's address: its operators' port.
    #[arg(long, env = "SUIFTLY_URL", default_value = "http://127.0.0.1:3001")]
    pub url: String,
    /// A file that holds an operator's token (`suiftly operator add` makes one; `suiftly up` keeps one as
    /// `operator-token` in its data directory); `SUIFTLY_TOKEN` may hold the token itself. There is no option for it:
    /// other users of a machine can read a command line.
    #[arg(long, env = "SUIFTLY_TOKEN_FILE")]
    pub token_file: Option<PathBuf>,
}

/// Where the console starts.
#[derive(Debug)]
pub struct Start {
    /// The address given, or the default one.
    pub address: Address,
    /// The target, if a token was given too.
    pub target: Option<Target>,
}

impl Args {
    /// Checks what was given. `token` is what the environment holds as `SUIFTLY_TOKEN`; the file wins over it.
    ///
    /// # Errors
    /// If the address or the token is unusable, or the token file cannot be read.
    pub fn start(&self, token: Option<&str>) -> Result<Start, Error> {
        let address = Address::parse(&self.url)?;
        let token = match (&self.token_file, token) {
            (Some(path), _) => Some(Token::read(path)?),
            (None, Some(token)) => Some(Token::parse(token)?),
            (None, None) => None,
        };
        let target = token.map(|token| Target { address: address.clone(), token });
        Ok(Start { address, target })
    }
}
