//! `ledger export`: every fact as a line of JSON, so that the chain can be computed anew without this program.

use std::mem::take;

use serde::{Serialize, de::IgnoredAny};

use super::{Exit, args, failure::Failure, ledger::open_for_itself, output::Console};
use crate::{
    ledger::{ChainedFact, Digest, FORMAT_VERSION, Head, Origin},
    report::{Results, json_line},
};

/// Lines are written together once they take this much, bytes.
const TOGETHER: usize = 1 << 16;

/// A line of the export but for the text of a fact, which stands at the end as it is stored.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Line<'a> {
    /// The first: what the ledger says of itself, and the digest that follows from it.
    Ledger {
        format: i64,
        #[serde(flatten)]
        origin: &'a Origin,
        digest: Digest,
    },
    Fact {
        number: u64,
        digest: Digest,
        campaign: &'a str,
        transfer: &'a str,
        seq: i64,
        at: &'a str,
        run: &'a str,
        kind: &'a str,
        version: i64,
    },
    /// The last: without it the export was cut off.
    Head(Head),
}

pub(super) fn export(arguments: &args::LedgerExport, console: &Console) -> Result<Exit, Failure> {
    let reader = open_for_itself(&arguments.ledger)?;
    let mut out = Lines { results: console.results(), text: String::new() };
    let origin = reader.origin();
    out.add(&json_line(&Line::Ledger { format: FORMAT_VERSION, origin, digest: origin.head().digest }));
    let asked = |fact: &ChainedFact<'_>| {
        arguments.campaign.as_deref().is_none_or(|campaign| campaign == fact.campaign)
    };
    let (mut written, mut unreadable) = (0_u64, None);
    let walked = reader.walk(&mut |fact| {
        if unreadable.is_some() || !asked(fact) {
            return;
        }
        match line(fact) {
            Ok(line) => out.add(&line),
            Err(failure) => unreadable = Some(failure),
        }
        written += 1;
    });
    // Lines that are right were promised to nobody, and are there all the same.
    let head = match (walked, unreadable) {
        (Ok(head), None) => head,
        (walked, unreadable) => {
            out.write();
            return Err(unreadable.unwrap_or_else(|| walked.expect_err("one of both failed").into()));
        }
    };
    out.add(&json_line(&Line::Head(head)));
    out.finish()?;
    match &arguments.campaign {
        Some(campaign) if written == 0 => {
            let message = format!("the ledger has no fact of a campaign {campaign:?}");
            Err(Failure::new(Exit::NothingSelected, message).hint("check --campaign against the jobs"))
        }
        _ => Ok(Exit::Done),
    }
}

fn line(fact: &ChainedFact<'_>) -> Result<String, Failure> {
    let ChainedFact { number, digest, campaign, transfer, seq, at, run, kind, version, fact: text } = *fact;
    // It is put into the line unread, byte by byte as its digest has it: so it must be one JSON value on one line.
    if text.contains(['\n', '\r']) || serde_json::from_str::<IgnoredAny>(text).is_err() {
        let message =
            format!("fact {number} of the ledger is no JSON text on one line, and cannot be exported");
        return Err(Failure::new(Exit::Ledger, message).hint("look at it with `meterferry ledger verify`"));
    }
    let mut line = json_line(&Line::Fact { number, digest, campaign, transfer, seq, at, run, kind, version });
    line.truncate(line.trim_end_matches("}\n").len());
    line.push_str(",\"fact\":");
    line.push_str(text);
    line.push_str("}\n");
    Ok(line)
}

/// Lines on their way to stdout, some at a time.
struct Lines {
    results: Results,
    text: String,
}

impl Lines {
    fn add(&mut self, line: &str) {
        self.text.push_str(line);
        if self.text.len() >= TOGETHER {
            self.write();
        }
    }

    fn write(&mut self) {
        self.results.print(&take(&mut self.text));
    }

    /// Lines that are lost are a failure here: an export that is not whole proves nothing.
    fn finish(mut self) -> Result<(), Failure> {
        self.write();
        match self.results.error() {
            None => Ok(()),
            Some(error) => {
                let message = format!("the export could not be written to stdout: {error}");
                Err(Failure::new(Exit::Ledger, message).hint("make room, then export again"))
            }
        }
    }
}
