//! The page that compares this client with the vendor's, made of the catalogue and of a table of
//! facts about the others; and that it is up to date.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use ps_client::endpoint::{Call, Certainty, calls};

const PAGE: &str = "docs/reference/password-safe-coverage.md";
const OTHERS: &str = "fixtures/data/ps-client/other-clients.tsv";

/// One call, and who makes it.
#[derive(Default)]
struct Row {
    name: String,
    ours: Vec<&'static Call>,
    python: String,
    go: String,
    dotnet: String,
    why_not: String,
}

fn root() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Calls are the same when only the names in braces and the case of letters differ.
fn key(call: &str) -> String {
    let mut key = String::new();
    let mut in_braces = false;
    for c in call.chars() {
        in_braces = (in_braces || c == '{') && c != '}';
        if !in_braces {
            key.extend(c.to_lowercase());
        }
    }
    key
}

/// `GET Secrets-Safe/Folders/{folder}` belongs to `Secrets-Safe`.
fn family(call: &str) -> &str {
    call.split([' ', '/']).nth(1).unwrap_or(call)
}

#[expect(clippy::disallowed_methods, reason = "a test reads its table")]
fn rows() -> Vec<Row> {
    let table = std::fs::read_to_string(root().join(OTHERS)).unwrap();
    let mut rows: Vec<Row> = Vec::new();
    let mut index = BTreeMap::new();
    for line in table.lines().filter(|line| !line.starts_with('#')) {
        let mut cells = line.split('\t').map(str::to_owned);
        let mut next = || cells.next().expect(line);
        let (name, python, go, dotnet, why_not) = (next(), next(), next(), next(), next());
        let known = index.insert(key(&name), rows.len());
        assert!(known.is_none(), "{name} is there twice");
        rows.push(Row { name, python, go, dotnet, why_not, ..Row::default() });
    }
    for call in calls() {
        let row = index.get(&key(call.name));
        let row = row.unwrap_or_else(|| panic!("{OTHERS} has no line for {}", call.name));
        rows[*row].ours.push(call);
    }
    rows
}

fn certainty(row: &Row) -> &'static str {
    match row.ours.first().map(|call| call.certainty) {
        Some(Certainty::Confirmed) => "confirmed",
        Some(Certainty::Seen) => "seen",
        Some(Certainty::Recalled) => "recalled",
        Some(Certainty::Inferred) => "inferred",
        None => "",
    }
}

fn page(rows: &[Row]) -> String {
    let count = |made: fn(&Row) -> bool| rows.iter().filter(|row| made(row)).count();
    let mut page = format!(
        "# The Password Safe API, call by call\n\n\
         Which of the public calls this client makes, and which the vendor's own clients make. \
         This page is made by a test of `crates/ps-client` from the client's catalogue \
         (`ps_client::endpoint::calls`) and from `{OTHERS}`; `cargo xtask coverage` writes it \
         anew.\n\n\
         | client | calls of {} |\n| --- | --- |\n\
         | `ps-client` | {} |\n| Python, beyondtrust-bips-library 2.32.1 | {} |\n\
         | Go, go-client-library-passwordsafe 1.3.2 | {} |\n\
         | .NET, the vendor's API v3 client for 6.4.4 and later, as its sources stand in \
         UiPath/Orchestrator-CredentialStorePlugins at 733cc21 | {} |\n\n\
         *Certainty*: confirmed by the vendor's documentation; seen in clients that rely on it; \
         recalled from practice; inferred.\n",
        rows.len(),
        count(|row| !row.ours.is_empty()),
        count(|row| !row.python.is_empty()),
        count(|row| !row.go.is_empty()),
        count(|row| !row.dotnet.is_empty()),
    );
    let families: BTreeSet<_> = rows.iter().map(|row| family(&row.name)).collect();
    for family in families {
        write!(
            page,
            "\n## {family}\n\n| call | certainty | `ps_client::endpoint::` | permission | Python | \
             Go | .NET |\n| --- | --- | --- | --- | --- | --- | --- |\n"
        )
        .unwrap();
        for row in rows.iter().filter(|row| self::family(&row.name) == family) {
            let short = |call: &&Call| {
                format!("`{}`", call.rust.trim_start_matches("ps_client::endpoint::"))
            };
            let ours: Vec<_> = row.ours.iter().map(short).collect();
            let ours = if ours.is_empty() { row.why_not.clone() } else { ours.join(", ") };
            let permission = row.ours.first().map_or("", |call| call.permission);
            writeln!(
                page,
                "| `{}` | {} | {ours} | {permission} | {} | {} | {} |",
                row.name,
                certainty(row),
                row.python,
                row.go,
                row.dotnet
            )
            .unwrap();
        }
    }
    page
}

#[test]
fn every_call_that_others_make_is_made_here_or_says_why_not() {
    for row in rows() {
        assert_ne!(row.ours.is_empty(), row.why_not.is_empty(), "{}", row.name);
    }
}

#[test]
fn every_line_is_a_call_that_somebody_makes() {
    for row in rows() {
        let others = [&row.python, &row.go, &row.dotnet];
        let made = !row.ours.is_empty() || others.iter().any(|client| !client.is_empty());
        assert!(made, "nobody makes {}", row.name);
    }
}

/// A group of calls in place of a method would claim calls that nobody makes.
#[test]
fn the_net_column_names_methods_and_never_a_whole_group() {
    for row in rows() {
        for function in row.dotnet.split(", ").filter(|function| !function.is_empty()) {
            let method = function.split_once('.').map(|(_, method)| method);
            assert!(method.is_some_and(|method| !method.is_empty()), "{}: {function}", row.name);
        }
    }
    let made_by_net =
        |call: &str| rows().iter().any(|row| key(&row.name) == key(call) && !row.dotnet.is_empty());
    assert!(made_by_net("PUT ManagedAccounts/{account}/Credentials"));
    assert!(!made_by_net("PUT Requests/{request}/RotateOnCheckin"));
}

/// It had been read from an early list of names, without a single deletion.
#[test]
fn the_go_column_knows_deletions_and_lists() {
    let made_by_go =
        |call: &str| rows().iter().any(|row| key(&row.name) == key(call) && !row.go.is_empty());
    assert!(made_by_go("DELETE Secrets-Safe/Safes/{safe}"));
    assert!(made_by_go("GET Platforms"));
    assert!(!made_by_go("PUT Secrets-Safe/Secrets/{secret}"));
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test reads, and on request writes, its page")]
fn the_coverage_page_is_up_to_date() {
    let made = page(&rows());
    let path = root().join(PAGE);
    if std::env::var_os("KEYFERRY_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &made).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(made == written, "{PAGE} is out of date: `cargo xtask coverage` writes it anew");
}
