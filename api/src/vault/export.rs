//! What is written for gateways that read files, in figures: the vault's directory and `ma_vault.csv`. Whoever writes them
//! sets these; metrics show them.

use suiftly_schema::time::UnixMillis;

/// How the files stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExportFigures {
    /// The version that the directory has; 0: none was written yet.
    pub version: u64,
    /// When both files were last as they are to be.
    pub written_at: Option<UnixMillis>,
    /// How long that took, in microseconds.
    pub took_us: u64,
    /// Rows of `ma_vault.csv`.
    pub rows: u64,
    /// Keys that may be used and are not in it: to be brought from the database, or not kept there.
    pub left_out: u64,
    /// Times that it was written.
    pub writes: u64,
    /// Why it could not be written last, or the database not be asked; `None`: it could.
    pub trouble: Option<String>,
    /// Times that a check found something other than it was to be.
    pub mismatches: u64,
    /// When the last check was done.
    pub checked_at: Option<UnixMillis>,
}
