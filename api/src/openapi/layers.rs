//! What the layers around the handlers answer and take, told of every operation: rate limits everywhere, and on customers'
//! writes the guard's refusals and the idempotency key.

use crate::idempotency::{KEY_CHARS_MAX, NEVER_KEPT};
use crate::routes::API_PREFIX;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{ContentBuilder, OpenApi, Ref, RefOr, Required, Response, ResponseBuilder};

const PROBLEM: &str = "#/components/schemas/Problem";
/// Asked for by whoever has tokens of any kind, not by the guard: no key is taken there.
const WITHOUT_GUARD: &str = "/auth/logout";

/// Of both APIs.
pub(super) fn tell_limits(document: &mut OpenApi) {
    for (_, item) in document.paths.paths.iter_mut().filter(|(path, _)| path.starts_with(API_PREFIX)) {
        for operation in operations(item).into_iter().flatten() {
            answers(operation, "429", "`rate_limited`");
        }
    }
}

/// Of the customers'.
pub(super) fn tell_writes(document: &mut OpenApi) {
    for (path, item) in &mut document.paths.paths {
        let [_get, writes @ ..] = operations(item);
        let guarded = writes.into_iter().flatten().filter(|operation| operation.security.is_none());
        for operation in guarded.filter(|_| !path.ends_with(WITHOUT_GUARD)) {
            answers(operation, "403", "`cross_site`, `account_closed`");
            answers(operation, "413", "`body_too_long`");
            if !NEVER_KEPT.contains(&path.as_str()) {
                answers(operation, "409", "`idempotency_mismatch`, `outcome_unknown`, `busy`");
                operation.parameters.get_or_insert_default().push(RefOr::T(key()));
            }
        }
    }
}

/// The operations of a path: what reads first.
fn operations(item: &mut PathItem) -> [Option<&mut Operation>; 5] {
    let PathItem { get, post, put, patch, delete, .. } = item;
    [get, post, put, patch, delete].map(Option::as_mut)
}

/// Adds an answer, unless the operation tells of it itself.
fn answers(operation: &mut Operation, status: &str, description: &str) {
    operation.responses.responses.entry(status.to_owned()).or_insert_with(|| RefOr::T(problem(description)));
}

fn problem(description: &str) -> Response {
    let content = ContentBuilder::new().schema(Some(Ref::new(PROBLEM))).build();
    ResponseBuilder::new().description(description).content("application/problem+json", content).build()
}

fn key() -> Parameter {
    let text = ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(Some(1))
        .max_length(Some(KEY_CHARS_MAX))
        .pattern(Some("^[!-~]+$"))
        .build();
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(
            "Names this write: asked for again with the same key within a day, it is done once and answered alike",
        ))
        .schema(Some(text))
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_is_the_one_that_is_read() {
        assert_eq!(key().name.to_lowercase(), crate::idempotency::IDEMPOTENCY_KEY.as_str());
    }
}
