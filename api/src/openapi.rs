//! The two OpenAPI 3.1 documents, out of the code: the customers' and the operators'. `openapi.json` and
//! `openapi-admin.json` beside this crate's manifest are their golden copies, which the generated TypeScript clients are
//! made from; a test holds them together.

mod layers;

use crate::admin::revisions::Revisions;
use crate::admin::tail::TailLines;
use crate::auth::{ACCESS_COOKIE, OPERATOR_TOKEN_PREFIX};
use crate::wire::{Pipeline, StreamClock, StreamDelta, StreamReset, StreamSnapshot};
use std::sync::LazyLock;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Suiftly",
        version = "1",
        description = "A customer's account: services, keys, usage and money, live. Sign in with a Sui wallet; programs \
            send the access token as Bearer, browsers a cookie. Times are RFC 3339 in UTC; money is integer micro-dollars \
            or cents, as the field's name says; usage stands at an epoch and says up to which time it is complete. \
            Errors are problem documents (RFC 9457) with a stable `code`.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
        contact()
    ),
    // Stream events are no response's body; clients need their types all the same.
    components(schemas(StreamSnapshot, StreamDelta, StreamReset, StreamClock)),
    security(("token" = []), ("session" = [])),
    tags(
        (name = "sign-in", description = "Sign-in with a wallet, and sessions"),
        (name = "account", description = "The account itself"),
        (name = "services", description = "What is sold, what is enabled, and what a change would cost"),
        (name = "keys", description = "API keys"),
        (name = "seal keys", description = "Seal keys and their packages"),
        (name = "usage", description = "Usage and what it costs"),
        (name = "billing", description = "Balance, limit, invoices, transactions"),
        (name = "activity", description = "What was done, and what there is to know"),
        (name = "alerts", description = "Alerts, and webhooks that are told"),
        (name = "operation", description = "The server itself")
    ),
    modifiers(&CustomerSignIn)
)]
struct CustomerBase;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Suiftly for operators",
        version = "1",
        description = "The whole system: everybody's usage and money, the pipeline from a gateway's line to a bill, and what \
            may be done about it. Each operator has a token and a role (viewer, operator, admin); what is done is on record.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
        contact()
    ),
    components(schemas(StreamSnapshot, StreamDelta, StreamReset, Pipeline, Revisions, TailLines)),
    security(("token" = [])),
    tags(
        (name = "usage", description = "Usage and what it costs"),
        (name = "customers", description = "What customers do, and where they stand"),
        (name = "billing", description = "Invoices, prices, the manager's jobs"),
        (name = "operators", description = "Who operates, and what was done"),
        (name = "vault", description = "What gateways run on, and whether they have it"),
        (name = "edge", description = "For the edges beside the gateways: each has a token of its own"),
        (name = "operation", description = "For those who run it")
    ),
    modifiers(&OperatorSignIn)
)]
struct AdminBase;

struct CustomerSignIn;

impl Modify for CustomerSignIn {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let components = openapi.components.get_or_insert_default();
        let token = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
        components.add_security_scheme("token", SecurityScheme::Http(token));
        let session = ApiKey::Cookie(ApiKeyValue::new(ACCESS_COOKIE));
        components.add_security_scheme("session", SecurityScheme::ApiKey(session));
    }
}

struct OperatorSignIn;

impl Modify for OperatorSignIn {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let components = openapi.components.get_or_insert_default();
        let token = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format(OPERATOR_TOKEN_PREFIX).build();
        components.add_security_scheme("token", SecurityScheme::Http(token));
        let edge = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        components.add_security_scheme("edge", SecurityScheme::Http(edge));
    }
}

/// The customers' document without the routes.
pub(crate) fn customer_base() -> utoipa::openapi::OpenApi {
    CustomerBase::openapi()
}

/// The operators' document without the routes.
pub(crate) fn admin_base() -> utoipa::openapi::OpenApi {
    AdminBase::openapi()
}

/// The customers' document as it is served and kept: indented, with a newline at its end.
pub fn customer_json() -> &'static str {
    static JSON: LazyLock<String> = LazyLock::new(|| {
        let mut document = crate::customer::routes(|guarded| guarded).into_openapi();
        layers::tell_limits(&mut document);
        layers::tell_writes(&mut document);
        written(&document)
    });
    &JSON
}

/// The operators' document, likewise.
pub fn admin_json() -> &'static str {
    static JSON: LazyLock<String> = LazyLock::new(|| {
        let mut document = crate::admin::routes(|guarded| guarded, |edges_own| edges_own).into_openapi();
        layers::tell_limits(&mut document);
        written(&document)
    });
    &JSON
}

fn written(document: &utoipa::openapi::OpenApi) -> String {
    let mut json = serde_json::to_string_pretty(document).expect("a document of strings and maps is JSON");
    json.push('\n');
    json
}
