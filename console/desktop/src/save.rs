//! Puts what a path of the API answers into the user's download folder, without holding it in memory.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use reqwest::{Client, Method, Response};
use serde::Serialize;

use crate::api_path::ApiPath;
use crate::ask::request;
use crate::client::{ANSWER_TIME, explain};
use crate::problem;
use crate::target::Target;

/// Largest file written: a server that never ends must not fill the disk.
pub const MAX_FILE_BYTES: u64 = 4 * 1024 * 1024 * 1024;
/// Longest name, in bytes: file systems take 255, and a number may follow.
const MAX_NAME_BYTES: usize = 200;
/// How many files of one name there may be.
const MAX_COPIES: u32 = 1_000;

/// What was written.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Saved {
    /// Where it is.
    pub path: PathBuf,
    /// How much it is.
    pub bytes: u64,
}

/// Asks the target for the path and writes its answer into the folder, under this name or the next that is free.
///
/// # Errors
/// If there is no good answer, or it cannot be written: in one sentence. Then no file is left.
pub async fn save(client: &Client, target: &Target, path: &str, name: &str, folder: &Path) -> Result<Saved, String> {
    let path = ApiPath::parse(path).map_err(|error| error.to_string())?;
    let name = file_name(name);
    let sent = request(client, target, &path, Method::GET).send().await;
    let response = sent.map_err(|error| explain(&error, &target.address, ANSWER_TIME))?;
    if !response.status().is_success() {
        return Err(problem::sentence(response).await);
    }
    let cannot = |error: std::io::Error| format!("cannot write into {}: {error}", folder.display());
    std::fs::create_dir_all(folder).map_err(cannot)?;
    let (file, path) = create(folder, &name).map_err(cannot)?;
    match write(response, file, target).await {
        Ok(bytes) => Ok(Saved { path, bytes }),
        Err(reason) => {
            let _ = std::fs::remove_file(&path);
            Err(reason)
        }
    }
}

async fn write(mut response: Response, mut file: File, target: &Target) -> Result<u64, String> {
    let mut bytes = 0;
    while let Some(chunk) = response.chunk().await.map_err(|error| explain(&error, &target.address, ANSWER_TIME))? {
        bytes += chunk.len() as u64;
        if bytes > MAX_FILE_BYTES {
            return Err("the answer is larger than 4 GiB: ask for less".into());
        }
        // Written where it stands: chunks are small, and a disk is faster than a network.
        file.write_all(&chunk).map_err(|error| format!("cannot write the file: {error}"))?;
    }
    // A disk that is full may say so only here, and it may take its time.
    let synced = tokio::task::spawn_blocking(move || file.sync_all()).await;
    synced.map_err(std::io::Error::from).flatten().map_err(|error| format!("cannot write the file: {error}"))?;
    Ok(bytes)
}

/// A new file; what there is already stays as it is. What operators save names customers: nobody else may read it.
fn create(folder: &Path, name: &str) -> std::io::Result<(File, PathBuf)> {
    let (stem, extension) = match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() => (stem, format!(".{extension}")),
        _ => (name, String::new()),
    };
    for copy in 1..=MAX_COPIES {
        let name = if copy == 1 { name.to_owned() } else { format!("{stem} ({copy}){extension}") };
        let path = folder.join(name);
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
            Ok(file) => return Ok((file, path)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(std::io::Error::new(ErrorKind::AlreadyExists, format!("there are {MAX_COPIES} files named {name}")))
}

/// A name that is nothing but a name: no folder, no hidden file, nothing that a shell or another system trips over.
fn file_name(given: &str) -> String {
    let plain = |char: char| {
        let odd = char.is_control() || "/\\:*?\"<>|".contains(char) || is_direction(char);
        if odd { '_' } else { char }
    };
    let name: String = given.chars().map(plain).collect();
    let mut name = name.trim_matches(|char: char| char == '.' || char.is_whitespace()).to_owned();
    while name.len() > MAX_NAME_BYTES {
        // From the front, so that the extension stays.
        name.remove(0);
    }
    let name = name.trim_start_matches(|char: char| char == '.' || char.is_whitespace());
    if name.is_empty() { "suiftly".into() } else { name.to_owned() }
}

/// Marks that turn the direction of writing make `exe.pdf` of `fdp.exe`.
const fn is_direction(char: char) -> bool {
    matches!(char, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_made_plain() {
        for (given, name) in [
            ("usage-2026-11.csv", "usage-2026-11.csv"),
            ("../../.ssh/authorized_keys", "_.._.ssh_authorized_keys"),
            ("/etc/passwd", "_etc_passwd"),
            ("..", "suiftly"),
            ("", "suiftly"),
            (".bashrc", "bashrc"),
            (" a\nb\0c.csv ", "a_b_c.csv"),
            ("C:\\x.csv", "C__x.csv"),
            ("invoice \u{202e}fdp.exe", "invoice _fdp.exe"),
        ] {
            assert_eq!(file_name(given), name, "{given:?}");
        }
        let long = file_name(&format!("{}.csv", "é".repeat(300)));
        assert!(long.len() <= MAX_NAME_BYTES && long.ends_with("é.csv"));
    }

    #[test]
    fn nothing_is_overwritten() {
        let folder = tempfile::tempdir().expect("a folder");
        for expected in ["a.tar.gz", "a.tar (2).gz", "a.tar (3).gz"] {
            let (_, path) = create(folder.path(), "a.tar.gz").expect("created");
            assert_eq!(path, folder.path().join(expected));
        }
        std::os::unix::fs::symlink("/nowhere/target", folder.path().join("link")).expect("linked");
        let (_, path) = create(folder.path(), "link").expect("created");
        assert_eq!(path, folder.path().join("link (2)"), "a link is not followed");
    }

    proptest! {
        #[test]
        fn a_name_never_leaves_its_folder(given in any::<String>()) {
            let name = file_name(&given);
            let path = Path::new("/folder").join(&name);
            prop_assert_eq!(path.parent(), Some(Path::new("/folder")));
            prop_assert!(!name.is_empty() && !name.starts_with('.') && name.len() <= MAX_NAME_BYTES);
        }
    }
}
