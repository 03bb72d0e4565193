//! How the page looks: colours, a phone's width, paper.

use serde_json::json;

use crate::page::Page;

pub fn tests() -> Vec<(&'static str, fn())> {
    vec![
        ("contrast is 4.5:1 at least, light and dark", contrast),
        ("at 360 pixels nothing sticks out sideways", phone),
        ("printed, each certificate begins a page and all details are open", paper),
    ]
}

/// The worst contrast of text against what is behind it (WCAG 2.2, 1.4.3), and where.
const WORST: &str = "(() => {
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((one) => one / 255)
    .map((one) => one <= .04045 ? one / 12.92 : ((one + .055) / 1.055) ** 2.4)
    .reduce((sum, one, place) => sum + one * [.2126, .7152, .0722][place], 0);
  const behind = (one) => {
    for (; one; one = one.parentElement) {
      const colour = parse(getComputedStyle(one).backgroundColor);
      if (colour.length < 4 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  let worst = [99, 'nothing'];
  document.querySelectorAll('.cert').forEach((one) => { one.style.contentVisibility = 'visible'; });
  document.querySelectorAll('details').forEach((one) => { one.open = true; });
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const holder = node.parentElement;
    if (!node.data.trim() || !holder.checkVisibility() || holder.closest('script,style')) continue;
    const [a, b] = [light(parse(getComputedStyle(holder).color)), light(behind(holder))];
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < worst[0]) worst = [ratio, node.data.trim().slice(0, 60)];
  }
  return worst;
})()";

fn contrast() {
    let mut page = Page::of_fleet("contrast");
    let check = |page: &mut Page, scheme: &str| {
        let worst = page.value(WORST);
        println!("{scheme}: {worst}");
        assert!(worst[0].as_f64().unwrap() >= 4.5, "{scheme}: {worst}");
    };
    check(&mut page, "light");
    page.picture("light.png");
    let paper = "getComputedStyle(document.body).backgroundColor";
    assert_eq!(page.value(paper), "rgb(255, 255, 255)");
    page.dark();
    assert_ne!(page.value(paper), "rgb(255, 255, 255)");
    check(&mut page, "dark");
    page.picture("dark.png");
}

fn phone() {
    let mut page = Page::of_fleet("phone");
    page.size(360, 740, true);
    let width = "document.documentElement.scrollWidth";
    assert_eq!(page.value(width), 360);
    page.lay_out_all();
    page.picture("phone.png");
    page.value("document.querySelectorAll('details').forEach((one) => { one.open = true; })");
    assert_eq!(page.value(width), 360, "with all details open");
    let wider = "[...document.querySelectorAll('body *')].filter((one) => !one.closest('.x, thead, .skip') && \
                 one.getBoundingClientRect().right > 361).map((one) => one.outerHTML.slice(0, 80))";
    assert_eq!(page.value(wider), json!([]));
}

fn paper() {
    let mut page = Page::of_fleet("paper");
    page.call("Emulation.setScriptExecutionDisabled", json!({ "value": true }));
    let pdf = page.printed();
    assert!(pdf.starts_with(b"%PDF"));
    let text = String::from_utf8_lossy(&pdf);
    let pages = text.matches("/Type /Page\n").count();
    println!("{pages} pages");
    // The front, the balance, the list and the ledger, and a page for each of eleven certificates; a long history takes two.
    assert!((14..=20).contains(&pages), "{pages} pages");
    page.call("Emulation.setEmulatedMedia", json!({ "media": "print" }));
    let breaks = "[...document.querySelectorAll('.cert + .cert')].every((one) => getComputedStyle(one).breakBefore === 'page')";
    assert_eq!(page.value(breaks), true);
    let closed = "[...document.querySelectorAll('.cert details > :not(summary)')].filter((one) => !one.checkVisibility()).length";
    assert_eq!(page.value(closed), 0, "steps and guards are on paper without anybody opening them");
    assert_eq!(page.value("getComputedStyle(document.querySelector('nav')).display"), "none");
}
