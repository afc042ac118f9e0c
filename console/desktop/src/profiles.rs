//! The servers an operator knows by name: a small file of names and addresses. No token is ever in it.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::target::Address;

/// Most profiles kept.
pub const MAX_PROFILES: usize = 32;
/// Longest name, in characters.
pub const MAX_NAME_CHARS: usize = 64;
/// Most of the file that is read: 32 profiles of the longest addresses are less.
const MAX_FILE_BYTES: u64 = 64 * 1024;

/// A server under a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Its name, unique.
    pub name: String,
    /// Where it is.
    pub address: String,
}

/// What the file holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Book {
    /// The one followed last.
    pub current: Option<String>,
    /// In the order they were made.
    pub profiles: Vec<Profile>,
}

impl Book {
    /// The profile of this name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Profile> {
        self.profiles.iter().find(|profile| profile.name == name)
    }

    /// Puts a server under a name, in the place of one that had it, and makes it the current one.
    ///
    /// # Errors
    /// If there are too many.
    pub fn put(&mut self, profile: Profile) -> Result<(), String> {
        self.current = Some(profile.name.clone());
        let is_full = self.profiles.len() >= MAX_PROFILES;
        match self.profiles.iter_mut().find(|known| known.name == profile.name) {
            Some(known) => known.address = profile.address,
            None if is_full => return Err(format!("there are {MAX_PROFILES} profiles: forget one first")),
            None => self.profiles.push(profile),
        }
        Ok(())
    }

    /// Takes a name out.
    pub fn forget(&mut self, name: &str) {
        self.profiles.retain(|profile| profile.name != name);
        self.current.take_if(|current| current == name);
    }

    fn check(&self) -> Result<(), String> {
        if self.profiles.len() > MAX_PROFILES {
            return Err(format!("it holds more than {MAX_PROFILES} profiles"));
        }
        for profile in &self.profiles {
            check_name(&profile.name)?;
            Address::parse(&profile.address).map_err(|error| error.to_string())?;
        }
        Ok(())
    }
}

/// A name as it is kept: without blanks around it.
///
/// # Errors
/// If it is empty, too long, or holds what a line cannot.
pub fn check_name(name: &str) -> Result<&str, String> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > MAX_NAME_CHARS || name.chars().any(char::is_control) {
        return Err(format!("a profile's name is one line of 1 to {MAX_NAME_CHARS} characters"));
    }
    Ok(name)
}

/// The file, in the user's folder for configuration.
#[derive(Debug, Clone)]
pub struct Profiles {
    folder: PathBuf,
}

impl Profiles {
    /// The file in this folder, which is made when something is first kept.
    #[must_use]
    pub const fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    fn path(&self) -> PathBuf {
        self.folder.join("profiles.json")
    }

    /// What is kept; nothing where there is no file.
    ///
    /// # Errors
    /// If the file cannot be read or is not ours: it stays as it is.
    pub fn read(&self) -> Result<Book, String> {
        let path = self.path();
        let unusable = |reason: String| format!("{} is unusable: {reason}", path.display());
        let text = match read_bounded(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Book::default()),
            read => read.map_err(|error| unusable(error.to_string()))?,
        };
        let book: Book = serde_json::from_str(&text).map_err(|error| unusable(error.to_string()))?;
        book.check().map_err(unusable)?;
        Ok(book)
    }

    /// Changes what is kept, all or nothing.
    ///
    /// # Errors
    /// If the file is unusable, the change is refused, or it cannot be written.
    pub fn change<T>(&self, change: impl FnOnce(&mut Book) -> Result<T, String>) -> Result<T, String> {
        let before = self.read()?;
        let mut book = before.clone();
        let outcome = change(&mut book)?;
        if book != before {
            self.write(&book).map_err(|error| format!("cannot write {}: {error}", self.path().display()))?;
        }
        Ok(outcome)
    }

    /// Whoever reads the file meanwhile finds the old or the new one, whole.
    fn write(&self, book: &Book) -> std::io::Result<()> {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        let part = self.folder.join(format!("profiles.{}.part", std::process::id()));
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&part)?;
        let written = serde_json::to_vec_pretty(book)
            .map_err(std::io::Error::from)
            .and_then(|text| file.write_all(&text))
            .and_then(|()| file.sync_all())
            .and_then(|()| std::fs::rename(&part, self.path()));
        if written.is_err() {
            let _ = std::fs::remove_file(&part);
        }
        written
    }
}

