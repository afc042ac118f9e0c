//! Proofs, as they are asked for: what names a request, who makes its proof, and why there is none.

use futures::future::BoxFuture;
use suiftly_ingest::proof::Wanted;
use suiftly_schema::ids::CustomerId;
use suiftly_schema::proof::{Line, ProofFile};
use suiftly_schema::time::UnixMillis;
use suiftly_store::StoreError;

/// A request's name is no longer than this.
pub const REQUEST_NAME_BYTES_MAX: usize = 64;

/// What a proof is asked of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProofAsk {
    /// Which request.
    pub wanted: Wanted,
    /// Whose it is, if that is known.
    pub customer: Option<CustomerId>,
    /// In which hour it began, if that is known.
    pub hour: Option<UnixMillis>,
}

/// Makes proofs.
pub trait Prover: Send + Sync {
    /// Makes the proof of a request. What is answered was verified.
    fn prove(&self, ask: ProofAsk) -> BoxFuture<'_, Result<ProofFile, Unproven>>;
}

/// Why there is no proof. Each is fit for a customer's eyes, but for what is wrong with our own.
#[derive(Debug, thiserror::Error)]
pub enum Unproven {
    /// The name alone does not lead anywhere.
    #[error("the name of the request does not say when it was: say the hour too")]
    NoHour,
    /// It is not there.
    #[error("no such request was found among those that are billed")]
    NotFound,
    /// It is there, and in no part.
    #[error("the request was not billed: it is on no bill, and in no proof")]
    NotBilled,
    /// Its hour has no parts.
    #[error("requests of that hour were not sealed yet, which is done every hour, or none was billed")]
    NotSealed,
    /// There are no parts at all.
    #[error("proofs are made where one process takes all lines in: a cluster makes none")]
    Cluster,
    /// It has, but their records are gone.
    #[error("what is needed of that hour is not kept any more: {0}")]
    Gone(String),
    /// One at a time.
    #[error("another proof is being made")]
    Busy,
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The journal cannot be read.
    #[error("the journal cannot be read")]
    Journal(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// What is kept is not what was sealed.
    #[error("what is kept does not fit together")]
    Kept(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Reads what names a request: `X-Request-ID`, or server, worker's birth and number of its line, such as
/// `17-1795100000123-4242`.
pub fn parse_request(text: &str) -> Option<Wanted> {
    let numbers: Vec<&str> = text.split('-').collect();
    if let [server, boot, seq] = numbers[..]
        && let (Ok(server_id), Ok(boot), Ok(seq)) = (server.parse(), boot.parse::<i64>(), seq.parse())
        && boot >= 0
    {
        return Some(Wanted::Line { server_id, line: Line { boot: UnixMillis(boot), seq } });
    }
    let is_name =
        (1..=REQUEST_NAME_BYTES_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    is_name.then(|| Wanted::Request(text.to_owned()))
}

/// How a line is named: [`parse_request`] reads it.
pub fn line_name(server_id: i16, line: &Line) -> String {
    format!("{server_id}-{}-{}", line.boot.0, line.seq)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_named_in_two_ways() {
        let line = Line { boot: UnixMillis(1_795_100_000_123), seq: 4_242 };
        assert_eq!(line_name(17, &line), "17-1795100000123-4242");
        assert_eq!(parse_request("17-1795100000123-4242"), Some(Wanted::Line { server_id: 17, line }));
        for name in ["6B0214B13DF-1D83-8CA5", "17-1795100000123", "17-1795100000123-4294967296", "-1-2-3", "x"] {
            assert_eq!(parse_request(name), Some(Wanted::Request(name.to_owned())), "{name}");
        }
        for name in ["", "a b", "a\n", "é", &"x".repeat(REQUEST_NAME_BYTES_MAX + 1)] {
            assert_eq!(parse_request(name), None, "{name:?}");
        }
    }
}
