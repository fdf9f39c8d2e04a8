//! A shared card is used as its profile says and not otherwise, and a person decides the rest.

use std::fs::File;
use std::process::{Child, Stdio};
use std::thread;

use pcsc_rig::ForeignKind;
use pcsc_rig::tool::Finished;
use serde_json::Value;

use crate::foreign::Visit;
use crate::house::{House, Plan, Side};
use crate::programs::until;

const TOOLS: [&str; 3] = ["opensc", "opensc-pkcs11", "yubico-piv-tool"];

const SIGN: [&str; 12] = [
    "--login",
    "--pin",
    "123456",
    "--sign",
    "--id",
    "01",
    "--mechanism",
    "SHA256-RSA-PKCS",
    "--input-file",
    "text",
    "--output-file",
    "signature",
];

/// `vsc-agent answer` at a terminal whose person says yes to everything.
pub(crate) struct YesMan {
    child: Child,
    asked: std::path::PathBuf,
}

impl YesMan {
    pub(crate) fn at(house: &House) -> Self {
        let folder = house.folder.path();
        std::fs::write(folder.join("yes"), "y\n".repeat(1000)).unwrap();
        let asked = folder.join("asked");
        let mut command = house.command(Side::Rep, &["answer"]);
        command.stdin(File::open(folder.join("yes")).unwrap()).stdout(Stdio::null());
        command.stderr(File::create(&asked).unwrap());
        Self { child: command.spawn().unwrap(), asked }
    }

    /// Goes; answers with how often there was a question.
    pub(crate) fn leave(mut self) -> usize {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        std::fs::read_to_string(&self.asked).unwrap().matches("[y/N]").count()
    }
}

