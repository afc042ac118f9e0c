//! The running server, as a rotation asks it: to take keys over, and how it stands.

use super::ring_file::RingFile;
use crate::cli::Place;
use crate::client::Client;
use anyhow::{Context, ensure};
use serde_json::{Value, json};

/// The server of this place, which may not be running.
pub(super) struct Running(Client);

/// Whether a server has the keys of a file in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TakenOver {
    /// It says so.
    Yes,
    /// None runs: the next start will.
    NobodyRuns,
}

impl Running {
    pub(super) fn of(place: &Place) -> anyhow::Result<Self> {
        Client::of(place).map(Self)
    }

    /// Has it read its files, and holds what it answers against the file: it answers once the keys are in force.
    pub(super) async fn take_over(&self, ring: &RingFile) -> anyhow::Result<TakenOver> {
        if !self.0.is_answered().await {
            return Ok(TakenOver::NobodyRuns);
        }
        let reloaded = self.0.post("/api/v1/secrets/reload", &json!({})).await.with_context(|| {
            format!(
                "{} is written, and the running server has not taken it over: `systemctl reload suiftly`, then the same \
                 command again",
                ring.path().display()
            )
        })?;
        let in_force = ids_of(&reloaded, ring.name());
        ensure!(
            in_force == ring.ids(),
            "the running server has the keys {in_force:?} of {} in force, and {} holds {:?}: does it run on another \
             directory of secrets?",
            ring.name(),
            ring.path().display(),
            ring.ids()
        );
        Ok(TakenOver::Yes)
    }

    /// The keyrings in force; `None`: no server runs.
    pub(super) async fn secrets(&self) -> anyhow::Result<Option<Value>> {
        if !self.0.is_answered().await {
            return Ok(None);
        }
        self.0.get("/api/v1/secrets").await.map(Some)
    }

    /// Who is expected to follow the grant set, and how they stand.
    pub(super) async fn fleet(&self) -> anyhow::Result<Value> {
        self.0.get("/api/v1/fleet").await
    }
}

/// The numbers of a keyring in an answer, the key that is used first.
pub(super) fn ids_of(secrets: &Value, name: &str) -> Vec<u16> {
    let rings = secrets["rings"].as_array().into_iter().flatten();
    let ids = rings.filter(|ring| ring["name"] == name).flat_map(|ring| ring["ids"].as_array().into_iter().flatten());
    ids.filter_map(|id| id.as_u64().and_then(|id| u16::try_from(id).ok())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rings_numbers_are_found_by_its_name() {
        let answer = json!({"rings": [{"name": "jwt-keys", "ids": [3, 2]}, {"name": "vault-keys", "ids": [1]}]});
        assert_eq!(ids_of(&answer, "jwt-keys"), [3, 2]);
        assert_eq!(ids_of(&answer, "at-rest-keys"), Vec::<u16>::new());
        assert_eq!(ids_of(&json!({}), "jwt-keys"), Vec::<u16>::new());
    }
}
