//! The public names and signatures of `client`, `model` and `error`, as `tests/rust/names.txt` has them.
//!
//! `UPDATE_NAMES=1 cargo test -p strongroom --test architecture` writes the file anew. A name may only go after a minor
//! version of warnings. What a macro writes stands there as the macro and its entries.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Attribute, Fields, ImplItem, Item, TraitItem, UseTree, Visibility};

use super::root;

#[test]
fn the_public_names_are_the_snapshot() {
    let mut names = Names::default();
    for module in ["client", "error", "model"] {
        names.module(&[module.to_owned()], None);
    }
    let found = names.lines.iter().fold(String::new(), |text, line| text + line + "\n");
    let snapshot = root().join("tests/rust/names.txt");
    if std::env::var_os("UPDATE_NAMES").is_some() {
        fs::write(&snapshot, &found).unwrap();
    }
    let kept = fs::read_to_string(&snapshot).unwrap_or_default();
    let (kept, found): (BTreeSet<&str>, BTreeSet<&str>) = (kept.lines().collect(), found.lines().collect());
    let gone: Vec<_> = kept.difference(&found).collect();
    let new: Vec<_> = found.difference(&kept).collect();
    assert!(gone.is_empty() && new.is_empty(), "gone: {gone:#?}\nnew: {new:#?}\nUPDATE_NAMES=1 writes the file anew");
}

#[derive(Default)]
struct Names {
    lines: BTreeSet<String>,
    /// The types of the module that nobody else sees.
    private: BTreeSet<String>,
}

impl Names {
    /// The names of a module; of a private one, those that a `pub use` names.
    fn module(&mut self, path: &[String], only: Option<&BTreeSet<String>>) {
        let base = root().join("core/src").join(path.iter().collect::<PathBuf>());
        let text = fs::read_to_string(base.with_extension("rs")).or_else(|_| fs::read_to_string(base.join("mod.rs")));
        let file = syn::parse_file(&text.unwrap()).unwrap();
        let place = path.join("::");
        self.private = file.items.iter().filter_map(private).collect();
        let (modules, items): (Vec<_>, Vec<_>) =
            file.items.iter().partition(|item| matches!(item, Item::Mod(_) | Item::Use(_)));
        for item in items.into_iter().chain(modules).filter(|item| !hidden(attributes(item))) {
            self.item(path, &place, only, item);
        }
    }

    fn item(&mut self, path: &[String], place: &str, only: Option<&BTreeSet<String>>, item: &Item) {
        let named = |name: &dyn ToString| only.is_none_or(|only| only.contains(&name.to_string()));
        match item {
            Item::Mod(item) if public(&item.vis) && only.is_none() => {
                self.module(&[path, &[item.ident.to_string()]].concat(), None);
            }
            Item::Use(item) if public(&item.vis) => {
                if let UseTree::Path(tree) = &item.tree {
                    let mut leaves = BTreeSet::new();
                    leaves_of(&tree.tree, &mut leaves);
                    let module = tree.ident.to_string();
                    self.say(
                        place,
                        format!("pub use {module}::{{{}}}", leaves.iter().cloned().collect::<Vec<_>>().join(", ")),
                    );
                    self.module(&[path, &[module]].concat(), Some(&leaves));
                }
            }
            Item::Struct(item) if public(&item.vis) && named(&item.ident) => {
                let head = format!("pub struct {}{}{}", item.ident, shown(&item.generics), derived(&item.attrs));
                self.say(place, head);
                self.fields(&format!("{place}::{}", item.ident), &item.fields);
            }
            Item::Enum(item) if public(&item.vis) && named(&item.ident) => {
                self.say(place, format!("pub enum {}{}{}", item.ident, shown(&item.generics), derived(&item.attrs)));
                for variant in &item.variants {
                    self.say(&format!("{place}::{}", item.ident), bare(&variant.ident, &variant.fields));
                }
            }
            Item::Trait(item) if public(&item.vis) && named(&item.ident) => {
                let (generics, bounds) = (shown(&item.generics), shown(&item.supertraits));
                self.say(place, format!("pub trait {}{generics}: {bounds}", item.ident));
                for member in &item.items {
                    if let TraitItem::Fn(member) = member {
                        self.say(&format!("{place}::{}", item.ident), shown(&member.sig));
                    }
                }
            }
            Item::Fn(item) if public(&item.vis) && named(&item.sig.ident) => {
                self.say(place, format!("pub {}", shown(&item.sig)));
            }
            Item::Const(item) if public(&item.vis) && named(&item.ident) => {
                self.say(place, format!("pub const {}: {}", item.ident, shown(&item.ty)));
            }
            Item::Type(item) if public(&item.vis) && named(&item.ident) => {
                self.say(place, format!("pub type {}{} = {}", item.ident, shown(&item.generics), shown(&item.ty)));
            }
            Item::Impl(item) => {
                let of = shown(&item.self_ty);
                if self.private.contains(of.split('<').next().unwrap_or_default()) {
                    return;
                }
                if let Some((of_trait, _)) = &item.trait_ {
                    self.say(place, format!("impl{} {} for {of}", shown(&item.generics), shown(of_trait)));
                    return;
                }
                for member in &item.items {
                    match member {
                        ImplItem::Fn(member) if public(&member.vis) && !hidden(&member.attrs) => {
                            self.say(&format!("{place}::{of}"), format!("pub {}", shown(&member.sig)));
                        }
                        ImplItem::Const(member) if public(&member.vis) => {
                            self.say(
                                &format!("{place}::{of}"),
                                format!("pub const {}: {}", member.ident, shown(&member.ty)),
                            );
                        }
                        ImplItem::Macro(member) => self.entries(&format!("{place}::{of}"), &member.mac),
                        _ => {}
                    }
                }
            }
            Item::Macro(item) => match &item.ident {
                Some(name) => self.written(&format!("{place}: {name}!"), &item.mac.tokens),
                None => self.entries(place, &item.mac),
            },
            _ => {}
        }
    }

