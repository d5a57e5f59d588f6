//! The calls of a session: the body's arguments to the authority, its answer back.

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use tracing::Instrument;

use super::Face;
use super::answer::{Form, Refused, Told};
use super::bearer::Bearer;
use crate::trace::step;
use crate::wire::calls::calls;
use crate::wire::{Crosses, Key, Octets, calls as requests, refusal, rows, states, tables};

macro_rules! handlers {
    (
        { $($(#[$about:meta])* $whole:ident $whole_path:literal $whole_tag:literal ($body:ty = $asked:ty)
            -> $told:ty = $answer:ty;)* }
        { $($(#[$doc:meta])* $name:ident $path:literal $tag:literal $request:ident($($argument:ident: $type:ty),*)
            -> $form:ty = $result:ty;)* }
    ) => {
        $(
            $(#[$about])*
            #[utoipa::path(
                post, path = $whole_path, tag = $whole_tag, request_body = $body, security(("bearer" = [])),
                responses((status = 200, description = "The answer.", body = $told, content_type = "application/json"))
            )]
            pub(super) async fn $whole(
                State(face): State<Face>, caller: Bearer, Form(body): Form<$body>,
            ) -> Result<Told<$told>, Refused> {
                let call = face.authority().$whole(caller.session, Crosses::from_form(body));
                Ok(Told(call.instrument(step(concat!("authority.", stringify!($whole)))).await?.into_form()))
            }
        )*

        $(
            $(#[$doc])*
            #[utoipa::path(
                post, path = $path, tag = $tag, request_body = requests::$request, security(("bearer" = [])),
                responses((status = 200, description = "The answer.", body = $form, content_type = "application/json"))
            )]
            pub(super) async fn $name(
                State(face): State<Face>, caller: Bearer, Form(body): Form<requests::$request>,
            ) -> Result<Told<$form>, Refused> {
                let requests::$request { $($argument,)* } = body;
                let call = face.authority().$name(caller.session, $(Crosses::from_form($argument)),*);
                Ok(Told(call.instrument(step(concat!("authority.", stringify!($name)))).await?.into_form()))
            }
        )*

        /// Adds a route for each.
        pub(super) fn routes(router: Router<Face>) -> Router<Face> {
            router $(.route($whole_path, post($whole)))* $(.route($path, post($name)))*
        }
    };
}

calls!(handlers);
