//! Rust text as words and signs, without comments and strings. Knows nothing of rooms.

/// A word or a sign, and the line it stands on.
#[derive(Clone, Copy, Debug)]
pub struct Token<'a> {
    /// An identifier or keyword, `::`, or one character of anything else.
    pub text: &'a str,
    /// From 1.
    pub line: usize,
}

/// All tokens of a file. Comments, strings, characters and lifetimes are left out.
pub fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let (mut rest, mut line) = (text, 1);
    while let Some(first) = rest.chars().next() {
        let length = skipped(rest).unwrap_or_else(|| {
            let length = token_length(rest, first);
            if !first.is_whitespace() {
                let word = rest[..length].strip_prefix("r#").unwrap_or(&rest[..length]);
                found.push(Token { text: word, line });
            }
            length
        });
        line += rest[..length].matches('\n').count();
        rest = &rest[length..];
    }
    found
}

fn token_length(rest: &str, first: char) -> usize {
    let raw = if rest.starts_with("r#") { 2 } else { 0 };
    match first {
        _ if first.is_alphanumeric() || first == '_' => {
            let word = &rest[raw..];
            raw + word.find(|sign: char| !sign.is_alphanumeric() && sign != '_').unwrap_or(word.len())
        }
        ':' if rest.starts_with("::") => 2,
        _ => first.len_utf8(),
    }
}

/// The length of what is no token: a comment, a string, a character, a lifetime.
fn skipped(rest: &str) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return Some(block_comment(rest));
    }
    let prefix = ["br", "cr", "b", "c", "r"].into_iter().find(|prefix| {
        rest.strip_prefix(prefix).is_some_and(|after| match prefix.ends_with('r') {
            true => after.trim_start_matches('#').starts_with('"'),
            false => after.starts_with(['"', '\'']),
        })
    });
    let start = prefix.map_or(0, str::len);
    if prefix.is_some_and(|prefix| prefix.ends_with('r')) {
        return Some(start + raw_string(&rest[start..]));
    }
    match rest[start..].chars().next() {
        Some('"') => Some(start + quoted(&rest[start..], '"')),
        Some('\'') => Some(start + character_or_lifetime(&rest[start..])),
        _ => None,
    }
}

fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        match &rest.as_bytes()[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    rest.len()
}

/// `#"…"#` with any number of `#`.
fn raw_string(rest: &str) -> usize {
    let hashes = rest.len() - rest.trim_start_matches('#').len();
    let end = format!("\"{}", "#".repeat(hashes));
    let body = hashes + 1;
    rest[body..].find(&end).map_or(rest.len(), |at| body + at + end.len())
}

fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, sign) in rest.char_indices().skip(1) {
        match sign {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if sign == quote => return at + sign.len_utf8(),
            _ => {}
        }
    }
    rest.len()
}

fn character_or_lifetime(rest: &str) -> usize {
    let mut signs = rest.chars().skip(1);
    match (signs.next(), signs.next()) {
        (Some('\\'), _) | (Some(_), Some('\'')) => quoted(rest, '\''),
        _ => {
            1 + rest[1..]
                .find(|sign: char| !sign.is_alphanumeric() && sign != '_')
                .unwrap_or(rest.len().saturating_sub(1))
        }
    }
}
