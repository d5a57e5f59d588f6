//! Pieces of files in and out, each by itself: an upload that was cut goes on with the pieces that are missing.

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use tracing::Instrument;

use super::Face;
use super::answer::{Refused, read};
use super::bearer::Bearer;
use crate::error::Error;
use crate::model::id::Id;
use crate::trace::step;
use crate::wire::Key;

/// More than any piece has; how long one may be, the authority says.
const LARGEST: usize = 2 << 20;

/// Keeps a sealed piece of a file until an operation attaches the file. The same piece may be put again.
#[utoipa::path(
    put, path = "/v1/vaults/{vault}/files/{file}/pieces/{index}", tag = "Files", security(("bearer" = [])),
    params(("vault" = Key, Path, description = "The vault."), ("file" = Key, Path, description = "The file."),
        ("index" = u64, Path, description = "The number of the piece, from 0.")),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 204, description = "It is on disk."))
)]
pub(super) async fn put_piece(
    State(face): State<Face>,
    caller: Bearer,
    Path(path): Path<(String, String, String)>,
    body: Body,
) -> Result<StatusCode, Refused> {
    let (vault, file, index) = place(&path)?;
    let piece = read(body, LARGEST).await?;
    let put = face.authority().put_piece(caller.session, vault, file, index, piece);
    put.instrument(step("authority.put_piece")).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives a sealed piece of an attached file, whole: it is checked against its hash before anything of it is used.
#[utoipa::path(
    get, path = "/v1/vaults/{vault}/files/{file}/pieces/{index}", tag = "Files", security(("bearer" = [])),
    params(("vault" = Key, Path, description = "The vault."), ("file" = Key, Path, description = "The file."),
        ("index" = u64, Path, description = "The number of the piece, from 0.")),
    responses((status = 200, description = "The piece.", body = Vec<u8>, content_type = "application/octet-stream"))
)]
pub(super) async fn piece(
    State(face): State<Face>,
    caller: Bearer,
    Path(path): Path<(String, String, String)>,
) -> Result<impl IntoResponse, Refused> {
    let (vault, file, index) = place(&path)?;
    let piece = face.authority().piece(caller.session, vault, file, index);
    let piece = piece.instrument(step("authority.piece")).await?;
    Ok(([(CONTENT_TYPE, "application/octet-stream")], piece))
}

/// Gives up an upload that the caller began and nothing has attached. One that nobody gives up expires.
#[utoipa::path(
    delete, path = "/v1/uploads/{file}", tag = "Files", security(("bearer" = [])),
    params(("file" = Key, Path, description = "The file.")),
    responses((status = 204, description = "If it was the caller's, it is gone."))
)]
pub(super) async fn give_up(
    State(face): State<Face>,
    caller: Bearer,
    Path(file): Path<String>,
) -> Result<StatusCode, Refused> {
    face.authority().whose(caller.session).instrument(step("authority.whose")).await?;
    face.authority().give_up(caller.session, key("file", &file)?);
    Ok(StatusCode::NO_CONTENT)
}

fn place((vault, file, index): &(String, String, String)) -> Result<(Id, Id, u64), Error> {
    let wrong = || Error::argument("index", "it is no number from 0: see /v1/openapi.json");
    Ok((key("vault", vault)?, key("file", file)?, index.parse().map_err(|_| wrong())?))
}

fn key(name: &str, text: &str) -> Result<Id, Error> {
    let wrong = || Error::argument(name, "these are not 32 bytes in base64url: see /v1/openapi.json");
    Key::parse(text).map(|key| key.0).ok_or_else(wrong)
}
