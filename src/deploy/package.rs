//! A package, as it says itself what it is, and its digest.

use anyhow::{Context, ensure};
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What may be deployed.
const NAME: &str = "suiftly";
/// The field of its description that says which version of the database's schema it brings.
const SCHEMA: &str = "Suiftly-Schema";
/// A version's characters at most.
const VERSION_CHARS_MAX: usize = 100;
const CHUNK_BYTES: usize = 1 << 20;

/// A .deb of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Package {
    /// Where it is.
    pub(super) file: PathBuf,
    /// Its version, as dpkg has it: `0.1.0-1`.
    pub(super) version: String,
    /// The version of the database's schema that it brings; `None`: it does not say.
    pub(super) schema: Option<i32>,
    /// Its SHA-256, hexadecimal.
    pub(super) sha256: String,
}

/// Reads what a file says of itself. Refuses all but a package of ours.
pub(super) fn read(file: &Path) -> anyhow::Result<Package> {
    ensure!(file.is_file(), "there is no {}", file.display());
    let fields = Command::new("dpkg-deb").arg("--field").arg(file).args(["Package", "Version", SCHEMA]).output();
    let fields = fields.context("cannot run dpkg-deb: it comes with Debian's dpkg")?;
    ensure!(
        fields.status.success(),
        "{} is no Debian package: {}",
        file.display(),
        String::from_utf8_lossy(&fields.stderr).trim()
    );
    let (name, version, schema) = fields_of(&String::from_utf8_lossy(&fields.stdout))
        .with_context(|| format!("{} does not say what it is", file.display()))?;
    ensure!(name == NAME, "{} is a package of {name}, not of {NAME}", file.display());
    Ok(Package { file: file.to_owned(), version, schema, sha256: sha256_of(file)? })
}

fn fields_of(text: &str) -> Option<(String, String, Option<i32>)> {
    let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ").map(str::trim));
    let version = field("Version").filter(|version| is_version(version))?;
    let schema = match field(SCHEMA) {
        Some(schema) => Some(schema.parse().ok()?),
        None => None,
    };
    Some((field("Package")?.to_owned(), version.to_owned(), schema))
}

/// Whether it can be a version of a package: it becomes part of a file's name.
pub(super) fn is_version(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || ".+-~:".contains(c);
    text.starts_with(|c: char| c.is_ascii_digit()) && text.len() <= VERSION_CHARS_MAX && text.chars().all(fits)
}

/// The program's version within a package's: what `/health` says.
pub(super) fn program_version(package: &str) -> &str {
    let upstream = package.split_once(':').map_or(package, |(_, rest)| rest);
    let upstream = upstream.rsplit_once('-').map_or(upstream, |(upstream, _)| upstream);
    upstream.split(['+', '~']).next().unwrap_or(upstream)
}

/// A file's SHA-256, hexadecimal.
pub(super) fn sha256_of(file: &Path) -> anyhow::Result<String> {
    let failed = || format!("cannot read {}", file.display());
    let (mut opened, mut digest) = (File::open(file).with_context(failed)?, Sha256::new());
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        match opened.read(&mut chunk).with_context(failed)? {
            0 => return Ok(HEXLOWER.encode(&digest.finalize())),
            read => digest.update(&chunk[..read]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::fields_of;

    #[test]
    fn a_package_says_what_it_is() {
        let said = |version: &str, schema: Option<i32>| Some(("suiftly".to_owned(), version.to_owned(), schema));
        for (text, expected) in [
            ("Package: suiftly\nVersion: 1.0-1\nSuiftly-Schema: 17\n", said("1.0-1", Some(17))),
            ("Package: suiftly\nVersion: 1.0-1\n", said("1.0-1", None)),
            ("Package: suiftly\nVersion: 1.0-1\nSuiftly-Schema: many\n", None),
            ("Package: suiftly\nVersion: ../1\n", None),
            ("Version: 1.0-1\n", None),
            ("", None),
        ] {
            assert_eq!(fields_of(text), expected, "{text}");
        }
    }
}
