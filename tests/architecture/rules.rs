//! The directions of imports (DESIGN.md §3), as a check of one file's text that says all that is wrong with it.
//! Reads no files, so that the check itself can be tried on bad samples.

use crate::tokens::{Token, tokens};

/// Every room and its floor. Imports go downward only; rooms on one floor do not import each other.
pub const FLOORS: [(&str, u8); 11] = [
    ("meter", 1),
    ("campaign", 2),
    ("snapshot", 2),
    ("transfer", 3),
    ("job", 4),
    ("ledger", 4),
    ("modbus", 4),
    ("run", 5),
    ("report", 6),
    ("cli", 7),
    (SIMULATOR, 0),
];

/// Aside: imports nothing of ours, and only `cli` and tests import it.
const SIMULATOR: &str = "simulator";

/// Crates that one room alone may name, or two where both are listed.
const OWNED: [(&str, &str); 13] = [
    ("tokio_modbus", "modbus"),
    ("tokio_serial", "modbus"),
    ("serde_saphyr", "job"),
    ("jsonschema", "job"),
    ("schemars", "job"),
    ("annotate_snippets", "job"),
    ("rusqlite", "ledger"),
    ("sha2", "ledger"),
    ("sha2", "snapshot"),
    ("indicatif", "report"),
    ("prometheus", "report"),
    ("comfy_table", "report"),
    ("askama", "report"),
];

/// Words that a room may not use, outside tests: YAML, terminals and reporters in the executor; I/O, tasks and clocks
/// in the pure rooms.
const FORBIDDEN: [(&str, &[&str]); 5] = [
    ("run", &["serde_yaml", "serde_json", "anstream", "clap", "tracing_subscriber"]),
    ("meter", PURE),
    ("campaign", PURE),
    ("snapshot", PURE),
    ("transfer", PURE),
];
const PURE: &[&str] = &["tokio", "tokio_util", "futures", "Instant", "SystemTime", "fs", "net", "thread"];

/// All that is wrong with the file at `path`, which is relative to `src` and lies in a room.
pub fn wrong(path: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    if !text.starts_with("//!") {
        found.push(format!("{path}: does not begin with //!"));
    }
    let room = path.split('/').next().unwrap_or_default();
    let mut place = Place::of(path);
    let tokens = tokens(text);
    for at in 0..tokens.len() {
        place.step(&tokens[..=at]);
        let Token { text: word, line } = tokens[at];
        let mut say = |what: String| found.push(format!("{path}:{line}: {what}"));
        match word {
            "unsafe" => say("unsafe".to_owned()),
            "crate" | "meterferry" if followed_by_path(&tokens[at..]) => {
                for other in heads(&tokens[at + 2..]) {
                    import(room, other, place.in_test()).into_iter().for_each(&mut say);
                }
            }
            "super" if !is_visibility(&tokens[..at]) && !is_continued(&tokens[..at]) => {
                let levels = climbed(&tokens[at..]);
                if levels > place.depth() {
                    say(format!("super climbs {levels} levels and out of {room}"));
                }
            }
            _ => {}
        }
        let owners: Vec<_> =
            OWNED.iter().filter(|(name, _)| *name == word).map(|(_, owner)| *owner).collect();
        if !owners.is_empty() && !owners.contains(&room) {
            say(format!("only {} may name {word}", owners.join(" and ")));
        }
        let forbidden = FORBIDDEN.iter().any(|(name, words)| *name == room && words.contains(&word));
        if forbidden && !place.in_test() {
            say(format!("{room} may not name {word}"));
        }
    }
    found
}

/// What is wrong with one room naming another.
fn import(room: &str, other: &str, in_test: bool) -> Option<String> {
    let floor = |name| FLOORS.iter().find(|(room, _)| *room == name).map(|(_, floor)| *floor);
    if room == other {
        return None;
    }
    match (room, floor(room), other, floor(other)) {
        (_, _, _, None) => Some(format!("crate::{other} is no room")),
        (_, _, SIMULATOR, _) if room == "cli" || in_test => None,
        (_, _, SIMULATOR, _) => Some(format!("{room} imports the simulator: only cli and tests may")),
        (SIMULATOR, ..) => Some(format!("the simulator imports {other}: it may know nothing of ours")),
        (_, Some(ours), _, Some(theirs)) if ours > theirs => None,
        _ => Some(format!("{room} imports {other}: imports go downward only")),
    }
}