impl Drop for YesMan {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How the only share of the representative's desk is guarded.
pub(crate) fn guard_status(house: &House) -> Value {
    house.status(Side::Rep)["sessions"][0]["shares"][0]["guard"].clone()
}

/// What of the decisions was refused.
fn refused(house: &House) -> Vec<String> {
    let guard = guard_status(house);
    let decisions = guard["decisions"].as_array().cloned().unwrap_or_default();
    let refused = decisions.iter().filter(|one| one["passed"] == false);
    refused.map(|one| format!("{}: {}", one["wants"], one["remark"]).replace('"', "")).collect()
}

fn piv(visit: &Visit, side: Side, arguments: &[&str]) -> Finished {
    visit.house.tool(side, "yubico-piv-tool", &[&["--reader", "Yubico"], arguments].concat())
}

/// A key and a certificate, made at the card's own desk.
pub(crate) fn personalise(visit: &Visit) {
    let made = ["-a", "generate", "-s", "9a", "-A", "RSA2048", "-o", "public.pem"];
    let made = piv(visit, Side::Rep, &made);
    assert!(made.succeeded(), "{made:?}");
    let certificate = "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ca.key && \
         openssl x509 -new -subj '/CN=A foreigner' -days 30 -force_pubkey public.pem -key ca.key \
         -out certificate.pem";
    visit.succeeds(Side::Rep, "sh", &["-c", certificate]);
    let imported =
        piv(visit, Side::Rep, &["-a", "import-certificate", "-s", "9a", "-i", "certificate.pem"]);
    assert!(imported.succeeded(), "{imported:?}");
    for file in ["public.pem", "certificate.pem"] {
        let [from, to] = [&visit.house.desk, &visit.house.customer].map(|w| w.folder().join(file));
        std::fs::copy(from, to).unwrap();
    }
    std::fs::write(visit.house.customer.folder().join("text"), "to be signed\n").unwrap();
}

/// Signs at the customer's desk, and lets OpenSSL look.
pub(crate) fn signs(visit: &Visit, pin: &str) -> bool {
    let arguments: Vec<_> = SIGN.iter().map(|a| if *a == "123456" { pin } else { a }).collect();
    let signed = visit.house.tool(Side::Customer, "pkcs11-tool", &arguments);
    if !signed.succeeded() {
        return false;
    }
    let verify = "openssl dgst -sha256 -verify public.pem -signature signature text";
    visit.succeeds(Side::Customer, "sh", &["-c", verify]).contains("Verified OK")
}

#[test]
fn a_foreign_card_signs_and_cannot_be_changed_from_afar() {
    let test = "a_foreign_card_signs_and_cannot_be_changed_from_afar";
    let plan = Plan { packages: TOOLS.to_vec(), ..Plan::default() };
    let Some(visit) = Visit::with(test, ForeignKind::Piv, plan) else { return };
    personalise(&visit);
    visit.share();
    assert!(signs(&visit, "123456"), "{}", visit.house.logs());
    assert_eq!(guard_status(&visit.house)["profile"], "use");
    let passed = guard_status(&visit.house)["decisions"].to_string();
    assert!(passed.contains("authenticate with key 9A (authentication)"), "{passed}");
    for (arguments, wants) in [
        (&["-a", "generate", "-s", "9c", "-A", "RSA2048"][..], "administer the card with key 9B"),
        (
            &["-a", "import-certificate", "-s", "9a", "-i", "certificate.pem"],
            "administer the card with key 9B",
        ),
        (&["-a", "change-pin", "-P", "123456", "-N", "654321"], "change or unblock a PIN"),
        (&["-a", "unblock-pin", "-P", "12345678", "-N", "654321"], "change or unblock a PIN"),
    ] {
        let before = guard_status(&visit.house)["refused"].as_u64().unwrap();
        let tried = piv(&visit, Side::Customer, arguments);
        assert!(!tried.succeeded(), "{arguments:?}: {tried:?}");
        let refused = refused(&visit.house);
        assert!(refused.last().unwrap().contains(wants), "{arguments:?}: {refused:?}");
        assert!(guard_status(&visit.house)["refused"].as_u64().unwrap() > before);
    }
    // PUT DATA without any authentication before it, as pkcs15-init and others send it.
    let put = visit.house.tool(
        Side::Customer,
        "opensc-tool",
        &["-s", "00:A4:04:00:05:A0:00:00:03:08", "-s", "00:DB:3F:FF:09:5C:03:5F:C1:02:53:02:30:00"],
    );
    assert!(put.stdout_text().contains("SW1=0x69, SW2=0x82"), "{put:?}");
    assert!(refused(&visit.house).last().unwrap().starts_with("write data: 6982"));
    // The card is as it was: it signs, by the same PIN.
    assert!(signs(&visit, "123456"), "{}", visit.house.logs());
    // The same is for people.
    let page = visit.house.ask(Side::Rep, &["status"]).stdout_text();
    assert!(page.contains("profile use") && page.contains("refused: write data (PIV)"), "{page}");
}

#[test]
fn wrong_pins_from_afar_do_not_block_a_card() {
    let test = "wrong_pins_from_afar_do_not_block_a_card";
    let plan = Plan { packages: TOOLS.to_vec(), ..Plan::default() };
    let Some(visit) = Visit::with(test, ForeignKind::Piv, plan) else { return };
    visit.share();
    let verify = |side, pin| piv(&visit, side, &["-a", "verify-pin", "-P", pin]);
    for _ in 0..12 {
        assert!(!verify(Side::Customer, "999999").succeeded());
    }
    // Not even the right one: nobody can tell it before it is tried.
    assert!(!verify(Side::Customer, "123456").succeeded());
    let refused = refused(&visit.house);
    assert!(refused.iter().all(|one| one.contains("1 tries left")), "{refused:?}");
    assert!(visit.house.ask(Side::Rep, &["unshare", "--all"]).succeeded());
    until("the desk has its card back", || verify(Side::Rep, "123456").succeeded());
}

#[test]
fn a_person_says_yes_to_one_use_of_a_key_and_no_to_another() {
    let test = "a_person_says_yes_to_one_use_of_a_key_and_no_to_another";
    let policy = "profile = 'careful'\n[profiles.careful]\nauthenticate = 'ask'\n";
    let plan = Plan { packages: TOOLS.to_vec(), policy: Some(policy), ..Plan::default() };
    let Some(house) = House::with_shared_card(test, plan) else { return };
    std::fs::write(house.customer.folder().join("text"), "to be signed\n").unwrap();
    let signs = |say: &str| {
        thread::scope(|scope| {
            let run = scope.spawn(|| house.tool(Side::Customer, "pkcs11-tool", &SIGN));
            until("a question", || guard_status(&house)["question"].is_object());
            let question = guard_status(&house)["question"].clone();
            assert_eq!(question["wants"], "authenticate with key 9A (authentication)");
            assert!(!run.is_finished());
            let number = question["number"].to_string();
            // By its number, and as the only one that waits.
            let arguments =
                if say == "yes" { vec!["answer", say] } else { vec!["answer", say, &number] };
            let answered = house.ask(Side::Rep, &arguments);
            assert!(answered.succeeded(), "{answered:?}");
            let again = house.ask(Side::Rep, &["answer", "yes", &number]);
            assert_eq!(again.status.and_then(|status| status.code()), Some(66), "{again:?}");
            run.join().unwrap()
        })
    };
    let signed = signs("yes");
    assert!(signed.succeeded(), "{signed:?}\n{}", house.logs());
    let signed = signs("no");
    assert!(!signed.succeeded(), "{signed:?}");
    let decisions = guard_status(&house)["decisions"].to_string();
    assert!(decisions.contains("with consent"), "{decisions}");
    assert!(decisions.contains("6985, denied at the desk with the card"), "{decisions}");
    // The other desk was told why it had to wait.
    assert!(house.customer_agent.log().contains("the person at the desk with the card is asked"));
    assert!(!house.ask(Side::Rep, &["answer", "yes"]).succeeded(), "nothing waits");
}

#[test]
fn who_gives_up_takes_the_question_with_them() {
    let test = "who_gives_up_takes_the_question_with_them";
    let policy = "profile = 'careful'\n[profiles.careful]\nverify = 'ask'\n";
    let plan = Plan { packages: TOOLS.to_vec(), policy: Some(policy), ..Plan::default() };
    let Some(house) = House::with_shared_card(test, plan) else { return };
    thread::scope(|scope| {
        scope.spawn(|| house.tool(Side::Customer, "pkcs11-tool", &SIGN));
        until("a question", || guard_status(&house)["question"].is_object());
        house.card.pull();
        until("no question", || !guard_status(&house)["question"].is_object());
        house.card.put_back();
    });
    house.wait_for_card();
}

#[test]
fn what_cannot_be_is_told_and_nothing_is_shared() {
    let test = "what_cannot_be_is_told_and_nothing_is_shared";
    let Some(house) = House::open(test, Plan::default()) else { return };
    house.pair();
    let refused = house.ask(Side::Rep, &["share", "00 00", "--profile", "carefull"]);
    assert_eq!(refused.status.and_then(|status| status.code()), Some(66), "{refused:?}");
    assert!(refused.stderr_text().contains("admin, read-only, use"), "{refused:?}");
    let mut typed = house.begin_typing(&["share", "00 00", "--own-pin"], "12\n");
    let refused = typed.wait().unwrap();
    assert_eq!(refused.code(), Some(64));
    assert_eq!(house.status(Side::Rep)["readers"][0]["sharing"], "none");
}
