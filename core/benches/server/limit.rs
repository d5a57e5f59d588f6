//! The limit: axum, with one route that takes any body and answers with the same bytes from memory.

use std::io::Write;

use axum::Router;
use axum::body::Bytes;
use axum::extract::DefaultBodyLimit;
use axum::routing::any;

pub(crate) async fn serve(file: &str) {
    let answer = Bytes::from(std::fs::read(file).unwrap());
    let route = any(move |_body: Bytes| {
        let answer = answer.clone();
        async move { ([("content-type", "application/json")], answer) }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("http://{}", listener.local_addr().unwrap());
    std::io::stdout().flush().unwrap();
    let routes = Router::new().fallback(route).layer(DefaultBodyLimit::disable());
    axum::serve(listener, routes).await.unwrap();
}