/// Where in the tree of modules a token stands.
struct Place {
    /// How far the file's module is below its room.
    file: usize,
    test_file: bool,
    braces: usize,
    /// Inline modules around: how many braces were open before each, and whether it is for tests.
    modules: Vec<(usize, bool)>,
    /// The attribute `#[cfg(test)]` was seen, and the item it stands on has not ended.
    test_attribute: bool,
}

impl Place {
    fn of(path: &str) -> Self {
        let parts = path.trim_end_matches(".rs").split('/').skip(1).filter(|part| *part != "mod");
        let parts: Vec<_> = parts.collect();
        let test_file = parts.contains(&"tests");
        Self { file: parts.len(), test_file, braces: 0, modules: Vec::new(), test_attribute: false }
    }

    /// Takes in the last token of those read so far.
    fn step(&mut self, read: &[Token<'_>]) {
        let back = |steps: usize| read.iter().rev().nth(steps).map_or("", |token| token.text);
        match back(0) {
            "{" => {
                if back(2) == "mod" {
                    self.modules.push((self.braces, self.test_attribute));
                    self.test_attribute = false;
                }
                self.braces += 1;
            }
            "}" => {
                self.braces = self.braces.saturating_sub(1);
                if self.modules.last().is_some_and(|(braces, _)| *braces == self.braces) {
                    self.modules.pop();
                }
            }
            ";" => self.test_attribute = false,
            "]" if [back(1), back(2), back(3), back(4)] == [")", "test", "(", "cfg"] => {
                self.test_attribute = true;
            }
            _ => {}
        }
    }

    /// How far the module is below its room.
    fn depth(&self) -> usize {
        self.file + self.modules.len()
    }

    fn in_test(&self) -> bool {
        self.test_file || self.modules.iter().any(|(_, test)| *test)
    }
}

fn followed_by_path(tokens: &[Token<'_>]) -> bool {
    tokens.get(1).is_some_and(|token| token.text == "::")
}

/// The `super` of `pub(super)`.
fn is_visibility(before: &[Token<'_>]) -> bool {
    matches!(before, [.., word, open] if word.text == "pub" && open.text == "(")
}

/// A `super` that another one has counted already: in `super::super`, or within the braces of `super::{…}`.
fn is_continued(before: &[Token<'_>]) -> bool {
    matches!(before, [.., word, colons] if word.text == "super" && colons.text == "::")
}

/// What stands first in each path after `crate::`, braces resolved: `a` of `a::b`; `a` and `c` of `{a::{b}, c}`.
fn heads<'a>(tokens: &[Token<'a>]) -> Vec<&'a str> {
    let Some(first) = tokens.first() else { return Vec::new() };
    if first.text != "{" {
        return vec![first.text];
    }
    branches(tokens).into_iter().filter_map(|branch| branch.first().map(|token| token.text)).collect()
}

/// What stands between the commas of a brace.
fn branches<'a, 'b>(tokens: &'b [Token<'a>]) -> Vec<&'b [Token<'a>]> {
    let (mut depth, mut begin, mut found) = (0_usize, 1, Vec::new());
    for (at, token) in tokens.iter().enumerate() {
        match token.text {
            "{" => depth += 1,
            "}" => depth -= 1,
            _ => {}
        }
        if depth == 0 || (depth == 1 && token.text == ",") {
            found.push(&tokens[begin..at]);
            begin = at + 1;
        }
        if depth == 0 {
            break;
        }
    }
    found
}

/// How many levels a path that begins here climbs.
fn climbed(tokens: &[Token<'_>]) -> usize {
    match tokens {
        [first, rest @ ..] if first.text == "super" => {
            let further = match rest {
                [colons, rest @ ..] if colons.text == "::" => rest,
                _ => &[],
            };
            1 + climbed(further)
        }
        [first, ..] if first.text == "{" => branches(tokens).into_iter().map(climbed).max().unwrap_or(0),
        _ => 0,
    }
}
