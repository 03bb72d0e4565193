//! The only file that knows the YAML reader: text → located tree, within limits that no honest job reaches.

use std::{fmt, sync::Arc};

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Number;
use serde_saphyr::{
    DuplicateKeyPolicy, Error, Location, MergeKeyPolicy, Spanned, budget::BudgetBreach,
    options::NonFiniteFloatPolicy,
};

use super::{
    diagnostic::{Code, Diagnostic},
    tree::{At, Document, Key, Kind, Node},
};

/// A job is five levels deep; the rest is room for mistakes that deserve a better message.
const MAX_DEPTH: usize = 32;
/// Values in one file: a transfer takes about 30, so this is some 150,000 transfers.
const MAX_NODES: usize = 5_000_000;
/// Aliases in one file, and values they may repeat in all.
const MAX_ALIASES: usize = 1_000;
const MAX_REPEATED: usize = 100_000;

/// Reads one file's text. All duplicate keys are reported, or the one error that made reading stop.
pub(super) fn read(file: Arc<str>, text: Arc<str>) -> Result<(Document, Vec<Diagnostic>), Box<Diagnostic>> {
    let parsed = serde_saphyr::from_str_with_options::<Option<Spanned<Kind>>>(&text, options());
    let root = Node { at: At::default(), kind: Kind::Null };
    let mut document = Document { file, text, root, sheets: Vec::new() };
    match parsed {
        Ok(Some(root)) => {
            document.root = node(root);
            let duplicates = duplicate_keys(&document);
            Ok((document, duplicates))
        }
        Ok(None) => Ok((document, Vec::new())),
        Err(error) => Err(Box::new(explain(&document, &error))),
    }
}

fn options() -> serde_saphyr::Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: MAX_DEPTH,
            flow_nesting_limit: 2 * MAX_DEPTH,
            max_nodes: MAX_NODES,
            max_events: 3 * MAX_NODES,
            max_aliases: MAX_ALIASES,
            max_anchors: MAX_ALIASES,
            max_documents: 1,
            max_merge_keys: 0,
        },
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: MAX_REPEATED },
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        merge_keys: MergeKeyPolicy::AsOrdinary,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        strict_booleans: true,
        reject_unsupported_tags: true,
        non_finite_float_policy: NonFiniteFloatPolicy::AsString,
        with_snippet: false,
    }
}

fn node(spanned: Spanned<Kind>) -> Node {
    Node { at: at(&spanned.referenced), kind: spanned.value }
}

/// Files are at most 64 MiB, so that every number fits; where a place is unknown it is 0.
fn at(location: &Location) -> At {
    let small = |number: u64| u32::try_from(number).unwrap_or(0);
    let span = location.span();
    At {
        line: small(location.line()),
        column: small(location.column()),
        offset: small(span.byte_offset().unwrap_or(0)),
        len: small(span.byte_len().unwrap_or(0)),
        ..At::default()
    }
}

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(KindVisitor)
    }
}

struct KindVisitor;

