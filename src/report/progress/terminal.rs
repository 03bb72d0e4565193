//! The terminal below the log lines. All lines are drawn at once: nothing flickers.

use console::Term;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::screen::Size;

/// Where a terminal does not say how large it is.
const USUAL: Size = Size { rows: 24, columns: 80 };

/// Lines that are drawn again and again, in place.
pub(super) struct Terminal {
    term: Term,
    bar: ProgressBar,
    /// How many lines stand there now, and how large the terminal was.
    drawn: Option<(usize, Size)>,
}

impl Terminal {
    /// The one behind stderr.
    pub(super) fn stderr(total: usize) -> Self {
        let bar = ProgressBar::with_draw_target(Some(total as u64), ProgressDrawTarget::stderr());
        Self { term: Term::stderr(), bar, drawn: None }
    }

    /// For the log lines, which go above.
    pub(super) fn bar(&self) -> ProgressBar {
        self.bar.clone()
    }

    pub(super) fn size(&self) -> Size {
        let size = self.term.size_checked();
        size.map_or(USUAL, |(rows, columns)| Size { rows: rows.into(), columns: columns.into() })
    }

    /// Draws these lines in place of the last ones, with a bar before the first if there is room.
    pub(super) fn draw(&mut self, lines: &[String], ended: usize, size: Size) {
        if self.drawn.as_ref().is_none_or(|(_, drawn)| drawn.has_bar() != size.has_bar()) {
            self.bar.set_style(style(size));
        }
        self.clear_what_broke(size);
        self.bar.set_position(ended as u64);
        self.bar.set_message(lines.join("\n"));
        self.bar.tick();
        self.drawn = Some((lines.len(), size));
    }

    /// A window that got narrower has broken what stands there: each line was filled up to the old width. What of it
    /// is above the rows that will be drawn over is taken away.
    fn clear_what_broke(&self, size: Size) {
        let Some((lines, before)) = self.drawn else { return };
        if size.columns < before.columns {
            let broken = (lines * before.columns).div_ceil(size.columns.max(1));
            let above = (broken - lines).min(size.rows.saturating_sub(lines));
            // A terminal that cannot be cleared, or a log line that came in between, is only untidy for a moment.
            self.bar.suspend(|| {
                let _ = self.term.move_cursor_up(above).and_then(|()| self.term.clear_to_end_of_screen());
            });
        }
    }

    /// Leaves nothing behind.
    pub(super) fn clear(self) {
        self.bar.finish_and_clear();
    }
}

fn style(size: Size) -> ProgressStyle {
    let template = if size.has_bar() { "{bar:24} {msg}" } else { "{msg}" };
    ProgressStyle::with_template(template).expect("the template is well formed")
}
