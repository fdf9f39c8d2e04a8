//! `ecm-service configure`: a file is made, tested and changed on the page, and nobody else gets in.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use fantoccini::key::Key;
use reqwest::header::{COOKIE, HOST, LOCATION, ORIGIN, SET_COOKIE};
use reqwest::{Client, Response, StatusCode};
use tempfile::TempDir;

use crate::browser::{Browser, Look};

const API_KEY: &str = "00000000fa6e0000fa6e0000fa6e0000fa6e0000fa6e0000fa6e0000fa6e0000fa6e0000fa6e0000fa6e0000fa6e0000fa6e0000fa6e0000fa6e0000fa6e0000";
const SITE_SECRET: &str = "Planted-S1te-Secret";

const MAPPING: &str = r#"[mapping]
version = 1
[[mapping.domain]]
id = "acme"
netbios = "ACME"
dns = ["acme.test"]
[[mapping.rule]]
name = "staff"
domain = "acme"
runas = '{netbios}\{user}'
"#;

/// A vault, a folder, and the shipped program with its page.
struct Desk {
    vault: ps_sim::Server,
    folder: TempDir,
    program: Child,
    link: String,
}

impl Desk {
    async fn open(config: Option<&str>) -> Self {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let vault = ps_sim::Server::start(ps_sim::Config::demo()).await.unwrap();
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("vault-ca.pem"), vault.ca_pem()).unwrap();
        if let Some(text) = config {
            fs::write(folder.path().join("config.toml"), text).unwrap();
        }
        let mut program = Command::new(env!("CARGO_BIN_EXE_ecm-service"))
            .args(["configure", "--config"])
            .arg(folder.path().join("config.toml"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut link = String::new();
        BufReader::new(program.stdout.take().unwrap()).read_line(&mut link).unwrap();
        Self { vault, folder, program, link: link.trim().to_owned() }
    }

    fn base(&self) -> String {
        self.link.split("/enter").next().unwrap().to_owned()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn config(&self) -> String {
        fs::read_to_string(self.path("config.toml")).unwrap()
    }

    /// A whole configuration for this vault, without its secrets' files.
    fn whole(&self) -> Vec<(&'static str, String)> {
        let text = |text: &str| text.to_owned();
        vec![
            ("state-dir", text("state")),
            ("site[0].name", text("support")),
            ("site[0].url", text("wss://support.example.com")),
            ("site[0].client-id", text("abc")),
            ("site[0].client-secret.new", text(SITE_SECRET)),
            ("vault[0].name", text("main")),
            ("vault[0].url", self.vault.url().to_string()),
            ("vault[0].api-key.new", text(API_KEY)),
            ("vault[0].ca-file", text("vault-ca.pem")),
            ("vault[0].system-roots", text("false")),
            ("mapping", text(MAPPING)),
        ]
    }

    /// No secret is in any file but in those for secrets.
    fn nothing_leaked(&self) {
        let mut folders = vec![self.folder.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap().flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.parent() != Some(&self.path("secrets")) && path.is_file() {
                    let content = fs::read(&path).unwrap();
                    let text = String::from_utf8_lossy(&content);
                    assert!(!text.contains(API_KEY) && !text.contains(SITE_SECRET), "{path:?}");
                }
            }
        }
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

/// What a browser does, without one.
struct Visitor {
    client: Client,
    base: String,
    cookie: String,
    token: String,
}

impl Visitor {
    async fn enter(desk: &Desk) -> Self {
        let client = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .pool_max_idle_per_host(0)
            .build()
            .unwrap();
        let entered = client.get(&desk.link).send().await.unwrap();
        assert_eq!(entered.status(), StatusCode::SEE_OTHER);
        let cookie = entered.headers()[SET_COOKIE].to_str().unwrap();
        let cookie = cookie.split(';').next().unwrap().to_owned();
        let mut visitor = Self { client, base: desk.base(), cookie, token: String::new() };
        let page = visitor.get("/").await.text().await.unwrap();
        let token = page.split("name=\"csrf\" value=\"").nth(1).unwrap();
        visitor.token = token.split('"').next().unwrap().to_owned();
        visitor
    }

    async fn get(&self, page: &str) -> Response {
        let request = self.client.get(format!("{}{page}", self.base));
        request.header(COOKIE, &self.cookie).send().await.unwrap()
    }

    async fn post(&self, page: &str, fields: &[(&str, &str)]) -> Response {
        let fields = [&[("csrf", self.token.as_str())], fields].concat();
        let request = self.client.post(format!("{}{page}", self.base));
        request.header(COOKIE, &self.cookie).form(&fields).send().await.unwrap()
    }

    /// Fills the form in and presses a button.
    async fn change(&self, fields: &[(&str, String)], action: &str) -> Response {
        let fields = fields.iter().map(|(name, text)| (*name, text.as_str()));
        let fields: Vec<_> = fields.chain([("action", action)]).collect();
        self.post("/settings", &fields).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_browser_with_the_link_gets_in_and_no_other_page_can_use_it() {
    let desk = Desk::open(None).await;
    let visitor = Visitor::enter(&desk).await;
    let get = |page: &str| visitor.client.get(format!("{}{page}", visitor.base));
    let status =
        |request: reqwest::RequestBuilder| async { request.send().await.unwrap().status() };
    // The link is used up, and without its cookie there is nothing.
    assert_eq!(status(visitor.client.get(&desk.link)).await, StatusCode::FORBIDDEN);
    for page in ["/", "/test", "/review", "/versions", "/status", "/test/cases", "/doctor"] {
        assert_eq!(status(get(page)).await, StatusCode::FORBIDDEN, "{page}");
        assert_eq!(visitor.get(page).await.status(), StatusCode::OK, "{page}");
    }
    let rebound = get("/").header(COOKIE, &visitor.cookie).header(HOST, "rebound.example");
    assert_eq!(status(rebound).await, StatusCode::MISDIRECTED_REQUEST);

    let post = || {
        let request = visitor.client.post(format!("{}/save", visitor.base));
        request.header(COOKIE, &visitor.cookie)
    };
    let token = [("csrf", visitor.token.as_str())];
    assert_eq!(status(post().form(&token)).await, StatusCode::OK);
    assert_eq!(status(post().form(&[("csrf", "guess")])).await, StatusCode::FORBIDDEN);
    assert_eq!(status(post().form::<[(&str, &str)]>(&[])).await, StatusCode::FORBIDDEN);
    let evil = post().header(ORIGIN, "http://evil.example").form(&token);
    assert_eq!(status(evil).await, StatusCode::FORBIDDEN);
    let huge = "x".repeat(2 * 1024 * 1024);
    let huge = post().form(&[("csrf", visitor.token.as_str()), ("mapping", huge.as_str())]);
    // The connection may be closed while the rest is still being sent.
    let answer = huge.send().await;
    assert!(answer.is_err() || answer.unwrap().status() == StatusCode::PAYLOAD_TOO_LARGE);

    let page = visitor.get("/").await;
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.starts_with("default-src 'none';") && !policy.contains("script"));
    assert_eq!(page.headers()["cache-control"], "no-store");
    let text = page.text().await.unwrap();
    assert!(!text.contains("<script") && !text.contains("https://cdn"));
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_are_tested_as_typed_then_saved_with_the_former_text_kept() {
    let desk = Desk::open(None).await;
    let visitor = Visitor::enter(&desk).await;
    let begun = visitor.change(&[("max-results", "5000".into())], "check").await;
    let page = begun.text().await.unwrap();
    assert!(page.contains(r##"<a href="#max-results">"##), "{page}");
    assert!(page.contains(r##"<a href="#site-0--url">"##), "{page}");
    assert!(page.contains(r##"aria-invalid="true""##));

    let whole = desk.whole();
    let fields = [&whole[..], &[("max-results", "100".into())]].concat();
    let page = visitor.change(&fields, "check").await.text().await.unwrap();
    assert!(page.contains("Everything is as it should be."), "{page}");
    assert!(!page.contains(API_KEY) && !page.contains(SITE_SECRET));
    assert!(!desk.path("config.toml").exists() && !desk.path("secrets").exists());

    // Nothing is saved yet, and the vault answers.
    let joe = [("item", "jump-client"), ("user", r"ACME\joe.user"), ("host", "app01")];
    let ask = |action| [&joe[..], &[("action", action)]].concat();
    let page = visitor.post("/test", &ask("search")).await.text().await.unwrap();
    assert!(page.contains(r"<td>App01\helpdesk-01</td>"), "{page}");
    let id = page.split(r#"name="credential" value=""#).nth(3).unwrap().split('"').next().unwrap();
    let retrieve =
        [&ask("retrieve")[..], &[("credential", id), ("name", r"App01\helpdesk-01")]].concat();
    let page = visitor.post("/test", &retrieve).await.text().await.unwrap();
    assert!(page.contains("Success in") && page.contains("was given back"), "{page}");
    let key = r"App01\helpdesk-01";
    let password = desk.vault.current_password(key).unwrap().expose().to_owned();
    assert!(!page.contains(&password));
    assert!(!desk.path("config.toml").exists());

    let review = visitor.get("/review").await.text().await.unwrap();
    assert!(review.contains("+client-id = &quot;abc&quot;"), "{review}");
    assert!(review.contains("secrets/vault-main.api-key") && !review.contains(API_KEY));
    let saved = visitor.post("/save", &[]).await.text().await.unwrap();
    assert!(saved.contains("Saved."), "{saved}");
    for name in ["vault-main.api-key", "site-support.client-secret"] {
        let file = desk.path("secrets").join(name);
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
    }
    let check = Command::new(env!("CARGO_BIN_EXE_ecm-service"))
        .args(["check-config", "--config"])
        .arg(desk.path("config.toml"))
        .output()
        .unwrap();
    assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stderr));

    // A comment of the administrator survives a change, and the former text can be taken up again.
    let first = desk.config().replace("[[vault]]", "# ask Ann before changing this\n[[vault]]");
    fs::write(desk.path("config.toml"), &first).unwrap();
    let refused = visitor.post("/save", &[]).await.text().await.unwrap();
    assert!(refused.contains("was changed by somebody else"), "{refused}");
    drop(visitor);
    let mut desk = desk;
    let text = desk.config();
    let program = Desk::open(Some(&text)).await;
    let _ = desk.program.kill();
    fs::create_dir(program.path("secrets")).unwrap();
    for name in ["vault-main.api-key", "site-support.client-secret"] {
        fs::copy(desk.path("secrets").join(name), program.path("secrets").join(name)).unwrap();
    }
    let desk = program;
    let visitor = Visitor::enter(&desk).await;
    visitor.change(&[("max-results", String::new())], "check").await;
    assert!(visitor.post("/save", &[]).await.text().await.unwrap().contains("Saved."));
    assert!(!desk.config().contains("max-results"));
    assert!(desk.config().contains("# ask Ann before changing this\n[[vault]]"));
    let versions = visitor.get("/versions").await.text().await.unwrap();
    let address = versions.split("href=\"").find(|part| part.starts_with("/versions/2"));
    let address = address.unwrap().split('"').next().unwrap();
    let page = visitor.get(address).await.text().await.unwrap();
    assert!(page.contains("+max-results = 100"), "{page}");
    let taken = visitor.post(address, &[]).await;
    assert_eq!(taken.headers()[LOCATION], "/review");
    assert!(visitor.post("/save", &[]).await.text().await.unwrap().contains("Saved."));
    assert_eq!(desk.config(), text);
    desk.nothing_leaked();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_tested_or_saved_is_told_in_words() {
    let desk = Desk::open(None).await;
    let visitor = Visitor::enter(&desk).await;
    let joe = [("user", r"ACME\joe.user"), ("host", "app01"), ("action", "search")];
    let page = visitor.post("/test", &joe).await.text().await.unwrap();
    assert!(page.contains("The test could not be made") && page.contains("vault[0].url"), "{page}");
    assert!(!page.contains("site[0]"), "{page}");
    let saved = visitor.post("/save", &[]).await.text().await.unwrap();
    assert!(saved.contains("nothing was saved"), "{saved}");

    let wrong_key = "1".repeat(128);
    let mut whole = desk.whole();
    for (name, text) in &mut whole {
        if *name == "vault[0].api-key.new" {
            text.clone_from(&wrong_key);
        }
    }
    visitor.change(&whole, "check").await;
    let page = visitor.post("/test", &joe).await.text().await.unwrap();
    assert!(page.contains("<code>vault_auth</code>"), "{page}");
    let web = [("item", "web"), ("user", "joe"), ("url", "web01"), ("action", "search")];
    let page = visitor.post("/test", &web).await.text().await.unwrap();
    assert!(page.contains(r#"id="url-told""#) && page.contains("this is no URL"), "{page}");
    let status = visitor.get("/status").await.text().await.unwrap();
    assert!(status.contains("no service"), "{status}");

    // A secret in the wrong input is neither kept nor shown again outside of its own input.
    let place = [("vault[0].api-key", "plainly-typed".to_owned())];
    let page = visitor.change(&place, "check").await.text().await.unwrap();
    assert!(page.contains("this is no place of a secret"), "{page}");
    assert_eq!(page.matches("plainly-typed").count(), 0, "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_can_be_done_by_keyboard_in_a_real_browser() {
    let look = Look { width: 1200, is_dark: false };
    let Some(browser) = Browser::start("the configurator by keyboard", look).await else { return };
    let desk = Desk::open(None).await;
    browser.go(&desk.link).await;
    assert_eq!(browser.title().await, "Settings – Keyferry ECM");
    browser.press(Key::Tab).await;
    browser.tab_to("here.className === 'skip'").await;
    browser.look("settings-new").await;
    for (name, text) in desk.whole() {
        let id: String =
            name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        if name == "mapping" {
            browser.tab_to("here.id === 'mapping'").await;
            browser.clear().await;
        } else if name == "state-dir" {
            browser.tab_to("here.id === 'state-dir'").await;
            browser.clear().await;
        }
        browser.type_into(&id, &text).await;
    }
    browser.choose("Check").await;
    assert!(browser.text().await.contains("as it should be."), "{}", browser.text().await);
    browser.look("settings").await;
    browser.choose("Test Settings").await;
    browser.type_into("user", r"ACME\joe.user").await;
    browser.type_into("host", "app01").await;
    browser.choose("Test").await;
    assert!(browser.text().await.contains(r"App01\helpdesk-01"), "{}", browser.text().await);
    browser.look("test-result").await;
    browser.choose(r"Retrieve App01\helpdesk-01").await;
    assert!(browser.text().await.contains("Success in"), "{}", browser.text().await);
    browser.look("retrieved").await;
    browser.choose("Settings").await;
    browser.choose("Review and save").await;
    browser.look("review").await;
    browser.choose("Save").await;
    assert!(browser.text().await.contains("Saved."));
    assert!(!browser.source().await.contains(API_KEY));
    assert!(Path::new(&desk.path("secrets/vault-main.api-key")).exists());
    browser.choose("Versions").await;
    browser.look("versions").await;
    browser.choose("Status").await;
    browser.look("status").await;
    browser.choose("Doctor").await;
    browser.choose("Examine").await;
    assert!(browser.text().await.contains("D15"), "{}", browser.text().await);
    browser.look("doctor").await;
    browser.close().await;
    desk.nothing_leaked();
}

#[tokio::test(flavor = "multi_thread")]
async fn it_can_be_read_on_a_phone_in_the_dark() {
    let look = Look { width: 500, is_dark: true };
    let Some(browser) = Browser::start("the configurator on a phone", look).await else { return };
    let desk = Desk::open(None).await;
    let whole = desk.whole();
    browser.go(&desk.link).await;
    browser.choose("Check").await;
    assert!(browser.text().await.contains("to correct"), "{}", browser.text().await);
    browser.look("problems").await;
    for (name, text) in whole.iter().filter(|(name, _)| name.starts_with("vault[0]")) {
        let id: String =
            name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        browser.type_into(&id, text).await;
    }
    browser.choose("Check").await;
    browser.choose("Test Settings").await;
    browser.type_into("user", "joe.user").await;
    browser.type_into("host", "app01").await;
    browser.choose("Test").await;
    assert!(browser.text().await.contains("Who the user is"), "{}", browser.text().await);
    browser.look("nobody").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn plugins_are_listed_checked_and_chosen() {
    if !crate::other_vaults::has_python("plugins in the configurator") {
        return;
    }
    let text = "[plugins]\nfolder = \"plugins\"\n\n[[site]]\n\n[[vault]]\n";
    let desk = Desk::open(Some(text)).await;
    crate::other_vaults::copy_of_python_vault(&desk.path("plugins"));
    fs::create_dir(desk.path("plugins/empty")).unwrap();
    let visitor = Visitor::enter(&desk).await;
    let page = visitor.get("/plugins").await.text().await.unwrap();
    for words in ["python-vault", "Version 1.0.0", "Cannot be loaded", "relative names count"] {
        assert!(page.contains(words), "{words}: {page}");
    }
    let check = [("plugin", "python-vault"), ("action", "check")];
    let page = visitor.post("/plugins", &check).await.text().await.unwrap();
    assert!(page.contains("With the settings of rehearsal: it serves"), "{page}");

    let choose = [("plugin", "python-vault"), ("action", "choose")];
    assert_eq!(visitor.post("/plugins", &choose).await.status(), StatusCode::SEE_OTHER);
    let mut settings = desk.whole();
    settings.push(("vault[1].settings", "{ fill = \"vault.json\" }".to_owned()));
    let page = visitor.change(&settings, "check").await.text().await.unwrap();
    assert!(page.contains("needs the setting `file`"), "{page}");
    settings.pop();
    settings.push(("vault[1].settings", "{ file = \"vault.json\" }".to_owned()));
    assert_eq!(visitor.change(&settings, "review").await.status(), StatusCode::SEE_OTHER);
    assert_eq!(visitor.post("/save", &[]).await.status(), StatusCode::OK);
    assert!(desk.config().contains("plugin = \"python-vault\""), "{}", desk.config());
    let page = visitor.post("/plugins", &check).await.text().await.unwrap();
    assert!(page.contains("With the settings of python-vault: it serves"), "{page}");
    let stranger = [("plugin", "../../etc"), ("action", "check")];
    assert_eq!(visitor.post("/plugins", &stranger).await.status(), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_examines_what_is_typed() {
    let desk = Desk::open(None).await;
    let visitor = Visitor::enter(&desk).await;
    let nothing = [("user", ""), ("host", "")];
    let page = visitor.post("/doctor", &nothing).await.text().await.unwrap();
    assert!(page.contains("settings are wrong"), "{page}");
    assert_eq!(visitor.change(&desk.whole(), "check").await.status(), StatusCode::OK);
    let question = [("user", r"ACME\joe.user"), ("host", "app01")];
    let page = visitor.post("/doctor", &question).await.text().await.unwrap();
    for words in ["D13", "D15", "D17", "does not work", "Advice:", r"ACME\joe.user"] {
        assert!(page.contains(words), "{words}: {page}");
    }
}
