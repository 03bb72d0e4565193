//! Diagnostics as text for people: message, place, the offending lines, what was expected, what to do.

use std::{borrow::Cow, fmt};

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Message, Origin, Renderer, Snippet};

use super::diagnostic::{Diagnostic, Severity, Spot};

/// Lines between two places of one file up to which they are shown in one piece.
const NEAR: u32 = 6;
/// Bytes of a line that are shown on each side of a place; a job may be one line of 64 MiB.
const WINDOW: usize = 200;

impl Diagnostic {
    /// The diagnostic as text, in colour if asked for. Ends without a line end.
    pub fn render(&self, colour: bool) -> String {
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let mut group =
            level.primary_title(&*self.message).id(self.code.as_str()).elements(Vec::<Message>::new());
        if let Some(at) = &self.at {
            group = self.with_places(group, at);
        }
        for hint in &self.hints {
            group = group.element(Level::HELP.message(&**hint));
        }
        renderer.render(&[group])
    }

    fn with_places<'a>(&'a self, mut group: Group<'a>, at: &'a Spot) -> Group<'a> {
        let mut piece = Piece::of(at);
        piece.mark(AnnotationKind::Primary, at, self.expected.as_deref());
        for related in &self.related {
            if piece.holds(&related.at) {
                piece.mark(AnnotationKind::Context, &related.at, Some(&related.label));
            } else {
                group = piece.into_group(group);
                piece = Piece::of(&related.at);
                piece.mark(AnnotationKind::Context, &related.at, Some(&related.label));
            }
        }
        piece.into_group(group)
    }
}

/// The rustc look, without colour.
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

/// A few lines of a file with marks in them.
struct Piece<'a> {
    first: &'a Spot,
    text: &'a str,
    start: usize,
    end: usize,
    line: usize,
    marks: Vec<(AnnotationKind, std::ops::Range<usize>, Option<Cow<'a, str>>)>,
}

impl<'a> Piece<'a> {
    fn of(at: &'a Spot) -> Self {
        let (start, end) = line_around(&at.text, at.offset, at.len);
        Self { first: at, text: &at.text, start, end, line: at.line as usize, marks: Vec::new() }
    }

    /// Whether the place is near enough to be shown in the same piece; grows the piece if so.
    fn holds(&mut self, at: &Spot) -> bool {
        let (start, end) = line_around(&at.text, at.offset, at.len);
        let near = (self.line as u32).abs_diff(at.line) <= NEAR;
        let whole = self.first.file == at.file
            && near
            && self.start.abs_diff(end).max(self.end.abs_diff(start)) < 16 * WINDOW;
        if whole {
            self.line = self.line.min(at.line as usize);
            self.start = self.start.min(start);
            self.end = self.end.max(end);
        }
        whole
    }

    fn mark(&mut self, kind: AnnotationKind, at: &Spot, label: Option<&'a str>) {
        let start = floor(self.text, at.offset.min(self.end));
        let end = ceiling(self.text, (at.offset + at.len.max(1)).min(self.end).max(start));
        self.marks.push((kind, start..end, in_column(at, label)));
    }

    /// The renderer finds the column itself, unless the line is shown in part.
    fn into_group(self, group: Group<'a>) -> Group<'a> {
        let Spot { file, line, column, .. } = self.first;
        if self.start == 0 || self.text.as_bytes()[self.start - 1] == b'\n' {
            return group.element(self.into_snippet().path(&**file));
        }
        let origin = Origin::path(&**file).line(*line as usize).char_column(*column as usize);
        group.element(origin).element(self.into_snippet())
    }

    fn into_snippet(self) -> Snippet<'a, Annotation<'a>> {
        let start = self.start;
        let text = self.text.get(start..self.end).unwrap_or_default();
        Snippet::source(text).line_start(self.line).annotations(
            self.marks
                .into_iter()
                .map(|(kind, range, label)| kind.span(range.start - start..range.end - start).label(label)),
        )
    }
}

/// A label, after the name of the spreadsheet's column that it is about.
fn in_column<'a>(at: &Spot, label: Option<&'a str>) -> Option<Cow<'a, str>> {
    match (&at.header, label) {
        (Some(header), Some(label)) => Some(format!("column `{header}`: {label}").into()),
        (Some(header), None) => Some(format!("column `{header}`").into()),
        (None, label) => label.map(Cow::Borrowed),
    }
}

/// The line a place is on, or what is near the place if the line is long.
fn line_around(text: &str, offset: usize, len: usize) -> (usize, usize) {
    let offset = floor(text, offset.min(text.len()));
    let before = floor(text, offset.saturating_sub(WINDOW));
    let start = text[before..offset].rfind('\n').map_or(before, |newline| before + newline + 1);
    let after = floor(text, (offset + len.min(WINDOW) + WINDOW).min(text.len()));
    let end = text[offset..after].find('\n').map_or(after, |newline| offset + newline);
    (start, end)
}

fn ceiling(text: &str, mut offset: usize) -> usize {
    while !text.is_char_boundary(offset) {
        offset += 1;
    }
    offset
}

fn floor(text: &str, mut offset: usize) -> usize {
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::job::Code;

    fn spot(text: &Arc<str>, word: &str) -> Spot {
        let offset = text.find(word).unwrap();
        let line = text[..offset].matches('\n').count() as u32 + 1;
        let column = (offset - text[..offset].rfind('\n').map_or(0, |newline| newline + 1)) as u32 + 1;
        Spot {
            file: "job.yaml".into(),
            line,
            column,
            header: None,
            offset,
            len: word.len(),
            text: Arc::clone(text),
        }
    }

    #[test]
    fn a_diagnostic_shows_its_lines_and_what_to_do() {
        let text: Arc<str> = "a: 1\nunit: 0\nc: 2\nunit: 3\n".into();
        let diagnostic = Diagnostic::error(Code::UnitOutOfRange, "unit 0 is a broadcast")
            .at(spot(&text, "0"))
            .expected("1 to 247")
            .related(spot(&text, "c: 2"), "first here")
            .hint("look at the meter");
        let expected = "\
error[unit_out_of_range]: unit 0 is a broadcast
 --> job.yaml:2:7
  |
2 | unit: 0
  |       ^ 1 to 247
3 | c: 2
  | ---- first here
  |
  = help: look at the meter";
        assert_eq!(diagnostic.to_string(), expected);
    }

    #[test]
    fn a_line_of_megabytes_is_shown_in_part() {
        let text: Arc<str> = format!("{}unit: 0{}", "x".repeat(5_000_000), "y".repeat(5_000_000)).into();
        let shown = Diagnostic::error(Code::UnitOutOfRange, "bad").at(spot(&text, "unit: 0")).to_string();
        assert!(shown.contains("job.yaml:1:5000001"), "{shown}");
        assert!(shown.contains("unit: 0") && shown.len() < 2000, "{shown}");
    }
}
