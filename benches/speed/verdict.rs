//! What is printed: a line a figure, with what it is to be and whether it is.

use std::process::ExitCode;

/// All that was judged.
#[derive(Default)]
pub struct Verdicts(Vec<(String, bool)>);

impl Verdicts {
    /// A section begins.
    pub fn section(&mut self, title: &str) {
        println!("\n{title}");
    }

    /// Something to know, that is not judged.
    pub fn note(&mut self, text: &str) {
        println!("    {text}");
    }

    /// A figure that is to be at most `target`.
    pub fn at_most(&mut self, what: &str, figure: f64, target: f64, unit: &str, how: &str) {
        let passed = figure <= target;
        let word = if passed { "PASS" } else { "short of target" };
        println!("  {what:<34} {figure:>8.2} {unit:<12} target ≤ {target:<7} {word:<16} {how}");
        self.0.push((what.to_owned(), passed));
    }

    /// The last line, and whether all is as it is to be.
    pub fn tell(self) -> ExitCode {
        let short: Vec<_> = self.0.iter().filter(|(_, passed)| !passed).map(|(what, _)| &**what).collect();
        let number = self.0.len();
        println!();
        match short.as_slice() {
            [] => println!("{number} figures, all within their targets"),
            short => println!("{number} figures, {} short of target: {}", short.len(), short.join("; ")),
        }
        ExitCode::SUCCESS
    }
}
