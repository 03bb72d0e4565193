//! A page that is open in a browser of its own: what can be asked of it and done to it.

use std::{env, fs, path::Path, sync::Arc};

use serde_json::{Value, json};

use crate::{chromium::Chromium, fleet::Fleet};

/// A report in the browser.
pub struct Page {
    browser: Chromium,
    session: String,
    /// The folder and its ledger go away with the last page of it.
    _fleet: Option<Arc<Fleet>>,
}

impl Page {
    /// The report of the fleet, loaded.
    pub fn of_fleet(name: &str) -> Self {
        let fleet = Fleet::shared();
        let folder = fleet.reported(name);
        let mut page = Self::blank();
        page.open(&folder.join("report.html"));
        Self { _fleet: Some(fleet), ..page }
    }

    pub fn blank() -> Self {
        let mut browser = Chromium::start();
        let target = browser.call(None, "Target.createTarget", json!({ "url": "about:blank" }));
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let attached = browser.call(None, "Target.attachToTarget", attach);
        let session = attached["sessionId"].as_str().unwrap().to_owned();
        let mut page = Self { browser, session, _fleet: None };
        for domain in ["Page", "Runtime", "Log", "Network", "DOM", "Accessibility"] {
            page.call(&format!("{domain}.enable"), json!({}));
        }
        page.call("Emulation.setFocusEmulationEnabled", json!({ "enabled": true }));
        page.size(1280, 900, false);
        page
    }

    pub fn open(&mut self, file: &Path) {
        self.browser.events.clear();
        let url = format!("file://{}", file.display());
        self.call("Page.navigate", json!({ "url": url }));
        self.browser.wait_for("Page.loadEventFired");
    }

    pub fn call(&mut self, method: &str, parameters: Value) -> Value {
        let session = self.session.clone();
        self.browser.call(Some(&session), method, parameters)
    }

    /// The value of a JavaScript expression in the page.
    #[track_caller]
    pub fn value(&mut self, expression: &str) -> Value {
        let asked = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let mut answer = self.call("Runtime.evaluate", asked);
        assert!(answer.get("exceptionDetails").is_none(), "{expression}: {answer:#}");
        answer["result"]["value"].take()
    }

    /// Has the browser lay out what it puts off until somebody scrolls there.
    pub fn lay_out_all(&mut self) {
        self.value("document.querySelectorAll('.cert').forEach((one) => { one.style.contentVisibility = 'visible'; })");
    }

    /// What a reader sees.
    pub fn text(&mut self) -> String {
        self.lay_out_all();
        self.value("document.body.innerText").as_str().unwrap().to_owned()
    }

    /// Everything the browser told of one kind.
    pub fn told(&self, method: &str) -> Vec<Value> {
        self.browser.events.iter().filter(|event| event["method"] == method).cloned().collect()
    }

    pub fn size(&mut self, width: u32, height: u32, mobile: bool) {
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile });
        self.call("Emulation.setDeviceMetricsOverride", metrics);
    }

    pub fn dark(&mut self) {
        let features = json!([{ "name": "prefers-color-scheme", "value": "dark" }]);
        self.call("Emulation.setEmulatedMedia", json!({ "features": features }));
    }

    /// Presses and lets go of a key that writes nothing but what `text` says.
    pub fn press(&mut self, key: &str, code: u32, text: &str) {
        let mut event =
            json!({ "type": "rawKeyDown", "key": key, "code": key, "windowsVirtualKeyCode": code });
        if !text.is_empty() {
            event["type"] = "keyDown".into();
            event["text"] = text.into();
        }
        self.call("Input.dispatchKeyEvent", event.clone());
        event["type"] = "keyUp".into();
        self.call("Input.dispatchKeyEvent", event);
    }

    /// Presses Tab until this selector has the focus.
    #[track_caller]
    pub fn tab_to(&mut self, selector: &str) {
        for _ in 0..300 {
            self.press("Tab", 9, "");
            if self.value(&format!("document.activeElement.matches({selector:?})")) == true {
                return;
            }
        }
        panic!("{selector} cannot be reached by Tab");
    }

    /// A picture of the whole page, where somebody asked for pictures.
    pub fn picture(&mut self, name: &str) {
        let Some(folder) = env::var_os("METERFERRY_SCREENSHOTS") else { return };
        let shot = self.call("Page.captureScreenshot", json!({ "captureBeyondViewport": true }));
        keep(Path::new(&folder), name, shot["data"].as_str().unwrap());
    }

    /// The page on paper, as PDF.
    pub fn printed(&mut self) -> Vec<u8> {
        let options = json!({ "preferCSSPageSize": true, "printBackground": false });
        let printed = self.call("Page.printToPDF", options);
        let data = printed["data"].as_str().unwrap();
        if let Some(folder) = env::var_os("METERFERRY_SCREENSHOTS") {
            keep(Path::new(&folder), "print.pdf", data);
        }
        decoded(data)
    }
}

fn keep(folder: &Path, name: &str, base64: &str) {
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join(name), decoded(base64)).unwrap();
}

/// Base64 (RFC 4648), as the protocol sends bytes.
fn decoded(text: &str) -> Vec<u8> {
    let value = |letter: u8| match letter {
        b'A'..=b'Z' => letter - b'A',
        b'a'..=b'z' => letter - b'a' + 26,
        b'0'..=b'9' => letter - b'0' + 52,
        b'+' => 62,
        _ => 63,
    };
    let (mut bytes, mut held, mut bits) = (Vec::with_capacity(text.len() * 3 / 4), 0_u32, 0);
    for letter in text.bytes().filter(|letter| *letter != b'=') {
        held = held << 6 | u32::from(value(letter));
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits) as u8);
            held &= (1 << bits) - 1;
        }
    }
    bytes
}
