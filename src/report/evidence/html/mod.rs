//! `report.html`: one file that needs nothing else: no network, no font, no script but its own few lines, without which
//! everything is there too. What is put into a page is escaped by the templates, all of it.
//!
//! Texts are made here; the templates say where they stand.

mod certificate;
mod charts;
mod energies;
mod view;

use askama::Template;

use super::Evidence;
use certificate::CertificateView;
use view::{GlanceView, OpenRow, TransferRow};

/// The hash of `filter.js`, for the page's content security policy: `openssl dgst -sha256 -binary | base64` over what
/// stands in the script element. A browser that finds another script there runs none; tests/browser sees that.
const SCRIPT: &str = "sha256-nOialsM82WBIrvxuXvlmztsJjDWceWPgIFtKQlC6PrM=";

#[derive(Template)]
#[template(path = "page.html", config = "src/report/evidence/html/askama.toml")]
struct Page<'a> {
    script: &'static str,
    version: &'static str,
    title: String,
    made_at: String,
    simulated: bool,
    fault: Option<&'a str>,
    head: String,
    ledger: String,
    glance: GlanceView,
    open: Vec<OpenRow>,
    balance: Option<energies::BalanceView<'a>>,
    exceptions: Vec<&'a super::Exception>,
    exceptions_left_out: usize,
    rows: Vec<TransferRow>,
    outcomes: Vec<(&'static str, &'static str, usize)>,
    certificates: Vec<CertificateView<'a>>,
    not_carried: &'static str,
}

/// The whole file.
pub fn html(evidence: &Evidence) -> String {
    let mut page = view::page(evidence).render().expect("writing to a string does not fail");
    page.push('\n');
    page
}
