//! Bodies in, answers and refusals out.

use std::any::Any;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{FromRequest, Request};
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Face;
use crate::error::{Error, ErrorKind};
use crate::wire::{Crosses, Refusal, refusal};

/// Above this, JSON is read and written apart from the threads that answer.
const LARGE: usize = 256 << 10;

/// An error as an answer.
pub(super) struct Refused {
    status: StatusCode,
    error: Error,
}

impl Refused {
    /// An error whose status says more than its kind does.
    pub(super) fn at(status: StatusCode, error: Error) -> Self {
        Self { status, error }
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        let status = StatusCode::from_u16(refusal::status(error.kind())).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self { status, error }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let Self { status, error } = self;
        if status.is_server_error() {
            tracing::warn!(code = error.code(), ?error, "a request failed");
        }
        let wait = error.retry_after().map(|wait| wait.as_secs_f64().ceil().max(1.0).to_string());
        let kind = error.kind();
        let form: Refusal = error.into_form();
        let mut response = (status, axum::Json(form)).into_response();
        let headers = response.headers_mut();
        if kind == ErrorKind::Unauthenticated {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(wait) = wait.and_then(|wait| HeaderValue::from_str(&wait).ok()) {
            headers.insert(RETRY_AFTER, wait);
        }
        response
    }
}

/// What is answered where the program itself is wrong; the panic's words stay here.
#[allow(clippy::needless_pass_by_value, reason = "the layer asks for this signature")]
pub(super) fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    tracing::error!("a request panicked");
    Refused::at(StatusCode::INTERNAL_SERVER_ERROR, Error::unavailable("the server failed at this request: try again"))
        .into_response()
}

/// A body in JSON.
pub(super) struct Form<T>(pub(super) T);

impl<T: DeserializeOwned + Send + 'static> FromRequest<Face> for Form<T> {
    type Rejection = Refused;

    async fn from_request(request: Request, face: &Face) -> Result<Self, Refused> {
        let is = |value: &HeaderValue| {
            value.to_str().is_ok_and(|kind| kind.split(';').next().unwrap_or_default().trim() == "application/json")
        };
        if !request.headers().get(CONTENT_TYPE).is_some_and(is) {
            let error = Error::invalid_argument("the body must be JSON, with `Content-Type: application/json`");
            return Err(Refused::at(StatusCode::UNSUPPORTED_MEDIA_TYPE, error));
        }
        let bytes = read(request.into_body(), face.limits().body).await?;
        let parsed = apart(bytes.len(), move || serde_json::from_slice(&bytes)).await?;
        parsed.map(Self).map_err(|error| {
            // The parser's words have names and places, and values no longer than a number.
            let why = if error.is_data() { "does not fit this call" } else { "is not JSON" };
            let place = format!("line {}, column {}", error.line(), error.column());
            Error::invalid_argument(format!("the body {why} at {place}: see /v1/openapi.json")).into()
        })
    }
}

/// A whole body of at most so many bytes.
pub(super) async fn read(body: Body, limit: usize) -> Result<Bytes, Refused> {
    to_bytes(body, limit).await.map_err(|error| {
        let cause = std::error::Error::source(&error);
        if cause.is_some_and(<dyn std::error::Error>::is::<http_body_util::LengthLimitError>) {
            let error = Error::invalid_argument(format!("the body has more than {limit} bytes: send less at a time"));
            return Refused::at(StatusCode::PAYLOAD_TOO_LARGE, error);
        }
        let error = Error::invalid_argument("the body did not come whole: send it again");
        Refused::at(StatusCode::REQUEST_TIMEOUT, error)
    })
}

/// An answer in JSON.
pub(super) struct Told<T>(pub(super) T);

impl<T: Serialize> IntoResponse for Told<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

async fn apart<T: Send + 'static>(length: usize, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Refused> {
    if length <= LARGE {
        return Ok(work());
    }
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|_| Error::unavailable("the server is stopping: call again").into())
}