fn read_bounded(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(MAX_FILE_BYTES + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MAX_FILE_BYTES {
        return Err(std::io::Error::new(ErrorKind::FileTooLarge, "it is larger than 64 KiB"));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn profile(name: &str) -> Profile {
        Profile { name: name.into(), address: "http://127.0.0.1:3001".into() }
    }

    #[test]
    fn what_is_kept_is_found_again_by_its_user_alone() {
        let home = tempfile::tempdir().expect("a folder");
        let folder = home.path().join("config/io.suiftly.console");
        let profiles = Profiles::new(folder.clone());
        assert_eq!(profiles.read(), Ok(Book::default()));
        profiles.change(|book| book.put(profile("Berlin"))).expect("kept");
        profiles.change(|book| book.put(profile("Oslo"))).expect("kept");
        let moved = Profile { address: "https://berlin.example.org".into(), ..profile("Berlin") };
        profiles.change(|book| book.put(moved.clone())).expect("kept");

        let book = Profiles::new(folder.clone()).read().expect("read");
        assert_eq!(book, Book { current: Some("Berlin".into()), profiles: vec![moved, profile("Oslo")] });
        let mode = |path: &Path| std::fs::metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!((mode(&profiles.path()), mode(&folder)), (0o600, 0o700));
        assert_eq!(std::fs::read_dir(&folder).expect("a folder").count(), 1, "no parts are left");

        let forget = |book: &mut Book| {
            book.forget("Berlin");
            Ok(())
        };
        profiles.change(forget).expect("forgotten");
        assert_eq!(profiles.read(), Ok(Book { current: None, profiles: vec![profile("Oslo")] }));
    }

    #[test]
    fn there_are_not_too_many() {
        let home = tempfile::tempdir().expect("a folder");
        let profiles = Profiles::new(home.path().into());
        for number in 0..MAX_PROFILES {
            profiles.change(|book| book.put(profile(&format!("{number}")))).expect("room");
        }
        let error = profiles.change(|book| book.put(profile("one more"))).expect_err("full");
        assert!(error.contains("forget one first"), "{error}");
        let book = profiles.read().expect("read");
        assert_eq!((book.profiles.len(), book.current.as_deref()), (MAX_PROFILES, Some("31")));
        profiles.change(|book| book.put(profile("7"))).expect("one that is there can be changed");
    }

    #[test]
    fn a_file_that_is_not_ours_is_left_alone() {
        let home = tempfile::tempdir().expect("a folder");
        let profiles = Profiles::new(home.path().into());
        for text in [
            "",
            "[]",
            r#"{"current":null,"profiles":[{"name":"x","address":"http://a","token":"secret"}]}"#,
            r#"{"current":null,"profiles":[{"name":"x","address":"ftp://a"}]}"#,
            r#"{"current":null,"profiles":[{"name":"","address":"http://a"}]}"#,
            &" ".repeat(100_000),
        ] {
            std::fs::write(profiles.path(), text).expect("written");
            let error = profiles.change(|book| book.put(profile("x"))).expect_err("refused");
            assert!(error.contains("profiles.json is unusable"), "{error}");
            assert_eq!(std::fs::read_to_string(profiles.path()).expect("there"), text);
        }
    }

    #[test]
    fn names_are_one_line() {
        assert_eq!(check_name(" Berlin "), Ok("Berlin"));
        for bad in ["", "  ", "a\nb", &"x".repeat(65)] {
            assert!(check_name(bad).is_err(), "{bad:?}");
        }
    }
}
