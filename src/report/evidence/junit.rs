//! `junit.xml`: a test case a transfer, as GitLab and Jenkins show it. What is done passed; what waits or has not
//! begun is skipped; the rest failed.

use std::fmt::Write as _;

use super::{Certificate, Evidence, bounds::elapsed};
use crate::{
    report::words::{outcome_words, real_in_or_dash},
    transfer::Outcome,
};

enum Result {
    Passed,
    Skipped,
    Failed,
}

/// The whole file.
pub fn junit(evidence: &Evidence) -> String {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let all: Vec<&Certificate> = evidence.certificates.iter().collect();
    let _ = writeln!(text, "<testsuites name=\"meterferry\" {}>", numbers(&all));
    for campaign in &evidence.campaigns {
        let own: Vec<&Certificate> =
            all.iter().copied().filter(|one| one.transfer.campaign == *campaign).collect();
        suite(&mut text, evidence, campaign, &own);
    }
    text.push_str("</testsuites>\n");
    text
}

fn suite(text: &mut String, evidence: &Evidence, campaign: &str, own: &[&Certificate]) {
    let made_at = evidence.made_at.strftime("%Y-%m-%dT%H:%M:%S");
    let _ = writeln!(
        text,
        "  <testsuite name=\"{}\" {} timestamp=\"{made_at}\">",
        escaped(campaign),
        numbers(own)
    );
    text.push_str("    <properties>\n");
    let ledger = &evidence.ledger;
    for (name, value) in [
        ("meterferry", env!("CARGO_PKG_VERSION").to_owned()),
        ("ledger", ledger.origin.kind.to_string()),
        ("ledger head", ledger.head.to_string()),
    ] {
        let _ = writeln!(text, "      <property name=\"{name}\" value=\"{}\"/>", escaped(&value));
    }
    text.push_str("    </properties>\n");
    own.iter().for_each(|certificate| case(text, certificate));
    text.push_str("  </testsuite>\n");
}

fn case(text: &mut String, certificate: &Certificate) {
    let transfer = &certificate.transfer;
    let _ = writeln!(
        text,
        "    <testcase classname=\"{}\" name=\"{}\" time=\"{}\">",
        escaped(&transfer.campaign),
        escaped(&transfer.id),
        seconds(certificate)
    );
    let word = outcome_words(transfer.outcome);
    let message = escaped(&format!("{word}: {}", transfer.reason));
    match result(transfer.outcome) {
        Result::Passed => {}
        Result::Skipped => {
            let _ = writeln!(text, "      <skipped message=\"{message}\"/>");
        }
        Result::Failed => {
            let hint = transfer.hint.as_deref().map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
            let next = certificate.next.as_deref().map(|next| format!("\nnext: {next}")).unwrap_or_default();
            let body = escaped(&format!("{}{hint}{next}", transfer.reason));
            let kind = transfer.outcome.word();
            let _ = writeln!(text, "      <failure message=\"{message}\" type=\"{kind}\">{body}</failure>");
        }
    }
    let told = format!(
        "real energy in, kWh: source {}, target before {}, staged {}, target after {}",
        real_in_or_dash(transfer.source.as_ref()),
        real_in_or_dash(transfer.target_before.as_ref()),
        real_in_or_dash(transfer.staged.as_ref()),
        real_in_or_dash(transfer.target_after.as_ref())
    );
    let _ = writeln!(text, "      <system-out>{}</system-out>\n    </testcase>", escaped(&told));
}

const fn result(outcome: Outcome) -> Result {
    match outcome {
        Outcome::Done | Outcome::AlreadyDone => Result::Passed,
        Outcome::Waiting | Outcome::NotRun => Result::Skipped,
        Outcome::Failed | Outcome::Refused | Outcome::Unreachable | Outcome::Unknown | Outcome::Mismatch => {
            Result::Failed
        }
    }
}

fn numbers(certificates: &[&Certificate]) -> String {
    let count = |is: fn(Result) -> bool| {
        certificates.iter().filter(|certificate| is(result(certificate.transfer.outcome))).count()
    };
    let failures = count(|result| matches!(result, Result::Failed));
    let skipped = count(|result| matches!(result, Result::Skipped));
    format!("tests=\"{}\" failures=\"{failures}\" errors=\"0\" skipped=\"{skipped}\"", certificates.len())
}

/// From the first fact to the last, as far as one run goes: the days between two runs are nobody's work.
fn seconds(certificate: &Certificate) -> String {
    let last = certificate.steps.last();
    let first = last.and_then(|last| certificate.steps.iter().find(|step| step.run == last.run));
    let time = first.zip(last).and_then(|(first, last)| elapsed(first.at, last.at)).unwrap_or_default();
    format!("{}.{:03}", time.as_secs(), time.subsec_millis())
}

/// Text for XML 1.0, which has no way to write most control characters.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            '\n' => escaped.push_str("&#10;"),
            '\t' => escaped.push(' '),
            letter if letter.is_control() || matches!(letter, '\u{fffe}' | '\u{ffff}') => {
                escaped.push('\u{fffd}');
            }
            letter => escaped.push(letter),
        }
    }
    escaped
}
