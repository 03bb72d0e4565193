//! `ledger verify`: is the ledger what it was? Looks, and changes nothing.

use serde::Serialize;

use super::{
    Exit,
    args::{self, Format},
    failure::{Failure, counted},
    ledger::open_for_itself,
    output::Console,
};
use crate::{
    ledger::{Break, Head, LedgerError, LedgerReader, Origin, Verdict, Witness},
    report::{Envelope, json_line, json_text},
};

/// The body of `ledger verify --format json`.
#[derive(Serialize)]
struct Body<'a> {
    /// Nothing is wrong, and the head that was kept is in the chain.
    sound: bool,
    /// The ledger's file.
    file: String,
    origin: &'a Origin,
    /// Nothing if they could not be counted.
    transfers: Option<u64>,
    /// How far the chain holds.
    ledger_head: Head,
    kept_head: Option<KeptHead>,
    fault: Option<Fault<'a>>,
}

/// The head that was kept, and what became of it.
#[derive(Serialize)]
struct KeptHead {
    #[serde(flatten)]
    head: Head,
    /// Nothing if the chain is broken before its place.
    in_chain: Option<bool>,
    /// Facts that came after it.
    since: Option<u64>,
}

/// The first thing that is wrong.
#[derive(Serialize)]
struct Fault<'a> {
    message: String,
    hint: &'static str,
    /// Where the chain is broken.
    chain: Option<&'a Break>,
}

pub(super) fn verify(arguments: &args::LedgerVerify, console: &Console) -> Result<Exit, Failure> {
    let reader = open_for_itself(&arguments.ledger)?;
    let verdict = reader.verify(arguments.head)?;
    let exit = if verdict.is_sound() { Exit::Done } else { Exit::Ledger };
    let body = || Envelope::new(None, exit.code(), body(&reader, &verdict, arguments.head));
    match arguments.output.format {
        Format::Human => return told(&reader, &verdict, arguments.head, console),
        Format::Json => console.print(&json_text(&body())),
        Format::Jsonl => console.print(&json_line(&body())),
    }
    Ok(exit)
}

fn told(
    reader: &LedgerReader,
    verdict: &Verdict,
    kept: Option<Head>,
    console: &Console,
) -> Result<Exit, Failure> {
    let Verdict { head, transfers, witness, fault } = verdict;
    let kept = kept.map(|kept| kept.to_string()).unwrap_or_default();
    if let Some(Witness::InChain { since }) = witness {
        let since = counted(count(*since), "fact");
        console.print(&format!("{kept} is in the chain: all up to there is as it was; {since} since\n"));
    }
    if let Some(fault) = fault {
        return Err(fault.clone().into());
    }
    let (facts, transfers) = (counted(count(head.facts), "fact"), transfers.unwrap_or_default());
    let file = reader.path().display();
    match witness {
        None | Some(Witness::InChain { .. }) => {
            let transfers = counted(count(transfers), "transfer");
            console.print(&format!("{file}: {facts} of {transfers}, and each is as it was recorded\nledger head: {head}\n"));
            if witness.is_none() {
                console.remark("that nothing was cut off, only a head that was kept can tell: --head N:DIGEST");
            }
            return Ok(Exit::Done);
        }
        Some(Witness::Different { found }) => Err(format!(
            "{file} is not the ledger that {kept} was taken from, or was rewritten: its own head there is {found}"
        )),
        Some(Witness::Beyond) => Err(format!(
            "{file} ends at {facts}, before {kept}: what came after was cut off, or it is an old copy or another ledger"
        )),
        Some(Witness::Untold) => Err(format!("whether {kept} is in the chain of {file} cannot be told")),
    }
    .map_err(|message| Failure::new(Exit::Ledger, message).hint(HINT))
}

/// As for any damage: what to do does not depend on how it came about.
const HINT: &str = "keep the files as they are, find the ledger that the head was taken from, and compare the meters with \
it before any new run";

fn body<'a>(reader: &'a LedgerReader, verdict: &'a Verdict, kept: Option<Head>) -> Body<'a> {
    let in_chain = |witness| match witness {
        Witness::InChain { .. } => Some(true),
        Witness::Different { .. } | Witness::Beyond => Some(false),
        Witness::Untold => None,
    };
    let since = |witness| match witness {
        Witness::InChain { since } => Some(since),
        Witness::Different { .. } | Witness::Beyond | Witness::Untold => None,
    };
    Body {
        sound: verdict.is_sound(),
        file: reader.path().display().to_string(),
        origin: reader.origin(),
        transfers: verdict.transfers,
        ledger_head: verdict.head,
        kept_head: kept.map(|head| KeptHead {
            head,
            in_chain: verdict.witness.and_then(in_chain),
            since: verdict.witness.and_then(since),
        }),
        fault: verdict.fault.as_ref().map(fault),
    }
}

fn fault(error: &LedgerError) -> Fault<'_> {
    let chain = match error {
        LedgerError::BrokenChain { at, .. } => Some(&**at),
        _ => None,
    };
    Fault { message: error.to_string(), hint: error.hint(), chain }
}

fn count(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
