//! A job file as a tree of values that know where they stand: in the file itself, or in the cell of a spreadsheet that
//! it names. Knows no field of a job, no YAML reader and no CSV reader.

use std::sync::Arc;

use serde_json::{Map, Number, Value};

use super::{diagnostic::Spot, sheet::Sheet};

/// Where a value stands: line and column from 1 (column in characters), bytes for the snippet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(super) struct At {
    pub line: u32,
    pub column: u32,
    pub offset: u32,
    pub len: u32,
    /// Which of the document's sheets, from 1; 0 is the job file itself.
    pub sheet: u16,
    /// Which column of the sheet, from 1; 0 is a whole row.
    pub cell: u16,
}

impl At {
    /// Whether it is in a spreadsheet, rather than in the job file.
    pub const fn is_in_sheet(self) -> bool {
        self.sheet > 0
    }
}

/// A value and its place.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub at: At,
    pub kind: Kind,
}

/// What a value is, as YAML reads it; a cell that could not be read, which is reported, is `Null`.
#[derive(Debug, Clone)]
pub(super) enum Kind {
    Null,
    Bool(bool),
    Integer(Number),
    /// Any number with a point or an exponent; nothing in a job is one, so only its text matters.
    Decimal,
    Text(Box<str>),
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

/// A key and its place.
#[derive(Debug, Clone)]
pub(super) struct Key {
    pub at: At,
    pub name: Box<str>,
}

/// A file's text, its name and its tree, with the sheets whose rows are part of the tree.
#[derive(Debug)]
pub(super) struct Document {
    pub file: Arc<str>,
    pub text: Arc<str>,
    pub root: Node,
    pub sheets: Vec<Sheet>,
}

/// What a pointer leads to: the value, and the key it is the value of, if any.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found<'a> {
    pub key: Option<&'a Key>,
    pub node: &'a Node,
}

impl Document {
    /// The value at a JSON pointer. Costs the pointer's length, never the document's.
    pub(super) fn find(&self, pointer: &str) -> Option<Found<'_>> {
        let mut found = Found { key: None, node: &self.root };
        for segment in pointer.split('/').skip(1) {
            found = match &found.node.kind {
                Kind::List(items) => Found { key: None, node: items.get(segment.parse::<usize>().ok()?)? },
                Kind::Map(entries) => {
                    let name = segment.replace("~1", "/").replace("~0", "~");
                    let (key, node) = entries.iter().find(|(key, _)| *key.name == *name)?;
                    Found { key: Some(key), node }
                }
                _ => return None,
            };
        }
        Some(found)
    }

    /// The place of a value: the value itself where it is on one line, else its key.
    pub(super) fn spot(&self, pointer: &str) -> Spot {
        match self.find(pointer) {
            Some(Found { key: Some(key), node }) if is_container(node) => self.spot_at(key.at),
            Some(found) => self.spot_at(self.visible(found.node)),
            None => self.spot_at(At { line: 1, column: 1, ..At::default() }),
        }
    }

    /// The place of a key, or of the value where it has none.
    pub(super) fn key_spot(&self, pointer: &str) -> Spot {
        match self.find(pointer) {
            Some(Found { key: Some(key), .. }) => self.spot_at(key.at),
            _ => self.spot(pointer),
        }
    }

    /// The place as a spot with the file's name and text.
    pub(super) fn spot_at(&self, at: At) -> Spot {
        let sheet = self.sheet_of(at);
        let (file, text) = sheet.map_or((&self.file, &self.text), |sheet| (&sheet.file, &sheet.text));
        Spot {
            file: Arc::clone(file),
            line: at.line.max(1),
            column: at.column.max(1),
            header: sheet.and_then(|sheet| sheet.header(at.cell)),
            offset: at.offset as usize,
            len: at.len as usize,
            text: Arc::clone(text),
        }
    }

    /// What stands in the file for a value, quotes included.
    pub(super) fn source(&self, node: &Node) -> &str {
        let text = self.sheet_of(node.at).map_or(&self.text, |sheet| &sheet.text);
        let start = node.at.offset as usize;
        text.get(start..start + node.at.len as usize).unwrap_or_default()
    }

    fn sheet_of(&self, at: At) -> Option<&Sheet> {
        self.sheets.get(usize::from(at.sheet).checked_sub(1)?)
    }

    /// The sheet that a transfer is a row of, and the transfer's place in the list of all.
    pub(super) fn sheet_at(&self, pointer: &str) -> Option<(&Sheet, usize)> {
        let index = pointer.strip_prefix("/transfers/")?.split('/').next()?.parse().ok()?;
        self.sheets.iter().find(|sheet| sheet.rows.contains(&index)).map(|sheet| (sheet, index))
    }

    /// A map or list has no text of its own: its first key or item stands for it.
    fn visible(&self, node: &Node) -> At {
        match &node.kind {
            Kind::Map(entries) if node.at.len == 0 => entries.first().map_or(node.at, |(key, _)| key.at),
            Kind::List(items) if node.at.len == 0 => items.first().map_or(node.at, |item| self.visible(item)),
            _ => node.at,
        }
    }

    /// Whether a text is one that YAML 1.1 readers take for a boolean. A cell is never one of YAML.
    pub(super) fn is_old_boolean(&self, node: &Node) -> bool {
        const WORDS: [&str; 4] = ["yes", "no", "on", "off"];
        let Kind::Text(text) = &node.kind else { return false };
        text.len() <= 3
            && !node.at.is_in_sheet()
            && WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
            && self.source(node) == &**text
    }

    /// The document as JSON for the schema, which looks at kinds, ranges and words only. What no field can be
    /// becomes `null`, which no field allows; a decimal number becomes 0.5, since 12.0 would pass as a whole one.
    pub(super) fn to_json(&self) -> Value {
        self.json(&self.root)
    }

    fn json(&self, node: &Node) -> Value {
        match &node.kind {
            Kind::Null => Value::Null,
            Kind::Bool(value) => Value::Bool(*value),
            Kind::Integer(number) => Value::Number(number.clone()),
            Kind::Decimal => Value::from(0.5),
            Kind::Text(_) if self.is_old_boolean(node) => Value::Null,
            Kind::Text(text) => Value::String(text.to_string()),
            Kind::List(items) => Value::Array(items.iter().map(|item| self.json(item)).collect()),
            Kind::Map(entries) => {
                let mut map = Map::with_capacity(entries.len());
                for (key, value) in entries {
                    if !map.contains_key(&*key.name) {
                        map.insert(key.name.to_string(), self.json(value));
                    }
                }
                Value::Object(map)
            }
        }
    }
}

fn is_container(node: &Node) -> bool {
    matches!(node.kind, Kind::List(_) | Kind::Map(_))
}
