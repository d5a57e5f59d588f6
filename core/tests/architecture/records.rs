//! What the bindings make of core's records: each is taken apart, or put together, with every field named, so that the
//! compiler refuses a binding that does not know a new one.

use std::collections::BTreeSet;

use super::{root, sources};

/// The bindings that are there.
const BINDINGS: &[&str] = &["bindings-python/src", "bindings-node/src"];

/// The names of core's structs whose fields are public.
fn records() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for source in sources(&root().join("core/src/model")) {
        for (at, declared) in source.code.match_indices("pub struct ") {
            let (head, body) = source.code[at + declared.len()..].split_once('{').unwrap_or_default();
            let fields = body.split_once('}').unwrap_or_default().0;
            if !head.contains(['(', ';']) && fields.trim_start().starts_with("pub ") {
                names.insert(head.trim().split('<').next().unwrap_or_default().to_owned());
            }
        }
    }
    // An id that says its kind: it prints itself.
    names.remove("PrincipalId");
    assert!(names.len() > 20, "the records were not found: {names:?}");
    names
}

/// Whether all fields of this record are named here: in a pattern, in a literal, or in `from_core!`.
fn names_all(code: &str, record: &str) -> bool {
    code.match_indices(record).any(|(at, _)| {
        let (before, after) = (&code[..at], code[at + record.len()..].trim_start());
        let declared =
            ["struct ", "impl ", "for ", "enum ", "-> ", "record!("].iter().any(|word| before.ends_with(word));
        !before.ends_with(|letter: char| letter.is_alphanumeric() || letter == '_')
            && !declared
            && (after.starts_with('{') || after.starts_with("=>"))
    })
}

/// Where fields are passed over: `Item { id, .. }` and `Item { id, ..other }`, but not `[first, ..]`, `(first, ..)` and ranges.
fn passes_over(code: &str) -> Vec<&str> {
    let rests = code.match_indices("..").filter(|(at, _)| {
        let (before, after) = (code[..*at].trim_end(), code[at + 2..].trim_start());
        before.ends_with([',', '{']) && !after.starts_with([']', ')', '.', '='])
    });
    rests.map(|(at, _)| code[..at + 2].lines().next_back().unwrap_or_default().trim()).collect()
}

#[test]
fn a_field_that_a_binding_does_not_name_does_not_build() {
    let records = records();
    for binding in BINDINGS {
        let sources = sources(&root().join(binding));
        if sources.is_empty() {
            continue;
        }
        let mut wrong = Vec::new();
        for source in &sources {
            for rest in passes_over(&source.code) {
                wrong.push(format!("{}: `{rest}` passes over fields: name them", source.path.display()));
            }
        }
        for record in &records {
            if !sources.iter().any(|source| names_all(&source.code, record)) {
                wrong.push(format!("{record} is nowhere taken apart or put together"));
            }
        }
        assert!(wrong.is_empty(), "{binding}:\n{}", wrong.join("\n"));
    }
}

#[test]
fn what_passes_over_fields_is_found() {
    assert_eq!(passes_over("let Item { id, .. } = item;"), ["let Item { id, .."]);
    assert_eq!(passes_over("Item {\n    id,\n    ..Item::default()\n}"), [".."]);
    assert_eq!(passes_over("let File { .. } = file;"), ["let File { .."]);
    assert_eq!(passes_over("let [a, ..] = x; let (a, ..) = x; for n in 0..3 {}; &x[..2]; $($x,)*"), [""; 0]);
    assert!(names_all("let core::Item { id } = item;", "Item") && names_all("from_core!(core::Item => Item {", "Item"));
    assert!(!names_all("struct Item { id: String }", "Item") && !names_all("NewItem { id }", "Item"));
}
