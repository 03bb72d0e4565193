//! What a job says under `transfers_from`, taken from the tree before the schema has looked at it: what is not as it must
//! be is left out here and complained about there.

use super::table::SEPARATORS;
use crate::job::tree::{At, Document, Key, Kind, Node};

/// One sheet that a job names.
#[derive(Debug)]
pub(super) struct Spec {
    /// As written.
    pub file: String,
    pub file_at: At,
    /// Of `transfers_from`.
    pub key_at: At,
    /// Nothing: to be found in the sheet.
    pub separator: Option<u8>,
    pub columns: Vec<Wanted>,
    pub columns_at: At,
    /// What every row begins with.
    pub template: Option<Node>,
}

/// Which column is to fill which key.
#[derive(Debug)]
pub(super) struct Wanted {
    pub path: String,
    pub path_at: At,
    pub header: String,
    pub header_at: At,
}

/// Sheets that one job may name, as in the schema: those beyond are not even opened.
const MOST: usize = 100;

/// Every sheet whose file and columns can be made out.
pub(super) fn all(document: &Document) -> Vec<Spec> {
    let Some((key, node)) = entry(&document.root, "transfers_from") else { return Vec::new() };
    match &node.kind {
        Kind::List(items) => items.iter().take(MOST).filter_map(|item| spec(key.at, item)).collect(),
        _ => spec(key.at, node).into_iter().collect(),
    }
}

fn spec(key_at: At, node: &Node) -> Option<Spec> {
    let (_, file) = entry(node, "file")?;
    let (columns_key, columns) = entry(node, "columns")?;
    let (Kind::Text(name), Kind::Map(entries)) = (&file.kind, &columns.kind) else { return None };
    if entries.is_empty() || name.is_empty() {
        return None;
    }
    let columns = entries.iter().filter_map(|(key, value)| {
        let Kind::Text(header) = &value.kind else { return None };
        let (path, header) = (key.name.to_string(), header.to_string());
        Some(Wanted { path, path_at: key.at, header, header_at: value.at })
    });
    let template = entry(node, "template").map(|(_, template)| template.clone());
    Some(Spec {
        file: name.to_string(),
        file_at: file.at,
        key_at,
        separator: entry(node, "separator").and_then(|(_, node)| separator(node)),
        columns: columns.collect(),
        columns_at: columns_key.at,
        template: template.filter(|template| matches!(template.kind, Kind::Map(_))),
    })
}

fn separator(node: &Node) -> Option<u8> {
    match &node.kind {
        Kind::Text(word) if &**word == "tab" => Some(b'\t'),
        Kind::Text(word) => SEPARATORS.into_iter().find(|separator| word.as_bytes() == [*separator]),
        _ => None,
    }
}

fn entry<'a>(node: &'a Node, name: &str) -> Option<&'a (Key, Node)> {
    let Kind::Map(entries) = &node.kind else { return None };
    entries.iter().find(|(key, _)| &*key.name == name)
}
