//! What comes too large, too slow, broken or too often.

use std::time::{Duration, Instant};

use strongroom::error::ErrorKind;
use strongroom::model::file::{NewFile, Source};
use strongroom::model::item::{ItemFilter, NewItem};
use strongroom::model::principal::NewUser;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::process::{Account, bearer, vault};
use crate::raw;

const SOON: Duration = Duration::from_secs(10);

#[tokio::test]
async fn broken_requests_are_refused_and_leave_nothing() {
    let account = Account::new().await;
    let server = account.serve(&["--max-body", "2"]);
    let known = bearer(&server, &account.owner).await;
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let long = format!("{{\"principals\": [{}]}}", vec![format!("\"{}\"", "A".repeat(43)); 40_000].join(","));
    for (path, body, status) in [
        ("/v1/profiles", "", 404),
        ("/v1/principals/profiles", "", 400),
        ("/v1/principals/profiles", "{", 400),
        ("/v1/principals/profiles", "{}", 400),
        ("/v1/principals/profiles", "[]", 400),
        ("/v1/principals/profiles", "null", 400),
        ("/v1/principals/profiles", "\u{0}", 400),
        ("/v1/principals/profiles", r#"{"principals": ["A"]}"#, 400),
        ("/v1/principals/profiles", r#"{"principals": [], "more": 1}"#, 400),
        ("/v1/principals/profiles", r#"{"principals": []} x"#, 400),
        ("/v1/principals/profiles", &deep, 400),
        ("/v1/states", r#"{"known": {"size": 18446744073709551616}}"#, 400),
        ("/v1/vaults", r#"{"from": 0, "limit": 4294967296}"#, 400),
        ("/v1/vaults", r#"{"from": 0, "limit": -1}"#, 400),
        ("/v1/vaults", r#"{"from": 18446744073709551615, "limit": 1}"#, 400),
        ("/v1/vaults", r#"{"from": 9223372036854775807, "limit": 4294967295}"#, 200),
        ("/v1/changes", r#"{"from": 9223372036854775807, "limit": 4294967295}"#, 200),
        ("/v1/principals/profiles", &long, 200),
        ("/v1/operations", r#"{"submissions": []}"#, 200),
    ] {
        let shown: String = body.chars().take(60).collect();
        let (was, answer) = raw::ask(server.address, "POST", path, Some(&known), body.as_bytes()).await;
        assert_eq!(was, status, "{path} {shown}: {}", answer.chars().take(300).collect::<String>());
        if status != 200 {
            let refusal: serde_json::Value = serde_json::from_str(&answer).unwrap();
            assert!(refusal["message"].is_string() && !refusal["message"].as_str().unwrap().contains("more\": 1"));
        }
    }
    let large = vec![b' '; (2 << 20) + 1];
    assert_eq!(raw::ask(server.address, "POST", "/v1/vaults", Some(&known), &large).await.0, 413);
    let typed = "POST /v1/vaults HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\n";
    let typed = format!("{typed}Authorization: Bearer {known}\r\n\r\n{{}}");
    assert_eq!(raw::status(&raw::exchange(server.address, typed.as_bytes(), SOON).await), 415);
    for path in
        ["/v1/vaults/x/files/y/pieces/0".to_owned(), format!("/v1/vaults/{0}/files/{0}/pieces/-1", "A".repeat(43))]
    {
        assert_eq!(raw::get(server.address, &path, Some(&known)).await.0, 400, "{path}");
    }
    for bearer in ["", "A", &"A".repeat(43), &"A".repeat(44), &"*".repeat(43)] {
        assert_eq!(raw::get(server.address, "/v1/head", Some(bearer)).await.0, 401, "{bearer}");
    }
    // Bytes that are no HTTP at all.
    for bytes in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        b"\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        &[0xff; 4096],
    ] {
        raw::exchange(server.address, bytes, Duration::from_millis(300)).await;
    }
    let head = format!("GET /healthz HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "a".repeat(1 << 20));
    let answer = raw::exchange(server.address, head.as_bytes(), SOON).await;
    assert!(matches!(raw::status(&answer), 0 | 431), "{answer}");
    server.client(&account.owner).await.unwrap().vaults().create(vault("still there")).await.unwrap();
}

#[tokio::test]
async fn slow_and_half_sent_requests_end_and_keep_nobody_out() {
    let account = Account::new().await;
    let server = account.serve(&["--header-seconds", "1", "--request-seconds", "3"]);
    let known = bearer(&server, &account.owner).await;
    let begun = Instant::now();
    let mut slow = Vec::new();
    for number in 0..200 {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        let bytes = match number % 4 {
            0 => String::new(),
            1 => "POST /v1/vaults HTTP/1.1\r\nHo".to_owned(),
            2 => raw::head("POST", "/v1/vaults", Some(&known), 100) + "{\"from\"",
            _ => raw::head("POST", "/v1/challenges", None, 1 << 20),
        };
        stream.write_all(bytes.as_bytes()).await.unwrap();
        slow.push(stream);
    }
    // Who sends a byte now and then is no better off.
    let mut dripping = TcpStream::connect(server.address).await.unwrap();
    dripping.write_all(raw::head("POST", "/v1/vaults", Some(&known), 1 << 20).as_bytes()).await.unwrap();
    let dripped = tokio::spawn(async move {
        while begun.elapsed() < Duration::from_secs(15) && dripping.write_all(b" ").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(200)).await;
            let mut peeked = [0];
            let answered = tokio::time::timeout(Duration::from_millis(1), dripping.peek(&mut peeked)).await;
            if answered.is_ok() {
                break;
            }
        }
        begun.elapsed()
    });
    server.client(&account.owner).await.unwrap().vaults().create(vault("not kept out")).await.unwrap();
    for (number, mut stream) in slow.into_iter().enumerate() {
        let answer = raw::read(&mut stream, Duration::from_secs(20).saturating_sub(begun.elapsed())).await;
        let status = raw::status(&answer);
        assert!(if number % 4 < 2 { matches!(status, 0 | 408) } else { status == 408 }, "{number}: {answer}");
    }
    assert!(begun.elapsed() < Duration::from_secs(15), "they ended by themselves: {:?}", begun.elapsed());
    assert!(dripped.await.unwrap() < Duration::from_secs(15));
}

#[tokio::test]
async fn no_more_connections_than_allowed() {
    let account = Account::new().await;
    let server = account.serve(&["--max-connections", "2"]);
    let (one, two) =
        (TcpStream::connect(server.address).await.unwrap(), TcpStream::connect(server.address).await.unwrap());
    tokio::time::sleep(Duration::from_millis(100)).await;
    let request = b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    assert_eq!(raw::exchange(server.address, request, Duration::from_millis(300)).await, "", "it waits");
    drop(one);
    assert_eq!(raw::status(&raw::exchange(server.address, request, SOON).await), 200);
    drop(two);
}

#[tokio::test]
async fn failed_sign_ins_are_counted() {
    let account = Account::new().await;
    let server = account.serve(&["--failed-sign-ins", "3"]);
    let key = "A".repeat(43);
    let ask = |principal: char| {
        let body = format!(r#"{{"principal": "{}A", "key": "{key}"}}"#, principal.to_string().repeat(42));
        async move { raw::ask(server.address, "POST", "/v1/challenges", None, body.as_bytes()).await }
    };
    let first = ask('B').await;
    assert_eq!(first.0, 401);
    for _ in 0..2 {
        assert_eq!(ask('B').await, first, "and always the same");
    }
    let (status, body) = ask('B').await;
    assert_eq!(status, 429);
    let refusal: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert!(refusal["code"] == "rate_limited" && refusal["retry_after"].as_f64().unwrap() > 1.0, "{refusal}");
    for _ in 0..3 {
        for principal in 'C'..='K' {
            ask(principal).await;
        }
    }
    assert_eq!(ask('L').await.0, 429, "ten times as many of one address");
}

#[tokio::test]
async fn who_asks_too_often_waits_and_is_told_for_how_long() {
    let account = Account::new().await;
    let server = account.serve(&["--rate", "20"]);
    let known = bearer(&server, &account.owner).await;
    let mut refused = None;
    for _ in 0..200 {
        let bytes = raw::head("GET", "/v1/sessions", Some(&known), 0);
        let answer = raw::exchange(server.address, bytes.as_bytes(), SOON).await;
        if raw::status(&answer) != 200 {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.unwrap().to_lowercase();
    assert_eq!(raw::status(&refused), 429, "{refused}");
    assert!(refused.contains("\r\nretry-after: 1\r\n"), "{refused}");
    // A client waits by itself.
    let client = server.client(&account.owner).await.unwrap();
    for _ in 0..40 {
        client.vaults().list().await.unwrap();
    }
}

#[tokio::test]
async fn unknown_and_forbidden_are_answered_alike() {
    let account = Account::new().await;
    let server = account.serve(&[]);
    let owner = server.client(&account.owner).await.unwrap();
    let theirs = owner.vaults().create(vault("theirs")).await.unwrap().id;
    let user = NewUser { email: "bob@example.edu".to_owned(), ..NewUser::default() };
    let kit = owner.users().create(user, None).await.unwrap();
    let known = bearer(&server, &kit).await;
    let key = strongroom::wire::Key(theirs.0).to_string();
    let mut answers = Vec::new();
    for vault in [key, "A".repeat(43)] {
        let body = format!(r#"{{"vault": "{vault}", "need": "read"}}"#);
        answers.push(raw::ask(server.address, "POST", "/v1/vaults/may", Some(&known), body.as_bytes()).await);
        let path = format!("/v1/vaults/{vault}/files/{}/pieces/0", "A".repeat(43));
        answers.push(raw::get(server.address, &path, Some(&known)).await);
        let body = format!(r#"{{"vaults": ["{vault}"]}}"#);
        answers.push(raw::ask(server.address, "POST", "/v1/vaults/rows", Some(&known), body.as_bytes()).await);
    }
    assert_eq!(answers[..3], answers[3..]);
    assert_eq!(answers[0].0, 404);
    let error = server.client(&kit).await.unwrap().vaults().get(&theirs.to_string()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn what_is_more_than_a_body_goes_in_parts() {
    let account = Account::new().await;
    let server = account.serve(&["--max-body", "8"]);
    let owner = server.client(&account.owner).await.unwrap();
    let vault = owner.vaults().create(vault("Class")).await.unwrap().id.to_string();
    let item = |number: usize| {
        let file = NewFile {
            name: "essay.txt".to_owned(),
            source: Source::Bytes(vec![7; 900_000].into()),
            content_type: None,
            replace: None,
            progress: None,
            idempotency_key: None,
        };
        NewItem { title: format!("Essay {number}"), files: vec![file], ..NewItem::default() }
    };
    let made = owner.items().create_many(&vault, (0..20).map(item).collect()).await.unwrap();
    let titles: Vec<String> = made.into_iter().map(|item| item.unwrap().title).collect();
    assert_eq!(titles, (0..20).map(|number| format!("Essay {number}")).collect::<Vec<_>>());
    assert_eq!(owner.items().list(&vault, ItemFilter::default()).await.unwrap().all().await.unwrap().len(), 20);
    owner.audit().verify().await.unwrap();
    owner.close().await;
}

#[tokio::test]
async fn methods_that_http_does_not_know_are_counted_as_one() {
    let account = Account::new().await;
    let server = account.serve(&[]);
    for method in ["HOMEWORK", "GRADES"] {
        assert_eq!(raw::ask(server.address, method, "/v1/head", None, b"").await.0, 405);
    }
    let counts = raw::get(server.address, "/metrics", None).await.1;
    assert!(counts.contains(r#"method="_OTHER""#) && !counts.contains("HOMEWORK"), "{counts}");
    assert!(!server.log().contains("HOMEWORK"), "{}", server.log());
}
