//! What the page says, to whom, and what it asks for: nothing.

use serde_json::{Value, json};

use crate::{fleet::HOSTILE, page::Page};

pub fn tests() -> Vec<(&'static str, fn())> {
    vec![
        ("the page opens without network and without a complaint", opens),
        ("the figures and reasons that matter are on the page as text", shows),
        ("without scripts everything is there, and no filter", without_scripts),
        ("by keyboard: skip link, filter, details", by_keyboard),
        ("the filter shows what it is asked for, rows and certificates alike", filters),
        ("landmarks, headings in order, captions, scopes and names are there", for_a_screen_reader),
    ]
}

fn errors(page: &Page) -> Vec<Value> {
    let logged = page.told("Log.entryAdded").into_iter().filter(|event| {
        let level = &event["params"]["entry"]["level"];
        level == "error" || level == "warning"
    });
    let printed = page.told("Runtime.consoleAPICalled").into_iter();
    let thrown = page.told("Runtime.exceptionThrown").into_iter();
    let dialogs = page.told("Page.javascriptDialogOpening").into_iter();
    logged.chain(printed).chain(thrown).chain(dialogs).collect()
}

fn opens() {
    let mut page = Page::of_fleet("opens");
    // What would be fetched late, and what would show in a script that the policy keeps from running.
    page.value("new Promise((done) => setTimeout(done, 300))");
    let asked: Vec<Value> = page
        .told("Network.requestWillBeSent")
        .iter()
        .map(|event| event["params"]["request"]["url"].clone())
        .collect();
    let abroad = asked.iter().filter(|url| !url.as_str().unwrap().starts_with("data:"));
    assert_eq!(abroad.count(), 1, "the page itself, and nothing else: {asked:?}");
    assert_eq!(errors(&page), Vec::<Value>::new());
    assert_eq!(page.value("document.getElementById('filter').hidden"), false, "its own script has run");
    assert_eq!(page.value("performance.getEntriesByType('resource').length"), 0);
}

fn shows() {
    let mut page = Page::of_fleet("shows");
    let text = page.text();
    for words in [
        "5 of 11 transfers are done.",
        "2,469,135.780",
        "It adds up.",
        "Simulated meters.",
        "meterferry resolve JOB --id wrong --as accepted|committed|not-committed --reason TEXT",
        "meterferry run JOB --only id=dead",
        "typed into the job by a person, not read from the meter",
        "what was staged differs from the source, as the job asks",
        "serial number 40000001, as it answered",
        "Conditional, incremental and input-metering energies",
        &format!("checked: {HOSTILE}"),
        &format!("note: {HOSTILE}"),
        "by <b>Eve</b> @site, job revision c357659",
    ] {
        assert!(text.contains(words), "{words}:\n{text}");
    }
    assert_eq!(page.value("document.querySelectorAll('b, script:not(:last-of-type)').length"), 0);
    let marked = "[...document.querySelectorAll('.cert')].filter((one) => one.innerText.includes('Simulated meters')).length";
    assert_eq!(page.value(marked), 11, "no certificate of a rehearsal can be taken for a real one");
    let order = "[...document.querySelectorAll('.open .id')].map((id) => id.textContent).join(' ')";
    assert_eq!(page.value(order), "lost wrong swapped stubborn dead");
    // feeder-1: 2,469,135,780 Wh as four registers.
    let first = page.value("document.querySelector('#t4 .e tbody tr').innerText");
    assert!(first.as_str().unwrap().contains("5780 6913 24 0"), "{first}");
}

fn without_scripts() {
    let mut page = Page::blank();
    page.call("Emulation.setScriptExecutionDisabled", json!({ "value": true }));
    let fleet = crate::fleet::Fleet::shared();
    let folder = fleet.reported("without-scripts");
    page.open(&folder.join("report.html"));
    let text = page.text();
    assert!(text.contains("It adds up.") && text.contains("Checked by hand"), "{text}");
    assert_eq!(page.value("document.getElementById('filter').hidden"), true);
    let shown = "[...document.querySelectorAll('.cert')].filter((one) => one.offsetHeight > 0).length";
    assert_eq!(page.value(shown), 11);
    page.tab_to("summary");
    page.press(" ", 32, " ");
    assert_eq!(page.value("document.activeElement.parentElement.open"), true);
}

