//! What a supervisor asks.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use tracing::Instrument;

use super::Face;
use super::answer::Refused;
use crate::trace::step;

/// The process answers.
#[utoipa::path(get, path = "/healthz", tag = "Operations of the server", responses((status = 200, description = "The process answers.", body = String)))]
pub(super) async fn alive() -> &'static str {
    "ok\n"
}

/// The store answers too.
#[utoipa::path(get, path = "/readyz", tag = "Operations of the server", responses((status = 200, description = "The store answers too.", body = String)))]
pub(super) async fn ready(State(face): State<Face>) -> Result<&'static str, Refused> {
    face.authority().end().instrument(step("authority.end")).await?;
    Ok("ok\n")
}

/// What is counted, as Prometheus reads it.
#[utoipa::path(get, path = "/metrics", tag = "Operations of the server", responses((status = 200, description = "The counts.", body = String, content_type = "application/openmetrics-text")))]
pub(super) async fn metrics(State(face): State<Face>) -> impl IntoResponse {
    match face.metrics().text() {
        Some(text) => {
            ([(CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], text).into_response()
        }
        None => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
