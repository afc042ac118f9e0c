//! Who acts: what the guards put into a request, and handlers take as an argument.
//!
//! A handler for customers acts for [`Customer::id`] and nobody else; that id is never shown. A handler for operators that
//! changes something begins with [`Operator::may`].

use crate::app::App;
use crate::problem::{Problem, ProblemCode};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use std::net::IpAddr;
use std::sync::Arc;
use suiftly_schema::ids::CustomerId;
use suiftly_schema::time::UnixMillis;
use suiftly_store::accounts::{Act, Actor, OperatorRole};

/// A signed-in customer.
#[derive(Clone, Debug)]
pub struct Customer {
    /// Whose rows and deeds.
    pub id: CustomerId,
    /// The session's public id.
    pub session: Arc<str>,
    /// Where the request came from.
    pub address: IpAddr,
}

impl Customer {
    /// What goes beside a change into the activity log.
    pub(crate) fn act(&self, at: UnixMillis) -> Act {
        Act { actor: Actor::Customer { session: self.session.to_string() }, address: Some(self.address), at }
    }
}

/// Somebody who operates.
#[derive(Clone, Debug)]
pub struct Operator {
    /// Their name.
    pub name: Arc<str>,
    /// What they may do.
    pub role: OperatorRole,
    /// Where the request came from.
    pub address: IpAddr,
}

impl Operator {
    /// Refuses who may not: `forbidden`.
    pub(crate) fn may(&self, at_least: OperatorRole) -> Result<(), Problem> {
        if self.role >= at_least {
            return Ok(());
        }
        let detail = format!("this takes the role {}, and {} has {}", at_least.word(), self.name, self.role.word());
        Err(Problem::new(ProblemCode::Forbidden).detail(detail))
    }

    /// What goes beside a change into the activity log.
    pub(crate) fn act(&self, at: UnixMillis) -> Act {
        Act { actor: Actor::Operator { name: self.name.to_string() }, address: Some(self.address), at }
    }
}

/// From the customers' guard.
impl FromRequestParts<App> for Customer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| Problem::new(ProblemCode::Unauthorized))
    }
}

/// From the operators' guard.
impl FromRequestParts<App> for Operator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| Problem::new(ProblemCode::Unauthorized))
    }
}
