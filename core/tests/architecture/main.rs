//! The layers of `docs/architecture.md`, as the code has them: which folder may use which, how long a file may be,
//! what core never depends on,
//! and which names it has for its users.
#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod names;
mod records;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A layer, the module it lives in, and the modules outside it that it may use.
///
/// The longest home that fits a path is its layer. What is not listed is forbidden, so a new folder fails until it has
/// its line here and in `docs/architecture.md`.
const LAYERS: &[(&str, &str, &[&str])] = &[
    ("error", "error", &[]),
    ("model", "model", &["error"]),
    ("log", "log", &["model", "error"]),
    ("crypto", "crypto", &["log", "model", "error"]),
    ("trace", "trace", &[]),
    ("store", "store", &["log", "model", "trace", "error"]),
    ("authority", "authority", &["log", "model", "store", "error"]),
    ("engine", "engine", &["authority", "store", "log", "model", "trace", "error"]),
    ("backend", "backend", &["model", "error"]),
    (
        "sealed",
        "backend::sealed",
        // Of the store, rows and nothing else: they are what an authority answers with.
        &[
            "authority",
            "backend",
            "crypto",
            "log",
            "model",
            "error",
            "store::row",
            "store::EntryRow",
            "store::FeedRow",
            "store::LogRow",
            "store::MemberRow",
            "store::OriginRow",
            "store::ReadRow",
            "store::Receipt",
            "store::SessionRow",
            "store::WrapForm",
            "store::WrapRow",
        ],
    ),
    ("onepassword", "backend::onepassword", &["backend", "model", "error"]),
    ("client", "client", &["backend", "client::builder", "model", "error"]),
    (
        "builder",
        "client::builder",
        // It alone knows what a location means; randomness is for the name of a memory database.
        &[
            "client",
            "backend",
            "backend::sealed",
            "authority",
            "engine",
            "remote",
            "store",
            "crypto::random",
            "model",
            "error",
        ],
    ),
    // Of the store, rows and nothing else, as with sealed. Neither side of the wire can decrypt, and the client's side knows no engine.
    ("wire", "wire", &["authority", "log", "model", "error", "store"]),
    ("server", "server", &["server::traces", "authority", "wire", "log", "model", "trace", "error"]),
    // It knows the collector's address and the spans, and nothing of requests but their heads.
    ("traces", "server::traces", &["server::collector", "wire::origin", "trace", "error"]),
    ("remote", "remote", &["authority", "wire", "log", "model", "error", "store::ReadRow", "store::Receipt"]),
    // Of a backend, the words for what is not in this version.
    ("fuzz", "fuzz", &["backend::sealed::fuzz", "cli::fuzz", "client", "crypto", "log", "model", "error"]),
    ("sealed_fuzz", "backend::sealed::fuzz", &["backend::sealed", "fuzz", "model", "error"]),
    ("cli_fuzz", "cli::fuzz", &["cli", "fuzz", "error"]),
    ("cli", "cli", &["client", "server", "model", "error", "backend::not_yet"]),
];

/// Crates that belong to one layer, or to a few.
const OUTSIDE: &[(&str, &[&str])] = &[
    ("clap::", &["cli"]),
    ("indicatif::", &["cli"]),
    ("hpke::", &["crypto"]),
    // The engine holds keys that log accepted. Who has a secret key is in crypto.
    ("ed25519_dalek::", &["crypto", "log", "engine"]),
    ("SigningKey", &["crypto"]),
    ("rusqlite::", &["store"]),
    ("refinery::", &["store"]),
    ("object_store::", &["store"]),
    ("notify::", &["store"]),
    ("axum::", &["server"]),
    ("utoipa::", &["server", "wire"]),
    ("reqwest::", &["remote", "traces"]),
    ("opentelemetry", &["traces"]),
];

/// What the pure layers never do: wait, read files, look at the clock.
const IMPURE: &[&str] = &["async fn", ".await", "tokio::", "std::fs", "std::net", "SystemTime::now", "Utc::now"];

/// The longest file, in lines, its tests not counted.
const MAX_LINES: usize = 500;

/// Words that promise what nobody can hold.
const SLOGANS: &[&str] = &["zero knowledge", "unbreakable", "unhackable", "military grade", "bank grade"];

/// What a binding may use of core.
const FOR_BINDINGS: &[&str] = &["client", "model", "error", "cli"];

/// A source file without comments and tests.
struct Source {
    /// Where it is, below `core/src`.
    path: PathBuf,
    /// Its module: `backend::sealed::items`.
    module: Vec<String>,
    /// What is left of its lines.
    code: String,
    /// How many lines it has, comments with them and tests without.
    lines: usize,
}

#[test]
fn no_arrow_goes_where_none_may_go() {
    let mut wrong = Vec::new();
    for source in core() {
        let from = layer(&source.module);
        for target in paths(&source) {
            let to = layer(&target);
            let target = target.join("::");
            let allowed =
                from.0 == to.0 || from.2.iter().any(|allowed| below(&target, allowed) && reaches(allowed, to.1));
            if !allowed {
                wrong.push(format!("{}: {} uses {target}", source.path.display(), from.0));
            }
        }
    }
    assert!(wrong.is_empty(), "forbidden arrows (see docs/architecture.md):\n{}", wrong.join("\n"));
}

