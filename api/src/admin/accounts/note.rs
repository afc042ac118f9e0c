//! What operators keep of a customer in their own words.

use super::super::asked::{BodyProblems, MissingProblem, WriteProblems, customer_in};
use crate::app::App;
use crate::body;
use crate::params::parse_none;
use crate::path::Path;
use crate::problem::{FieldError, GuardedProblems, Problem};
use crate::scope::Operator;
use axum::Json;
use axum::extract::{RawQuery, Request, State};
use serde::{Deserialize, Serialize};
use suiftly_store::accounts::OperatorRole;
use suiftly_store::accounts::admin::{CustomerNote, NOTE_CHARS_MAX};
use utoipa::ToSchema;

/// A note to be kept.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoteRequest {
    /// The words, in place of those before; none removes them. Lines may end.
    #[schema(max_length = 4096)]
    pub text: String,
}

/// What operators keep of a customer. The customer is never shown it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct NoteView {
    /// The words.
    pub text: String,
    /// Who wrote them.
    pub by: String,
    /// When.
    #[schema(format = DateTime)]
    pub at: String,
}

impl From<CustomerNote> for NoteView {
    fn from(note: CustomerNote) -> Self {
        Self { text: note.text, by: note.by, at: note.at.rfc3339() }
    }
}

/// A customer's note after it was written.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct NoteSet {
    /// Who.
    pub customer_id: i64,
    /// What is kept of them; null: nothing.
    pub note: Option<NoteView>,
}

/// Writes down what operators should know of a customer, in place of what was written before. The customer is never shown
/// it.
#[utoipa::path(put, path = "/customers/{customer_id}/note", operation_id = "put_customer_note", tag = "customers",
    params(("customer_id" = i64, Path, minimum = 1)), request_body = NoteRequest,
    responses((status = 200, body = NoteSet), MissingProblem, WriteProblems, BodyProblems, GuardedProblems)
)]
pub(super) async fn put_note(
    State(app): State<App>,
    operator: Operator,
    Path(customer): Path<String>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Json<NoteSet>, Problem> {
    operator.may(OperatorRole::Operator)?;
    parse_none(&query.unwrap_or_default())?;
    let customer = customer_in(&customer)?;
    let NoteRequest { text } = body::read(request).await?;
    let text = checked(&text)?;
    let act = operator.act(app.parts.clock.now());
    let note = app.parts.accounts.store.put_note(customer, text, &act).await??;
    Ok(Json(NoteSet { customer_id: customer.get(), note: note.map(NoteView::from) }))
}

/// As it is kept: without what is around it.
fn checked(text: &str) -> Result<&str, Problem> {
    let is_shown = |c: char| !c.is_control() || matches!(c, '\n' | '\t');
    if text.chars().count() <= NOTE_CHARS_MAX && text.chars().all(is_shown) {
        return Ok(text.trim());
    }
    let must =
        format!("must have at most {NOTE_CHARS_MAX} characters, and no control characters but line ends and tabs");
    Err(Problem::validation(vec![FieldError::new("text", must)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_are_bounded_and_trimmed() {
        assert_eq!(checked(" a\n\tb \n").unwrap(), "a\n\tb");
        assert_eq!(checked("").unwrap(), "");
        assert!(checked(&"é".repeat(NOTE_CHARS_MAX)).is_ok());
        for refused in ["a\0b", "a\rb", &"é".repeat(NOTE_CHARS_MAX + 1)] {
            assert_eq!(checked(refused).unwrap_err().errors[0].field, "text");
        }
    }
}
