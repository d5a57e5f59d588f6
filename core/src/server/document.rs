//! The document of `OpenAPI`, made of the routes and the forms.

use std::sync::LazyLock;

use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{Content, OpenApi, Ref, RefOr, ResponseBuilder};
use utoipa::{Modify, OpenApi as _};

use super::{calls, health, pieces, sessions, stream};
use crate::wire::Refusal;
use crate::wire::calls::calls;

/// Statuses of refusals, and what they mean.
const REFUSALS: &[(&str, &str)] = &[
    ("400", "An argument is malformed, or the body is."),
    ("401", "The session has ended, or there is none: sign in."),
    ("403", "The caller's role is too low, or policy forbids it."),
    ("404", "There is no such thing, or the caller may not know of it."),
    ("408", "The body did not come whole."),
    ("409", "It exists already, or has changed meanwhile."),
    ("413", "The body is too large."),
    ("415", "The body is of another type."),
    ("429", "Requests come too fast: wait as `Retry-After` says."),
    ("500", "What is stored was changed, or the server failed."),
    ("501", "This server can't do it."),
    ("503", "The store can't be reached: try again."),
    ("504", "It took too long."),
];

macro_rules! documented {
    (
        { $($(#[$about:meta])* $whole:ident $whole_path:literal $whole_tag:literal ($body:ty = $asked:ty)
            -> $told:ty = $answer:ty;)* }
        { $($(#[$doc:meta])* $name:ident $path:literal $tag:literal $request:ident($($argument:ident: $type:ty),*)
            -> $form:ty = $result:ty;)* }
    ) => {
        #[derive(utoipa::OpenApi)]
        #[openapi(
            info(
                title = "Strongroom",
                description = "Signed operations and ciphertext only. The client libraries seal, sign and verify: this document is \
                    for whoever runs a server, or writes another client after docs/protocol.md.",
                license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
            ),
            paths(
                sessions::challenge, sessions::sign_in, sessions::whose, stream::head, stream::changes,
                pieces::put_piece, pieces::piece, pieces::give_up, health::alive, health::ready, health::metrics,
                $(calls::$whole,)* $(calls::$name,)*
            ),
            components(schemas(Refusal)),
            modifiers(&Refusals, &Bearers),
        )]
        struct Document;
    };
}

calls!(documented);

struct Refusals;

impl Modify for Refusals {
    fn modify(&self, document: &mut OpenApi) {
        for (path, item) in &mut document.paths.paths {
            let operations = [&mut item.get, &mut item.put, &mut item.post, &mut item.delete];
            if path.starts_with("/v1/") {
                operations.into_iter().flatten().for_each(refusable);
            }
        }
        let Some(components) = &mut document.components else { return };
        for (status, about) in REFUSALS {
            let content = Content::new(Some(Ref::from_schema_name("Refusal")));
            let response = ResponseBuilder::new().description(*about).content("application/json", content).build();
            components.responses.insert(named(status), RefOr::T(response));
        }
    }
}

fn refusable(operation: &mut Operation) {
    for (status, _) in REFUSALS {
        let response = RefOr::Ref(Ref::from_response_name(named(status)));
        operation.responses.responses.insert((*status).to_owned(), response);
    }
}

fn named(status: &str) -> String {
    format!("Refused{status}")
}

struct Bearers;

impl Modify for Bearers {
    fn modify(&self, document: &mut OpenApi) {
        if let Some(components) = &mut document.components {
            components.add_security_scheme("bearer", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
        }
    }
}

/// The document as JSON.
pub fn document() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(|| Document::openapi().to_pretty_json().unwrap_or_default());
    &TEXT
}

pub(super) async fn openapi() -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], document())
}