#[test]
fn crates_stay_in_their_layer() {
    let mut wrong = Vec::new();
    for source in core() {
        let layer = layer(&source.module).0;
        for (name, layers) in OUTSIDE {
            if !layers.contains(&layer) && mentions(&source.code, name) {
                wrong.push(format!("{}: {name} belongs to {layers:?}", source.path.display()));
            }
        }
        if layer == "log" || layer == "crypto" {
            for word in IMPURE.iter().filter(|word| source.code.contains(**word)) {
                wrong.push(format!("{}: {layer} is pure, and this has `{word}`", source.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn core_knows_no_other_language() {
    let manifest = fs::read_to_string(root().join("core/Cargo.toml")).unwrap();
    for line in manifest.lines().filter(|line| !line.trim_start().starts_with('#')) {
        assert!(!line.contains("pyo3") && !line.contains("napi"), "core/Cargo.toml: {line}");
    }
    for source in core() {
        let words = source.code.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
        for word in words {
            assert!(!word.starts_with("pyo3") && !word.starts_with("napi"), "{}: {word}", source.path.display());
        }
    }
}

#[test]
fn bindings_use_the_client_and_its_words() {
    for binding in ["bindings-python/src", "bindings-node/src"] {
        for source in sources(&root().join(binding)) {
            for target in expanded(&source.code, "strongroom::") {
                let Some(first) = target.first().filter(|first| first.starts_with(char::is_lowercase)) else {
                    continue;
                };
                assert!(FOR_BINDINGS.contains(&first.as_str()), "{}: {target:?}", source.path.display());
            }
        }
    }
}

#[test]
fn files_are_short() {
    let long: Vec<String> = core()
        .into_iter()
        .filter(|source| source.lines > MAX_LINES)
        .map(|source| format!("{} has {} lines", source.path.display(), source.lines))
        .collect();
    assert!(long.is_empty(), "more than {MAX_LINES} lines without tests:\n{}", long.join("\n"));
}

#[test]
fn nothing_is_promised_in_slogans() {
    let mut files = Vec::new();
    for folder in ["core/src", "bindings-python", "bindings-node", "docs", "examples"] {
        walk(&root().join(folder), &mut files);
    }
    files.extend(fs::read_dir(root()).unwrap().map(|entry| entry.unwrap().path()));
    for path in files.iter().filter(|path| has_extension(path, &["rs", "md", "py", "pyi", "ts", "js", "mjs", "toml"])) {
        let text = fs::read_to_string(path).unwrap().to_lowercase().replace('-', " ");
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for slogan in SLOGANS {
            assert!(!text.contains(slogan), "{} says `{slogan}`", path.display());
        }
    }
}

#[test]
fn paths_are_read_as_rust_reads_them() {
    let code = "use crate::a::{b, c::{self, D}, e as f};\nlet x: crate::g::H = super::super::i::j();\nmy_crate::no();";
    let source = Source { path: PathBuf::new(), module: vec!["m".into(), "n".into()], code: code.into(), lines: 0 };
    let found: BTreeSet<String> = paths(&source).iter().map(|path| path.join("::")).collect();
    let expected = ["a::b", "a::c", "a::c::D", "a::e", "g::H", "i::j"];
    assert_eq!(found, expected.map(String::from).into());
    assert_eq!(layer(&["backend".into(), "sealed".into(), "items".into()]).0, "sealed");
    let (kept, tests) =
        without_tests("fn a() {}\n#[cfg(test)]\nmod tests {\n    b();\n}\n#[cfg(test)]\nmod bench;\nfn c() {}");
    assert_eq!((kept.as_str(), tests), ("fn a() {}\nfn c() {}\n", vec!["bench".to_owned()]));
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn layer(module: &[String]) -> &'static (&'static str, &'static str, &'static [&'static str]) {
    let path = module.join("::");
    LAYERS
        .iter()
        .filter(|(_, home, _)| below(&path, home))
        .max_by_key(|(_, home, _)| home.len())
        .unwrap_or_else(|| panic!("`{path}` is in no layer: give its folder a line in LAYERS"))
}

/// Whether `path` is `home` or in it.
fn below(path: &str, home: &str) -> bool {
    path.strip_prefix(home).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// Whether leave to use `allowed` reaches into `home`: `backend` is no leave to use `backend::sealed`.
fn reaches(allowed: &str, home: &str) -> bool {
    below(allowed, home)
}

/// The files of core that are in a layer.
fn core() -> Vec<Source> {
    let sources = sources(&root().join("core/src"));
    assert!(sources.len() > 50, "the sources were not found");
    let outside = ["lib", "bin"];
    sources.into_iter().filter(|source| !outside.contains(&source.module[0].as_str())).collect()
}

fn sources(folder: &Path) -> Vec<Source> {
    let mut files = Vec::new();
    walk(folder, &mut files);
    let (mut sources, mut tests) = (Vec::new(), BTreeSet::new());
    for file in files.iter().filter(|file| has_extension(file, &["rs"])) {
        let (text, declared) = without_tests(&fs::read_to_string(file).unwrap());
        let path = file.strip_prefix(folder).unwrap().to_owned();
        let mut module: Vec<String> =
            path.with_extension("").iter().map(|part| part.to_string_lossy().into_owned()).collect();
        module.pop_if(|last| last == "mod");
        tests.extend(declared.into_iter().map(|name| [module.clone(), vec![name]].concat()));
        let lines = text.lines().count();
        sources.push(Source { path, module, code: without_comments(&text), lines });
    }
    sources.retain(|source| !tests.iter().any(|test| source.module.starts_with(test)));
    sources
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.map(|entry| entry.unwrap().path()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && !name.starts_with('.') && name != "node_modules" && name != "target" {
            walk(&path, files);
        } else if path.is_file() {
            files.push(path);
        }
    }
    files.sort();
}

fn has_extension(path: &Path, extensions: &[&str]) -> bool {
    path.extension().is_some_and(|extension| extensions.iter().any(|known| extension == *known))
}

/// The text without what only tests see, and the names of test modules that have a file of their own.
fn without_tests(text: &str) -> (String, Vec<String>) {
    let (mut kept, mut declared) = (String::new(), Vec::new());
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line.trim() != "#[cfg(test)]" {
            kept.push_str(line);
            kept.push('\n');
            continue;
        }
        let indent = &line[..line.len() - line.trim_start().len()];
        let Some(first) = lines.next() else { break };
        if first.ends_with('{') {
            let end = format!("{indent}}}");
            lines.find(|line| *line == end);
        } else {
            let name = first.trim().trim_start_matches("pub(super) ").trim_start_matches("pub(crate) ");
            declared.extend(name.strip_prefix("mod ").and_then(|name| name.strip_suffix(';')).map(String::from));
        }
    }
    (kept, declared)
}

fn without_comments(text: &str) -> String {
    let lines = text.lines().map(|line| match line.find("//") {
        // A location such as `https://` is no comment.
        Some(at) if at == 0 || !line[..at].ends_with(':') => &line[..at],
        _ => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Whether a crate, `name::`, or a type is named.
fn mentions(code: &str, word: &str) -> bool {
    let part = |letter: char| letter.is_alphanumeric() || letter == '_';
    code.match_indices(word).any(|(at, _)| {
        if word.ends_with("::") {
            begins(code, at)
        } else {
            !code[..at].ends_with(part) && !code[at + word.len()..].starts_with(part)
        }
    })
}

/// Whether a name begins here, and not in the middle of another name or path.
fn begins(code: &str, at: usize) -> bool {
    !code[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_' || before == ':')
}

/// Every path from the crate's root that the file uses, `super::` being counted up.
fn paths(source: &Source) -> Vec<Vec<String>> {
    let mut found = expanded(&source.code, "crate::");
    for (at, _) in source.code.match_indices("super::").filter(|(at, _)| begins(&source.code, *at)) {
        let mut rest = &source.code[at..];
        let mut base = source.module.clone();
        while let Some(after) = rest.strip_prefix("super::") {
            base.pop();
            rest = after;
        }
        let mut tails = Vec::new();
        expand(rest, &base, &mut tails);
        found.extend(tails.into_iter().filter(|tail| tail.len() > base.len()));
    }
    found
}

fn expanded(code: &str, root: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices(root).filter(|(at, _)| begins(code, *at)) {
        expand(&code[at + root.len()..], &[], &mut found);
    }
    found
}

/// Reads `a::{b, c::D}` after `base`, adds each path to `found`, and returns what follows.
fn expand<'a>(text: &'a str, base: &[String], found: &mut Vec<Vec<String>>) -> &'a str {
    let text = text.trim_start();
    if let Some(mut rest) = text.strip_prefix('{') {
        loop {
            rest = rest.trim_start();
            if let Some(after) = rest.strip_prefix('}') {
                return after;
            }
            let before = rest.len();
            rest = expand(rest, base, found).trim_start();
            if let Some(renamed) = rest.strip_prefix("as ") {
                rest = renamed.trim_start_matches(|letter: char| letter.is_alphanumeric() || letter == '_');
            }
            rest = rest.trim_start().trim_start_matches(',');
            assert!(rest.len() < before, "this `use` was not understood: {text}");
        }
    }
    let end = text.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let mut path = base.to_vec();
    if name != "self" && !name.is_empty() {
        path.push(name.to_owned());
    }
    let nested = rest
        .strip_prefix("::")
        .filter(|rest| rest.starts_with(|next: char| next.is_alphabetic() || "_{".contains(next)));
    if let Some(nested) = nested {
        return expand(nested, &path, found);
    }
    if !path.is_empty() {
        found.push(path);
    }
    rest.strip_prefix("::*").unwrap_or(rest)
}
