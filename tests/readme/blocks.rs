//! Finds the examples of a page of Markdown, and the marks that readers do not see. Knows nothing of what they do.

/// An example: what stands between two fences.
#[derive(Debug)]
pub struct Block {
    pub line: usize,
    pub language: String,
    pub text: String,
    pub mark: Mark,
}

/// What `<!-- test: … -->` before an example says.
#[derive(Debug, PartialEq, Eq)]
pub enum Mark {
    /// Nothing: it is run as it stands, and ends with 0; as YAML, it is a job or a part of one.
    None,
    /// `not run: WHY`.
    NotRun,
    /// `exits CODE`.
    Exits(i32),
    /// `file NAME`: the reader saves it under this name.
    File(String),
}

impl Mark {
    fn read(line: &str) -> Option<Self> {
        let text = line.trim().strip_prefix("<!-- test: ")?.strip_suffix(" -->")?;
        if let Some(code) = text.strip_prefix("exits ") {
            let code = code.split(':').next().and_then(|code| code.parse().ok());
            return Some(Self::Exits(code.unwrap_or_else(|| panic!("{line}: not an exit code"))));
        }
        if let Some(name) = text.strip_prefix("file ") {
            return Some(Self::File(name.to_owned()));
        }
        let why = text.strip_prefix("not run: ").unwrap_or_default();
        assert!(!why.is_empty(), "{line}: a mark is `not run: WHY`, `exits CODE` or `file NAME`");
        Some(Self::NotRun)
    }
}

/// All examples, in order.
pub fn blocks(page: &str) -> Vec<Block> {
    let (mut found, mut mark, mut open): (Vec<Block>, Mark, Option<Block>) = (Vec::new(), Mark::None, None);
    for (number, line) in page.lines().enumerate() {
        let fence = line.trim_start().strip_prefix("```");
        match (open.take(), fence) {
            (Some(block), Some(_)) => found.push(block),
            (Some(mut block), None) => {
                block.text += line;
                block.text.push('\n');
                open = Some(block);
            }
            (None, Some(language)) => {
                let mark = std::mem::replace(&mut mark, Mark::None);
                open = Some(Block {
                    line: number + 1,
                    language: language.to_owned(),
                    text: String::new(),
                    mark,
                });
            }
            (None, None) => {
                if let Some(read) = Mark::read(line) {
                    assert_eq!(mark, Mark::None, "line {}: the mark before has no example", number + 1);
                    mark = read;
                } else {
                    let stray = mark != Mark::None && !line.trim().is_empty();
                    assert!(!stray, "line {}: a mark stands right before its example", number + 1);
                }
            }
        }
    }
    assert!(open.is_none() && mark == Mark::None, "the last example or mark is open");
    found
}

#[test]
fn examples_are_found_with_their_marks() {
    let page = "a\n```console\nb\n```\n\n<!-- test: exits 9: why -->\n```sh\nc\nd\n```\n<!-- test: not run: e -->\n\n```yaml\n```\n";
    let found = blocks(page);
    let seen: Vec<_> = found
        .iter()
        .map(|block| (block.line, block.language.as_str(), block.text.as_str(), &block.mark))
        .collect();
    assert_eq!(
        seen,
        [
            (2, "console", "b\n", &Mark::None),
            (7, "sh", "c\nd\n", &Mark::Exits(9)),
            (13, "yaml", "", &Mark::NotRun)
        ]
    );
}
