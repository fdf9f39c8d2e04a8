//! A real headless browser, driven as a person would: by keys and by what stands on the page.

#![expect(
    clippy::panic,
    clippy::print_stderr,
    reason = "a helper ends the test, or says why it is left out"
)]

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use fantoccini::key::Key;
use fantoccini::wd::Capabilities;
use fantoccini::{Client, ClientBuilder, Locator};
use serde_json::{Value, json};

/// Chromium and its driver, ended with everything they started when dropped.
pub(crate) struct Browser {
    driver: Child,
    client: Client,
    shots: PathBuf,
    name: String,
}

/// What a browser is like.
#[derive(Clone, Copy)]
pub(crate) struct Look {
    pub(crate) width: u32,
    pub(crate) is_dark: bool,
}

impl Browser {
    /// A browser; `None`, and a note, where this machine has none and need not have one.
    pub(crate) async fn start(test: &str, look: Look) -> Option<Self> {
        let mut driver = Command::new("chromedriver");
        driver.arg("--port=0").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        // The browser is in the driver's group, so that both are ended by one id.
        driver.process_group(0);
        let mut driver = match driver.spawn() {
            Ok(driver) => driver,
            Err(error) => {
                not_run(test, &format!("chromedriver cannot be started: {error}"));
                return None;
            }
        };
        let lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = lines.map_while(Result::ok).find_map(|line| {
            let port = line.split("successfully on port ").nth(1)?;
            port.trim_end_matches('.').parse::<u16>().ok()
        });
        let port = port.expect("the driver names its port");
        let mut arguments = vec![
            "--headless=new".to_owned(),
            "--no-sandbox".to_owned(),
            "--disable-gpu".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            format!("--window-size={},1000", look.width),
        ];
        if look.is_dark {
            arguments.push("--blink-settings=preferredColorScheme=0".to_owned());
        }
        let mut wanted = Capabilities::new();
        wanted.insert("goog:chromeOptions".to_owned(), json!({ "args": arguments }));
        let connector = hyper_util::client::legacy::connect::HttpConnector::new();
        let client = ClientBuilder::new(connector)
            .capabilities(wanted)
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .unwrap();
        let shots = Path::new(env!("CARGO_TARGET_TMPDIR")).join("screenshots");
        std::fs::create_dir_all(&shots).unwrap();
        let shade = if look.is_dark { "dark" } else { "light" };
        let name = format!("{}-{shade}", look.width);
        Some(Self { driver, client, shots, name })
    }

    pub(crate) async fn go(&self, address: &str) {
        self.client.goto(address).await.unwrap();
    }

    /// Everything that stands on the page.
    pub(crate) async fn text(&self) -> String {
        self.client.find(Locator::Css("body")).await.unwrap().text().await.unwrap()
    }

    pub(crate) async fn source(&self) -> String {
        self.client.source().await.unwrap()
    }

    pub(crate) async fn title(&self) -> String {
        self.client.title().await.unwrap()
    }

    /// Presses a key where the focus is.
    pub(crate) async fn press(&self, key: Key) {
        let focus = self.client.active_element().await.unwrap();
        focus.send_keys(&String::from(char::from(key))).await.unwrap();
    }

    /// Presses Tab until the focus is on what `is` describes, a test of `document.activeElement`.
    pub(crate) async fn tab_to(&self, is: &str) {
        for _ in 0..250 {
            let script = format!("const here = document.activeElement; return Boolean({is});");
            if self.client.execute(&script, Vec::new()).await.unwrap() == Value::Bool(true) {
                return;
            }
            self.press(Key::Tab).await;
        }
        panic!("Tab never reaches {is}; the page says:\n{}", self.text().await);
    }

    /// Empties the input that has the focus, by keys.
    pub(crate) async fn clear(&self) {
        let focus = self.client.active_element().await.unwrap();
        let all = format!(
            "{}a{}{}",
            char::from(Key::Control),
            char::from(Key::Control),
            char::from(Key::Delete)
        );
        focus.send_keys(&all).await.unwrap();
    }

    /// Goes by Tab to the input of this id and types.
    pub(crate) async fn type_into(&self, id: &str, text: &str) {
        self.tab_to(&format!("here.id === {id:?}")).await;
        let focus = self.client.active_element().await.unwrap();
        focus.send_keys(text).await.unwrap();
    }

    /// Goes by Tab to the button or link with these words and presses Enter.
    pub(crate) async fn choose(&self, words: &str) {
        self.tab_to(&format!(
            "(here.tagName === 'BUTTON' || here.tagName === 'A') && \
             (here.ariaLabel || here.textContent).trim() === {words:?}"
        ))
        .await;
        let before = self.client.find(Locator::Css("html")).await.unwrap();
        self.press(Key::Enter).await;
        // The old page is gone when its element is.
        for _ in 0..600 {
            if before.tag_name().await.is_err() && self.is_loaded().await {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("nothing happened after {words:?}");
    }

    async fn is_loaded(&self) -> bool {
        let script = "return document.readyState === 'complete' && document.title !== '';";
        self.client.execute(script, Vec::new()).await.is_ok_and(|told| told == Value::Bool(true))
    }

    /// Takes a picture, and holds the page against the rules of accessibility.
    pub(crate) async fn look(&self, page: &str) {
        let picture = self.client.screenshot().await.unwrap();
        std::fs::write(self.shots.join(format!("{page}-{}.png", self.name)), picture).unwrap();
        let axe = include_str!("../../../../fixtures/axe/axe.min.js");
        self.client.execute(axe, Vec::new()).await.unwrap();
        let script = "const done = arguments[arguments.length - 1]; \
            axe.run().then(found => done(found.violations.map(one => \
            [one.id, one.help, one.nodes.map(node => node.html)])));";
        let found = self.client.execute_async(script, Vec::new()).await.unwrap();
        assert_eq!(found, json!([]), "{page} in {}", self.name);
        let script = "return document.documentElement.scrollWidth <= window.innerWidth;";
        let fits = self.client.execute(script, Vec::new()).await.unwrap();
        assert_eq!(fits, Value::Bool(true), "{page} is wider than the window in {}", self.name);
    }

    pub(crate) async fn close(self) {
        self.client.clone().close().await.unwrap();
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let group = format!("-{}", self.driver.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
        let _ = self.driver.wait();
    }
}

fn not_run(test: &str, why: &str) {
    let is_set = |name: &&str| std::env::var_os(name).is_some();
    let must = ["CI", "KEYFERRY_REQUIRE_ALL"].iter().any(is_set);
    assert!(!must, "{test} could not run: {why}");
    let line = format!("{test}: {why}");
    eprintln!("not run: {line}");
    if let Some(list) = std::env::var_os("KEYFERRY_NOT_RUN") {
        let mut list = std::fs::OpenOptions::new().create(true).append(true).open(list).unwrap();
        writeln!(list, "{line}").unwrap();
    }
}
