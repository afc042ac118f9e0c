//! What is wrong, all of it: nobody wants to mend one thing and only then be told of the next.

use std::fmt::{self, Display};

/// Each in words that say what to do. Several may be told of one thing.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Problems(Vec<String>);

impl Problems {
    /// Told unless it is fine.
    pub(crate) fn unless(&mut self, is_fine: bool, problem: impl Display) {
        if !is_fine {
            self.0.push(problem.to_string());
        }
    }

    /// What comes of it, or why nothing does.
    pub(crate) fn note<T>(&mut self, outcome: anyhow::Result<T>) -> Option<T> {
        outcome.map_err(|error| self.0.push(format!("{error:#}"))).ok()
    }

    pub(crate) fn add(&mut self, problem: impl Display) {
        self.unless(false, problem);
    }

    pub(crate) fn append(&mut self, mut others: Self) {
        self.0.append(&mut others.0);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// An error of one line, unless there are none.
    pub(crate) fn none_or(&self, what: &str) -> anyhow::Result<()> {
        anyhow::ensure!(self.is_empty(), "{what}: {self}");
        Ok(())
    }
}

impl Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_them_are_told() {
        let mut problems = Problems::default();
        problems.unless(true, "no problem");
        assert!(problems.none_or("cannot").is_ok());
        problems.unless(false, "one");
        assert_eq!(problems.note(anyhow::Ok(7)), Some(7));
        assert_eq!(problems.note(Err::<(), _>(anyhow::anyhow!("cause").context("two"))), None);
        assert_eq!(problems.none_or("cannot").unwrap_err().to_string(), "cannot: one; two: cause");
    }
}
