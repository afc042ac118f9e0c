//! Directories, the configuration and secrets: whose they are, and who else can read them.

use super::Ground;
use super::finding::Finding;
use crate::secrets::{
    API_KEY_SECRET, AT_REST_KEYS, EDGE_TOKEN, JWT_KEYS, OPERATOR_TOKEN, Secrets, VAULT_KEYS, VAULT_SIGNING_KEYS,
};
use nix::unistd::{Uid, User};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// A server cannot go on without these.
const NEEDED: [&str; 5] = [API_KEY_SECRET, AT_REST_KEYS, JWT_KEYS, VAULT_KEYS, VAULT_SIGNING_KEYS];
const TOKENS: [&str; 2] = [OPERATOR_TOKEN, EDGE_TOKEN];

/// A file or directory as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stands {
    mode: u32,
    owner: u32,
}

/// What it is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    /// Its owner alone reads it; whether the server cannot do without it.
    Secret { is_needed: bool },
    /// Others cannot write it.
    NotWritable,
    /// Others cannot look into it.
    Directory,
}

pub(super) fn check(ground: &Ground) -> Vec<Finding> {
    let is_production = ground.place.deployment().is_ok_and(|deployment| deployment.is_production());
    let owner = stands(&ground.place.data_dir).ok().flatten().map(|data| data.owner);
    let mut findings = Vec::new();
    let mut fine = 0_usize;
    for (path, rule) in everything(ground, is_production) {
        match judge(&path, stands(&path).map_err(|error| error.to_string()), rule, owner) {
            Some(finding) => findings.push(finding),
            None => fine += 1,
        }
    }
    if findings.is_empty() {
        findings.push(Finding::fine("files", format!("{fine} directories and files are as private as they must be")));
    }
    findings
}

fn everything(ground: &Ground, is_production: bool) -> Vec<(PathBuf, Rule)> {
    let Ground { place, config, .. } = ground;
    let mut all = vec![(place.data_dir.clone(), Rule::Directory)];
    all.extend(place.config.clone().map(|path| (path, Rule::NotWritable)));
    all.extend(config.secrets.dir.clone().map(|dir| (dir, Rule::Directory)));
    if let Ok(secrets) = Secrets::of(place, config) {
        all.extend(NEEDED.map(|name| (secrets.file(name), Rule::Secret { is_needed: is_production })));
        all.extend(TOKENS.map(|name| (secrets.file(name), Rule::Secret { is_needed: false })));
    }
    let named = [
        &config.notify.smtp_password_file,
        &config.firehose.password_file,
        &config.firehose.token_file,
        &config.admin.tls_key,
        &config.ingest.tls_key,
    ];
    all.extend(named.into_iter().flatten().map(|path| (path.clone(), Rule::Secret { is_needed: true })));
    all
}

/// `None` where there is nothing.
fn stands(path: &Path) -> std::io::Result<Option<Stands>> {
    match path.metadata() {
        Ok(found) => Ok(Some(Stands { mode: found.permissions().mode() & 0o7777, owner: found.uid() })),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// What is wrong with it; `None` if nothing is. What is not needed may be missing.
fn judge(path: &Path, found: Result<Option<Stands>, String>, rule: Rule, owner: Option<u32>) -> Option<Finding> {
    let shown = path.display();
    let found = match found {
        Ok(Some(found)) => found,
        Ok(None) => return missing(path, rule),
        Err(error) => {
            let todo = "run it as root, or as the account that the server runs as";
            return Some(Finding::look("files", format!("{shown} cannot be looked at: {error}"), todo));
        }
    };
    let (forbidden, fix, words) = match rule {
        Rule::Secret { .. } => (0o077, "600", "can be read by others"),
        Rule::NotWritable => (0o022, "640", "can be written by others"),
        Rule::Directory => (0o007, "750", "can be looked into by everybody"),
    };
    if found.mode & forbidden != 0 {
        let seen = format!("{shown} {words}: its mode is {:04o}", found.mode);
        return Some(match rule {
            Rule::Directory => Finding::look("files", seen, format!("chmod {fix} {shown}")),
            _ => Finding::wrong("files", seen, format!("chmod {fix} {shown}")),
        });
    }
    let is_readable = found.owner == 0 || owner.is_none_or(|owner| owner == found.owner) || rule == Rule::NotWritable;
    (!is_readable).then(|| {
        let (theirs, ours) = (account(found.owner), account(owner.unwrap_or_default()));
        let seen = format!("{shown} belongs to {theirs}, and the data directory to {ours}");
        Finding::look("files", seen, format!("chown {ours} {shown}"))
    })
}

fn missing(path: &Path, rule: Rule) -> Option<Finding> {
    let seen = format!("there is no {}", path.display());
    match rule {
        Rule::Secret { is_needed: true } => {
            let todo = "restore it from a backup (`suiftly restore`); on a new server `suiftly provision` makes it";
            Some(Finding::wrong("files", seen, todo))
        }
        Rule::Secret { is_needed: false } => None,
        Rule::NotWritable => Some(Finding::wrong("files", seen, "name a configuration that is there with --config")),
        Rule::Directory => {
            Some(Finding::look("files", seen, "nothing was started here yet, or --data-dir names another place"))
        }
    }
}

fn account(id: u32) -> String {
    User::from_uid(Uid::from_raw(id)).ok().flatten().map_or_else(|| id.to_string(), |user| user.name)
}

#[cfg(test)]
mod tests {
    use super::super::finding::Mark;
    use super::super::finding::testing::assert_mark;
    use super::*;

    #[test]
    fn who_can_read_what() {
        let needed = Rule::Secret { is_needed: true };
        let stands = |mode, owner| Ok(Some(Stands { mode, owner }));
        for (found, rule, mark) in [
            (stands(0o600, 7), needed, None),
            (stands(0o400, 0), needed, None),
            (stands(0o640, 7), needed, Some(Mark::Wrong)),
            (stands(0o604, 7), needed, Some(Mark::Wrong)),
            (stands(0o600, 8), needed, Some(Mark::Look)),
            (Ok(None), needed, Some(Mark::Wrong)),
            (Ok(None), Rule::Secret { is_needed: false }, None),
            (Err("permission denied".to_owned()), needed, Some(Mark::Look)),
            (stands(0o640, 0), Rule::NotWritable, None),
            (stands(0o660, 0), Rule::NotWritable, Some(Mark::Wrong)),
            (stands(0o750, 7), Rule::Directory, None),
            (stands(0o755, 7), Rule::Directory, Some(Mark::Look)),
            (Ok(None), Rule::Directory, Some(Mark::Look)),
        ] {
            let finding = judge(Path::new("/x"), found.clone(), rule, Some(7));
            assert_eq!(finding.is_some(), mark.is_some(), "{found:?} {rule:?}: {finding:?}");
            if let (Some(finding), Some(mark)) = (finding, mark) {
                assert_mark(&finding, mark);
            }
        }
    }

    #[test]
    fn a_real_secret_that_others_can_read_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("jwt-keys");
        std::fs::write(&path, "1 00").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        let found = stands(&path).map_err(|error| error.to_string());
        let finding = judge(&path, found, Rule::Secret { is_needed: true }, None).unwrap();
        assert_mark(&finding, Mark::Wrong);
        assert!(finding.todo.is_some_and(|todo| todo.starts_with("chmod 600 ")));
    }
}
