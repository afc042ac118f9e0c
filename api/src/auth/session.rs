//! Sessions by cookie: random ids, in memory, bounded in number and time. A restart ends them all.

use parking_lot::Mutex;
use std::collections::HashMap;
use suiftly_schema::time::UnixMillis;

/// The cookie's name.
pub(crate) const SESSION_COOKIE: &str = "suiftly_session";
/// How long a session lasts.
const SESSION_S: i64 = 12 * 60 * 60;
/// Bytes of randomness in an id.
const ID_BYTES: usize = 32;

/// The machine has no randomness to give.
#[derive(Debug, thiserror::Error)]
#[error("making a session id: {0}")]
pub(crate) struct NoRandomness(getrandom::Error);

/// The open sessions.
#[derive(Debug)]
pub(crate) struct Sessions {
    most: usize,
    expiries: Mutex<HashMap<[u8; ID_BYTES], UnixMillis>>,
}

impl Sessions {
    pub(crate) fn new(most: usize) -> Self {
        Self { most, expiries: Mutex::default() }
    }

    /// Opens one and returns its id; if there are too many, the oldest ends.
    pub(crate) fn open(&self, now: UnixMillis) -> Result<String, NoRandomness> {
        let mut id = [0; ID_BYTES];
        getrandom::fill(&mut id).map_err(NoRandomness)?;
        let mut expiries = self.expiries.lock();
        expiries.retain(|_, expiry| *expiry > now);
        while expiries.len() >= self.most.max(1) {
            let oldest = expiries.iter().min_by_key(|(_, expiry)| **expiry).map(|(id, _)| *id);
            oldest.and_then(|id| expiries.remove(&id));
        }
        expiries.insert(id, now.plus_ms(SESSION_S * 1000));
        Ok(data_encoding::HEXLOWER.encode(&id))
    }

    /// Whether an id's session is open. (A hash map's look-up under a random key tells a guesser nothing of use.)
    pub(crate) fn is_open(&self, id: &str, now: UnixMillis) -> bool {
        let Ok(bytes) = data_encoding::HEXLOWER.decode(id.as_bytes()) else { return false };
        let Ok(id) = <[u8; ID_BYTES]>::try_from(bytes) else { return false };
        self.expiries.lock().get(&id).is_some_and(|expiry| *expiry > now)
    }
}

/// The `Set-Cookie` value for a session. Not `Secure`: development is plain HTTP on loopback.
pub(crate) fn set_cookie(id: &str) -> String {
    format!("{SESSION_COOKIE}={id}; Max-Age={SESSION_S}; Path=/; HttpOnly; SameSite=Strict")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_end_by_time_and_by_number() {
        let sessions = Sessions::new(2);
        let first = sessions.open(UnixMillis(0)).unwrap();
        let second = sessions.open(UnixMillis(1)).unwrap();
        assert_ne!(first, second);
        assert!(sessions.is_open(&first, UnixMillis(SESSION_S * 1000 - 1)));
        assert!(!sessions.is_open(&first, UnixMillis(SESSION_S * 1000)));
        let third = sessions.open(UnixMillis(2)).unwrap();
        let open = [&first, &second, &third].map(|id| sessions.is_open(id, UnixMillis(3)));
        assert_eq!(open, [false, true, true], "the oldest made room");
        for no_id in ["", "00", &third[1..], &third.to_uppercase().replace(char::is_numeric, "A")] {
            assert!(!sessions.is_open(no_id, UnixMillis(3)), "{no_id}");
        }
    }
}
