//! What encrypts keys in `ma_vault.csv`. Its readers are not ours: they are given the new key by whoever operates them, who
//! then says `--finish`. The file is written anew under it and held against it row by row, and only then the old key goes.

use super::ring_file::RingFile;
use super::server::TakenOver;
use super::{Bench, Bounds, fresh_key, say};
use crate::secrets;
use anyhow::{Context, ensure};
use std::io::ErrorKind;
use std::path::Path;
use suiftly_api::{Clock, SystemClock};
use suiftly_schema::sealed::Keyring;
use suiftly_schema::vault::csv::{decrypt, parse};

const FILE: &str = "ma_vault.csv";

pub(super) async fn rotate(bench: &Bench, bounds: Bounds) -> anyhow::Result<()> {
    let mut ring = bench.ring(secrets::VAULT_KEYS)?;
    if bounds.finish {
        return finish(bench, ring).await;
    }
    let id = match ring.announced() {
        Some(id) => id,
        None => ring.announce(fresh_key()?)?,
    };
    ring.write()?;
    bench.server()?.take_over(&ring).await?;
    let path = ring.path().display();
    say(&format!(
        "vault key {id} is made and not used yet: give whoever reads {FILE} the line of key {id} in {path}, beside the one \
         that they have; then `suiftly rotate vault --finish` encrypts by it"
    ))
}

async fn finish(bench: &Bench, mut ring: RingFile) -> anyhow::Result<()> {
    if let Some(id) = ring.announced() {
        ring.promote(id, SystemClock.now());
    } else if ring.old().is_empty() {
        return say(&format!("{FILE} is encrypted by vault key {}; nothing was begun", ring.current()));
    }
    ring.write()?;
    let taken_over = bench.server()?.take_over(&ring).await?;
    if taken_over == TakenOver::NobodyRuns {
        let id = ring.current();
        return say(&format!(
            "no server runs; its next start encrypts {FILE} by vault key {id}: then the same command again"
        ));
    }
    let path = bench.config.vault.dir(&bench.place.data_dir).join(FILE);
    let rows = hold_against(&path, &ring.keyring()?)?;
    let gone = ring.drop_old(|_| true);
    ring.write()?;
    bench.server()?.take_over(&ring).await?;
    say(&format!(
        "{rows} rows of {FILE} are encrypted by vault key {}; taken out: {gone:?}, which readers may forget",
        ring.current()
    ))
}

/// The file's rows, if the first key opens each of them. A file that is not there has none.
fn hold_against(path: &Path, ring: &Keyring) -> anyhow::Result<usize> {
    let text = match std::fs::read_to_string(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(0),
        read => read.with_context(|| format!("cannot read {}", path.display()))?,
    };
    let rows = parse(&text).with_context(|| format!("cannot read {}", path.display()))?;
    let current = ring.current().0;
    let is_by_it = |encrypted: &str| decrypt(ring, encrypted).is_some_and(|(id, _)| id == current);
    let others = rows.iter().filter(|row| !is_by_it(row.encrypted_key)).count();
    ensure!(
        others == 0,
        "{others} of {} rows of {} are not encrypted by vault key {current} yet: the old key stays. `suiftly vault show` says \
         what keeps the file from being written; then the same command again",
        rows.len(),
        path.display()
    );
    Ok(rows.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use suiftly_schema::api_key::ApiKey;
    use suiftly_schema::vault::csv::{VAULT_CSV_HEADER, encrypt};

    const KEY: &str = "SAECAGBCF0GRYR341VCNXN4EDRVTWUIODBYV5";

    #[test]
    fn an_old_key_stays_while_a_row_is_under_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(FILE);
        let ring = Keyring::of(vec![(2, [2; 32]), (1, [1; 32])]).unwrap();
        assert_eq!(hold_against(&path, &ring).unwrap(), 0, "no file");
        let row = |vault_key: u8| {
            let encrypted = encrypt(&[vault_key; 32], &ApiKey::parse(KEY).unwrap(), [vault_key; 12]);
            format!("7,{encrypted},100,pro,seal\n")
        };
        for (rows, expected) in [(vec![], Some(0)), (vec![2, 2], Some(2)), (vec![2, 1], None), (vec![2, 9], None)] {
            let text: String = rows.iter().map(|key| row(*key)).collect();
            std::fs::write(&path, format!("{VAULT_CSV_HEADER}\n{text}")).unwrap();
            let held = hold_against(&path, &ring);
            assert_eq!(held.as_ref().ok(), expected.as_ref(), "{rows:?}");
            assert!(held.err().is_none_or(|error| error.to_string().contains("1 of 2 rows")), "{rows:?}");
        }
    }
}