    fn say(&mut self, place: &str, what: impl AsRef<str>) {
        self.lines.insert(format!("{place}: {}", what.as_ref()));
    }

    fn fields(&mut self, place: &str, fields: &Fields) {
        for (index, field) in fields.iter().enumerate().filter(|(_, field)| public(&field.vis)) {
            let name = field.ident.as_ref().map_or_else(|| index.to_string(), ToString::to_string);
            self.say(place, format!("pub {name}: {}", shown(&field.ty)));
        }
    }

    /// What a macro is called with, an entry a line.
    fn entries(&mut self, place: &str, mac: &syn::Macro) {
        let is = |token: &TokenTree, mark: char| matches!(token, TokenTree::Punct(punct) if punct.as_char() == mark);
        let by = if mac.tokens.clone().into_iter().any(|token| is(&token, ';')) { ';' } else { ',' };
        let name = shown(&mac.path);
        for entry in split(&mac.tokens, |token| is(token, by)) {
            self.say(place, format!("{name}! {}", shown(&entry)));
        }
    }

    /// What a macro writes: from each `pub` or `impl` to the body.
    fn written(&mut self, place: &str, tokens: &TokenStream) {
        let mut tokens = tokens.clone().into_iter().peekable();
        while let Some(token) = tokens.next() {
            match &token {
                TokenTree::Ident(word) if word == "pub" || word == "impl" => {
                    let mut head = TokenStream::from(token);
                    while let Some(next) = tokens.next_if(|next| !ends(next)) {
                        head.extend([next]);
                    }
                    self.say(place, shown(&head));
                }
                TokenTree::Group(group) => self.written(place, &group.stream()),
                _ => {}
            }
        }
    }
}

/// Whether a body or the end of an item begins here.
fn ends(token: &TokenTree) -> bool {
    match token {
        TokenTree::Group(group) => group.delimiter() == proc_macro2::Delimiter::Brace,
        TokenTree::Punct(mark) => mark.as_char() == ';',
        _ => false,
    }
}

/// The parts between separators, without attributes and comments.
fn split(tokens: &TokenStream, separates: impl Fn(&TokenTree) -> bool) -> Vec<TokenStream> {
    let tokens: Vec<TokenTree> = tokens.clone().into_iter().collect();
    let parts = tokens.split(separates).map(|part| {
        let bare = part.iter().enumerate().filter(|(at, token)| {
            let mark =
                |token: Option<&TokenTree>| matches!(token, Some(TokenTree::Punct(mark)) if mark.as_char() == '#');
            let after = at.checked_sub(1).and_then(|before| part.get(before));
            !mark(Some(token)) && !mark(after)
        });
        bare.map(|(_, token)| token.clone()).collect::<TokenStream>()
    });
    parts.filter(|part| !part.is_empty()).collect()
}

fn public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

/// The name of a type that is not public.
fn private(item: &Item) -> Option<String> {
    match item {
        Item::Struct(item) if !public(&item.vis) => Some(item.ident.to_string()),
        Item::Enum(item) if !public(&item.vis) => Some(item.ident.to_string()),
        _ => None,
    }
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Mod(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        _ => &[],
    }
}

/// Whether only tests see it, or it is no part of the API.
fn hidden(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| matches!(shown(attribute).as_str(), "#[cfg(test)]" | "#[doc(hidden)]"))
}

/// What is derived, and whether more may come.
fn derived(attributes: &[Attribute]) -> String {
    let kept = attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("derive") || attribute.path().is_ident("non_exhaustive"));
    kept.fold(String::new(), |text, attribute| text + " " + &shown(attribute))
}

/// A variant without its attributes and comments.
fn bare(name: &syn::Ident, fields: &Fields) -> String {
    let part = |field: &syn::Field| match &field.ident {
        Some(name) => format!("{name}: {}", shown(&field.ty)),
        None => shown(&field.ty),
    };
    let parts = fields.iter().map(part).collect::<Vec<_>>().join(", ");
    match fields {
        Fields::Named(_) => format!("{name} {{ {parts} }}"),
        Fields::Unnamed(_) => format!("{name}({parts})"),
        Fields::Unit => name.to_string(),
    }
}

fn leaves_of(tree: &UseTree, leaves: &mut BTreeSet<String>) {
    match tree {
        UseTree::Group(group) => group.items.iter().for_each(|tree| leaves_of(tree, leaves)),
        UseTree::Name(name) => {
            leaves.insert(name.ident.to_string());
        }
        other => panic!("this `pub use` was not understood: {}", shown(other)),
    }
}

/// Code as people write it.
fn shown(code: &impl ToTokens) -> String {
    let mut text = code.to_token_stream().to_string();
    for (loose, tight) in [
        (" :: ", "::"),
        (":: ", "::"),
        (" ::", "::"),
        (" < ", "<"),
        (" <", "<"),
        ("< ", "<"),
        (" >", ">"),
        (" , ", ", "),
        (" ,", ","),
        (" : ", ": "),
        ("& ", "&"),
        (" (", "("),
        ("( ", "("),
        (" )", ")"),
        (" [", "["),
        ("[ ", "["),
        (" ]", "]"),
        (" ;", ";"),
        ("# ", "#"),
        ("$ ", "$"),
        ("' ", "'"),
        ("->(", "-> ("),
        ("dyn Fn()->", "dyn Fn() ->"),
        (")->", ") ->"),
        (",)", ")"),
        (" !", "!"),
    ] {
        text = text.replace(loose, tight);
    }
    text
}
