//! The OpenAPI 3.1 document, out of the code. `openapi.json` beside this crate's manifest is its golden copy, which
//! the generated TypeScript client is made from; a test holds the two together.

use crate::auth::SESSION_COOKIE;
use crate::wire::{StreamDelta, StreamReset, StreamSnapshot};
use std::sync::LazyLock;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Suiftly",
        version = "1",
        description = "Live usage and money out of gateways' logs. Times are RFC 3339 in UTC; money is integer \
            micro-dollars; every answer stands at an epoch and says up to which time of receipt it is complete.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
        contact()
    ),
    // Stream events are no response's body; clients need their types all the same.
    components(schemas(StreamSnapshot, StreamDelta, StreamReset)),
    security(("token" = []), ("session" = [])),
    tags(
        (name = "usage", description = "Usage and what it costs"),
        (name = "customers", description = "What customers do, and where they stand"),
        (name = "sign-in", description = "Development sign-in"),
        (name = "operation", description = "For those who run it")
    ),
    modifiers(&SignIn)
)]
struct Base;

struct SignIn;

impl Modify for SignIn {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let components = openapi.components.get_or_insert_default();
        let token = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        components.add_security_scheme("token", SecurityScheme::Http(token));
        let session = ApiKey::Cookie(ApiKeyValue::new(SESSION_COOKIE));
        components.add_security_scheme("session", SecurityScheme::ApiKey(session));
    }
}

/// The document without the routes.
pub(crate) fn base() -> utoipa::openapi::OpenApi {
    Base::openapi()
}

/// The document as it is served and kept: indented, with a newline at its end.
pub fn json() -> &'static str {
    static JSON: LazyLock<String> = LazyLock::new(|| {
        let document = crate::routes::all(|guarded| guarded).into_openapi();
        let mut json = serde_json::to_string_pretty(&document).expect("a document of strings and maps is JSON");
        json.push('\n');
        json
    });
    &JSON
}
