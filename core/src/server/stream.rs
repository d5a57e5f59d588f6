//! The feed's end: once, and as server-sent events.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderName};
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{Stream, unfold};
use tokio::sync::watch;
use tokio::time::Instant;
use tracing::Instrument;

use super::Face;
use super::answer::{Refused, Told};
use super::bearer::Bearer;
use super::pulse::Beat;
use crate::authority::Session;
use crate::error::ErrorKind;
use crate::log::feed::Head;
use crate::trace::step;
use crate::wire::{Crosses, states};

/// How often a stream without events says that it is there.
const KEPT_ALIVE: Duration = Duration::from_secs(15);

/// How often a stream asks whether its session still holds, which renews it.
const LOOKED_AT: Duration = Duration::from_mins(5);

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// Tells the newest head, unproven.
#[utoipa::path(
    get, path = "/v1/head", tag = "Changes", security(("bearer" = [])),
    responses((status = 200, description = "The answer.", body = states::Head))
)]
pub(super) async fn head(State(face): State<Face>, caller: Bearer) -> Result<Told<states::Head>, Refused> {
    face.authority().whose(caller.session).instrument(step("authority.whose")).await?;
    Ok(Told(face.authority().end().instrument(step("authority.end")).await?.into_form()))
}

/// Tells every newer head as an event, as long as the session holds. The event's id is the size of the feed, its data the
/// head; changes are then read with `POST /v1/changes`. The first event comes at once, unless `Last-Event-ID` names it.
#[utoipa::path(
    get, path = "/v1/changes/stream", tag = "Changes", security(("bearer" = [])),
    params(("Last-Event-ID" = Option<u64>, Header, description = "The id of the last event that was read.")),
    responses((status = 200, description = "Events `head`.", body = String, content_type = "text/event-stream"))
)]
pub(super) async fn changes(
    State(face): State<Face>,
    caller: Bearer,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Refused> {
    face.authority().whose(caller.session).instrument(step("authority.whose")).await?;
    let last = headers.get(LAST_EVENT_ID).and_then(|id| id.to_str().ok()?.parse().ok());
    let beats = face.pulse().listen();
    let counted = face.metrics().stream();
    let told = Telling { beats, last, session: caller.session, looked: Instant::now(), face };
    let events = unfold((told, counted), async |(mut told, counted)| {
        let head = told.next().await?;
        Some((Ok(event(head)), (told, counted)))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(KEPT_ALIVE)))
}

struct Telling {
    beats: watch::Receiver<Beat>,
    /// The size that was told last.
    last: Option<u64>,
    session: Session,
    looked: Instant,
    face: Face,
}

impl Telling {
    /// The next head that was not told; `None` once the stream ends.
    async fn next(&mut self) -> Option<Head> {
        loop {
            let beat = *self.beats.borrow_and_update();
            match beat {
                Beat::Stopped => return None,
                Beat::Head(head) if self.last != Some(head.size) => {
                    self.last = Some(head.size);
                    return Some(head);
                }
                Beat::Head(_) | Beat::Unknown => {}
            }
            let look = self.looked + LOOKED_AT;
            tokio::select! {
                changed = self.beats.changed() => changed.ok()?,
                () = tokio::time::sleep_until(look) => {
                    self.looked = Instant::now();
                    let whose = self.face.authority().whose(self.session);
                    let whose = whose.instrument(step("authority.whose")).await;
                    if whose.is_err_and(|error| error.kind() == ErrorKind::Unauthenticated) {
                        return None;
                    }
                }
            }
        }
    }
}

fn event(head: Head) -> Event {
    let form: states::Head = head.into_form();
    let data = format!(r#"{{"size":{},"root":"{}"}}"#, form.size, form.root);
    Event::default().event("head").id(form.size.to_string()).data(data)
}