fn by_keyboard() {
    let mut page = Page::of_fleet("by-keyboard");
    page.press("Tab", 9, "");
    assert_eq!(page.value("document.activeElement.className"), "skip");
    let seen = "document.activeElement.getBoundingClientRect().left >= 0";
    assert_eq!(page.value(seen), true, "the skip link shows when it has the focus");
    page.press("Enter", 13, "\r");
    assert_eq!(page.value("document.activeElement.id"), "main");
    page.tab_to("#filter-text");
    let outline = "getComputedStyle(document.activeElement).outlineStyle";
    assert_eq!(page.value(outline), "solid", "focus is seen");
    page.call("Input.insertText", json!({ "text": "feeder-10" }));
    assert_eq!(
        page.value("[...document.querySelectorAll('#rows tr')].filter((row) => !row.hidden).length"),
        1
    );
    page.tab_to(".cert summary");
    assert_eq!(
        page.value("document.activeElement.closest('.cert').querySelector('h3').innerText.slice(0, 9)"),
        "feeder-10"
    );
    page.press("Enter", 13, "\r");
    assert_eq!(page.value("document.activeElement.parentElement.open"), true);
}

fn filters() {
    let mut page = Page::of_fleet("filters");
    page.value(
        "(() => { const one = document.getElementById('filter-outcome'); one.value = 'done'; \
         one.dispatchEvent(new Event('change')); })()",
    );
    for list in ["#rows tr", ".cert"] {
        let shown =
            format!("[...document.querySelectorAll('{list}')].filter((one) => one.offsetHeight > 0).length");
        assert_eq!(page.value(&shown), 5, "{list}");
    }
    assert_eq!(page.value("document.getElementById('filter-count').textContent"), "5 of 11 shown");
}

fn for_a_screen_reader() {
    let mut page = Page::of_fleet("screen-reader");
    let tree = page.call("Accessibility.getFullAXTree", json!({}));
    let nodes = tree["nodes"].as_array().unwrap();
    let role = |node: &Value| node["role"]["value"].as_str().unwrap_or_default().to_owned();
    let with_role = |wanted: &str| nodes.iter().filter(|node| role(node) == wanted).count();
    for landmark in ["banner", "navigation", "main", "contentinfo", "search"] {
        assert_eq!(with_role(landmark), 1, "{landmark}");
    }
    let nameless = |wanted: &str| {
        let is = |node: &&Value| role(node) == wanted && node["ignored"] != true;
        nodes
            .iter()
            .filter(is)
            .filter(|node| node["name"]["value"].as_str().is_none_or(str::is_empty))
            .count()
    };
    for role in ["table", "image", "region", "article", "link", "heading", "searchbox", "combobox"] {
        assert_eq!(nameless(role), 0, "a {role} without a name");
    }
    let levels = page.value("[...document.querySelectorAll('h1,h2,h3,h4')].map((one) => +one.tagName[1])");
    let levels: Vec<u64> = levels.as_array().unwrap().iter().map(|level| level.as_u64().unwrap()).collect();
    assert_eq!((levels[0], levels.iter().filter(|level| **level == 1).count()), (1, 1));
    assert!(levels.windows(2).all(|pair| pair[1] <= pair[0] + 1), "{levels:?}");
    assert_eq!(page.value("[...document.querySelectorAll('table')].filter((one) => !one.caption).length"), 0);
    assert_eq!(page.value("document.querySelectorAll('th:not([scope])').length"), 0);
    assert_eq!(page.value("document.documentElement.lang"), "en");
    assert_eq!(page.value("new Set([...document.querySelectorAll('[id]')].map((one) => one.id)).size === document.querySelectorAll('[id]').length"), true);
    let dead = "[...document.querySelectorAll('a[href^=\"#\"]')].filter((one) => !document.querySelector(one.hash)).length";
    assert_eq!(page.value(dead), 0, "every link leads somewhere");
}
