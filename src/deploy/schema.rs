//! Whether a version changes the database's schema. Forth that goes by itself, with the version's first start; back it does
//! not go at all, since a program refuses a database newer than itself. So it is asked before anything is changed.

use super::here::Machine;
use super::plan::Plan;
use std::cmp::Ordering;

/// What a version does to the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// It leaves the schema as it is.
    None,
    /// It brings it up to date; before, it was of this version.
    From(i32),
}

/// A version and the schema that its package says it has; `None`: it says nothing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Coming<'a> {
    pub(super) version: &'a str,
    pub(super) schema: Option<i32>,
}

/// What a version would do to a database whose schema is of version `there`, if that is wanted; else why it is not begun.
pub(super) fn judge(coming: Coming<'_>, there: i32, may_migrate: bool) -> Result<Change, String> {
    let version = coming.version;
    let wanted = "--migrates begins it, with a backup before where backup.recipients are configured";
    match coming.schema.map(|schema| (schema, schema.cmp(&there))) {
        Some((_, Ordering::Equal)) => Ok(Change::None),
        Some((schema, Ordering::Less)) => Err(format!(
            "{version} knows the database up to schema {schema}, and it has {there}: deploying does not lead back over a \
             migration, `suiftly restore` of a backup from before it does"
        )),
        Some(_) | None if may_migrate => Ok(Change::From(there)),
        Some((schema, Ordering::Greater)) => Err(format!(
            "{version} brings the database from schema {there} to {schema}, and deploying does not lead back over that; \
             {wanted}"
        )),
        None => Err(format!(
            "the package of {version} does not say which schema it has, so it may migrate the database, and deploying does \
             not lead back over that; {wanted}"
        )),
    }
}

/// Asks the database, judges, and makes a backup before a change. What is said here is said before anything is changed.
pub(super) fn before(machine: &mut dyn Machine, plan: &Plan) -> Result<Change, String> {
    let there = machine.schema().unwrap_or_else(|error| {
        let known = plan.known_schema;
        machine.told(&format!("the database does not say its schema, {known} is what {} has: {error:#}", plan.from));
        known
    });
    let coming = Coming { version: &plan.to, schema: plan.schema };
    let change = judge(coming, there, plan.may_migrate)?;
    if let Change::From(_) = change {
        machine.told(&format!("{} may migrate the database from schema {there}: a backup goes before", plan.to));
        match machine.back_up() {
            Ok(Some(backup)) => machine.told(&format!("backup: {backup}")),
            Ok(None) => machine.told("no backup was made: backup.recipients are not configured"),
            Err(error) => return Err(format!("no backup could be made, and it is not begun without: {error:#}")),
        }
    }
    Ok(change)
}

/// Why the last version cannot run any more; `None`: it can.
pub(super) fn no_way_back(machine: &mut dyn Machine, plan: &Plan, change: Change) -> Option<String> {
    let Change::From(before) = change else {
        return None;
    };
    let seen = match machine.schema() {
        Ok(now) if now == before => return None,
        Ok(now) => format!("the database has schema {now} now, and {} knows {before}", plan.from),
        Err(error) => format!("whether the database was migrated cannot be asked: {error:#}"),
    };
    Some(format!(
        "{seen}: deploying does not lead back. Deploy a later version that is mended, or `suiftly restore` the backup"
    ))
}