impl<'de> Visitor<'de> for KindVisitor {
    type Value = Kind;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Kind, E> {
        Ok(Kind::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Kind, E> {
        Ok(Kind::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Kind, E> {
        Ok(Kind::Integer(Number::from(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Kind, E> {
        Ok(Kind::Integer(Number::from(value)))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Kind, E> {
        Ok(Kind::Decimal)
    }

    fn visit_str<E>(self, text: &str) -> Result<Kind, E> {
        Ok(Kind::Text(text.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Kind, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element::<Spanned<Kind>>()? {
            list.push(node(item));
        }
        Ok(Kind::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Kind, A::Error> {
        let mut map = Vec::new();
        while let Some((key, value)) = entries.next_entry::<Spanned<String>, Spanned<Kind>>()? {
            let key = Key { at: at(&key.referenced), name: key.value.into() };
            map.push((key, node(value)));
        }
        Ok(Kind::Map(map))
    }
}

fn duplicate_keys(document: &Document) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut open = vec![&document.root];
    while let Some(node) = open.pop() {
        match &node.kind {
            Kind::List(items) => open.extend(items),
            Kind::Map(entries) => {
                duplicates_in(document, entries, &mut found);
                open.extend(entries.iter().map(|(_, value)| value));
            }
            _ => {}
        }
    }
    found
}

fn duplicates_in(document: &Document, entries: &[(Key, Node)], found: &mut Vec<Diagnostic>) {
    let mut first = std::collections::HashMap::with_capacity(entries.len());
    for (key, _) in entries {
        if let Some(earlier) = first.get(&key.name) {
            found.push(
                Diagnostic::error(Code::DuplicateKey, format!("`{}` is given twice in one map", key.name))
                    .at(document.spot_at(key.at))
                    .expected("given again here")
                    .related(document.spot_at(*earlier), "first given here")
                    .hint("remove one of the two: only one value can hold"),
            );
        } else {
            first.insert(&key.name, key.at);
        }
    }
}

/// The reader's error in our words, at its place.
fn explain(document: &Document, error: &Error) -> Diagnostic {
    let place = error.location().map(|location| at(&location)).filter(|at| at.line > 0);
    let mut place = place.unwrap_or(At { line: 1, column: 1, ..At::default() });
    if place.offset == 0 {
        place.offset = offset_of(&document.text, place.line, place.column);
    }
    let tab = tab_near(&document.text, place.line);
    let diagnostic = if let Some(tab) = tab {
        place = tab;
        Diagnostic::error(Code::TabIndentation, "YAML does not allow a tab here")
            .expected("spaces only, in front of a key or value")
            .hint("replace the tabs in front of keys and values by spaces")
    } else {
        said_by_the_reader(error)
    };
    diagnostic.at(document.spot_at(place))
}

/// The reader gives no bytes for places where it stopped scanning.
fn offset_of(text: &str, line: u32, column: u32) -> u32 {
    let start: usize = text.split_inclusive('\n').take(line as usize - 1).map(str::len).sum();
    let before =
        text[start..].chars().take_while(|letter| *letter != '\n').take(column.saturating_sub(1) as usize);
    u32::try_from(start + before.map(char::len_utf8).sum::<usize>()).unwrap_or(0)
}

/// A tab in the indentation of a line or of the one after it: the reader stops at the one or the other.
fn tab_near(text: &str, line: u32) -> Option<At> {
    let (mut offset, mut number) = (0, 1);
    for content in text.split_inclusive('\n') {
        let indentation = content.len() - content.trim_start_matches([' ', '\t', '-']).len();
        if number >= line
            && let Some(tab) = content[..indentation].find('\t')
        {
            let (column, offset) = (tab as u32 + 1, offset + tab as u32);
            return Some(At { line: number, column, offset, len: 1, ..At::default() });
        }
        if number > line {
            return None;
        }
        (offset, number) = (offset + content.len() as u32, number + 1);
    }
    None
}

fn said_by_the_reader(error: &Error) -> Diagnostic {
    match error {
        Error::AliasError { error, .. } => said_by_the_reader(error),
        Error::Budget { breach, .. } => limit(breach),
        Error::MultipleDocuments { .. } => several_documents(),
        Error::AliasReplayLimitExceeded { .. }
        | Error::AliasReplayCounterOverflow { .. }
        | Error::AliasReplayStackDepthExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::RecursiveReferencesRequireWeakTypes { .. } => too_many_aliases(),
        Error::UnknownAnchor { .. } => Diagnostic::error(Code::YamlSyntax, "this alias has no anchor").hint(
            "an unquoted `*` begins a YAML alias: define its anchor with `&name`, or put the text in quotes",
        ),
        other => by_its_words(other),
    }
}

fn by_its_words(error: &Error) -> Diagnostic {
    let words = without_place(&error.to_string());
    if words.contains("nesting") || words.contains("recursion") {
        return too_deep();
    }
    if words.contains("tag") {
        return Diagnostic::error(Code::UnsupportedTag, format!("a YAML tag is not supported here: {words}"))
            .expected("a plain value")
            .hint("remove the word that begins with `!`");
    }
    Diagnostic::error(Code::YamlSyntax, format!("not valid YAML: {words}"))
        .expected("reading stopped here")
        .hint("check the indentation and the brackets on this line and on the one above it")
}

/// The reader repeats the place in its message; ours is printed once.
fn without_place(words: &str) -> String {
    let words = words.lines().next().unwrap_or_default();
    let end = words.find(" at line ").unwrap_or(words.len());
    words[..end].trim_end_matches([',', ':', ' ']).to_owned()
}

fn limit(breach: &BudgetBreach) -> Diagnostic {
    match breach {
        BudgetBreach::Depth { .. } => too_deep(),
        BudgetBreach::Documents { .. } => several_documents(),
        BudgetBreach::Aliases { .. }
        | BudgetBreach::Anchors { .. }
        | BudgetBreach::AliasAnchorRatio { .. } => too_many_aliases(),
        _ => Diagnostic::error(Code::TooManyEntries, format!("the file has more than {MAX_NODES} values"))
            .hint("spread the transfers over several files of the same campaign"),
    }
}

fn too_deep() -> Diagnostic {
    Diagnostic::error(Code::TooDeep, format!("lists and maps are nested more than {MAX_DEPTH} deep"))
        .hint("a job is at most five levels deep: check the brackets and the indentation")
}

fn several_documents() -> Diagnostic {
    Diagnostic::error(Code::SeveralDocuments, "the file holds more than one YAML document")
        .expected("the file must end here")
        .hint("one document a file: move what follows `---` to a file of its own; files that name the same campaign are merged")
}

fn too_many_aliases() -> Diagnostic {
    Diagnostic::error(Code::TooManyAliases, "the file's YAML aliases repeat too much")
        .hint("write what transfers share under `defaults` instead of using anchors and aliases")
}
