//! A stick table row by row, over a session: with other answers of the same worker.

use super::{COMMAND_TIME_MAX, Session, TableRow, parse};
use crate::EdgeError;

impl Session {
    /// Gives each row of a stick table whose counter is above 0 to `take`, however many there are.
    pub fn rows_above_zero(
        &mut self,
        table: &str,
        counter: &str,
        mut take: impl FnMut(TableRow),
    ) -> Result<(), EdgeError> {
        self.connection.send(&format!("show table {table} data.{counter} gt 0"))?;
        self.connection.lines(COMMAND_TIME_MAX, |line| {
            if !line.is_empty() && !line.starts_with("# table: ") {
                take(parse::row(line)?);
            }
            Some(())
        })
    }
}
