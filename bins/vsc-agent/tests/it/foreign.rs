//! Cards that others wrote: what we believe about cards is not only what our own card does.

use pcsc_rig::tool::Finished;
use pcsc_rig::{ForeignCard, ForeignKind, RigError};

use crate::guard::YesMan;
use crate::house::{House, Plan, Side};
use crate::programs::{LIMIT, not_run};

/// A house in whose desk reader a foreign card takes the place of ours.
pub(crate) struct Visit {
    // In this order: the card is pulled before its world ends.
    _card: ForeignCard,
    pub(crate) house: House,
}

impl Visit {
    fn of(test: &str, kind: ForeignKind, packages: &[&'static str]) -> Option<Self> {
        let plan = Plan { packages: packages.to_vec(), ..Plan::default() };
        Self::with(test, kind, plan)
    }

    pub(crate) fn with(test: &str, kind: ForeignKind, plan: Plan) -> Option<Self> {
        let house = House::open(test, plan)?;
        house.card.pull();
        assert!(house.desk.wait_for_no_card(0, LIMIT).unwrap(), "{}", house.desk.log());
        let card = match ForeignCard::insert(kind, house.desk.slot(0).unwrap().address) {
            Ok(card) => card,
            Err(error @ RigError::Missing { .. }) => {
                not_run(test, &error.to_string());
                return None;
            }
            Err(error) => panic!("{error}"),
        };
        assert!(house.desk.wait_for_card(0, LIMIT).unwrap(), "{}", house.desk.log());
        Some(Self { _card: card, house })
    }

    pub(crate) fn share(&self) {
        self.house.pair();
        self.house.share();
    }

    pub(crate) fn succeeds(&self, side: Side, program: &str, arguments: &[&str]) -> String {
        let finished = self.house.tool(side, program, arguments);
        assert!(finished.succeeded(), "{arguments:?}: {finished:?}\n{}", self.house.logs());
        said(&finished)
    }
}

/// What it printed, without the readers' own names.
fn said(finished: &Finished) -> String {
    let text = finished.stdout_text() + &finished.stderr_text();
    text.replace("YubiKey desk", "YubiKey").replace("YubiKey remote", "YubiKey")
}

#[test]
fn gnupg_shows_a_relayed_openpgp_card_as_if_it_were_inserted() {
    let test = "gnupg_shows_a_relayed_openpgp_card_as_if_it_were_inserted";
    let packages = ["gnupg", "scdaemon"];
    let Some(visit) = Visit::of(test, ForeignKind::OpenPgp, &packages) else { return };
    let status = |side: Side| {
        let world = if side == Side::Rep { &visit.house.desk } else { &visit.house.customer };
        // A card's daemon stays in the background and would keep the card; it ends with the shell.
        let script = "mkdir -m 700 -p gnupg && export GNUPGHOME=$PWD/gnupg && \
                      printf 'disable-ccid\\npcsc-shared\\n' > gnupg/scdaemon.conf && \
                      gpg --batch --card-status; code=$?; gpgconf --kill all; exit $code";
        assert!(world.folder().exists());
        let finished = visit.house.tool(side, "sh", &["-c", script]);
        assert!(finished.succeeded(), "{finished:?}\n{}", visit.house.logs());
        // GnuPG also tells of files it made, in a folder of each desk's own.
        finished
            .stdout_text()
            .replace("YubiKey desk", "YubiKey")
            .replace("YubiKey remote", "YubiKey")
    };
    let direct = status(Side::Rep);
    assert!(direct.contains("D2760001240103040000000000070000"), "{direct}");
    visit.share();
    assert_eq!(status(Side::Customer), direct);
}

#[test]
fn a_foreign_piv_card_is_personalised_and_signs_through_the_relay() {
    let test = "a_foreign_piv_card_is_personalised_and_signs_through_the_relay";
    let packages = ["opensc", "opensc-pkcs11", "yubico-piv-tool"];
    let Some(visit) = Visit::of(test, ForeignKind::Piv, &packages) else { return };
    visit.house.pair();
    visit.house.share_by(&["share", "00 00", "--profile", "admin"]);
    // Each command that changes the card waits for a person, who says yes to all of them.
    let person = YesMan::at(&visit.house);
    let customer =
        |program: &str, arguments: &[&str]| visit.succeeds(Side::Customer, program, arguments);
    let piv = |arguments: &[&str]| {
        customer("yubico-piv-tool", &[&["--reader", "Yubico"], arguments].concat())
    };
    // The key is made on the card, at the other desk; the certificate travels to it in a chain.
    piv(&["-a", "generate", "-s", "9a", "-A", "RSA2048", "-o", "public.pem"]);
    let certificate = "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ca.key && \
        openssl x509 -new -subj '/CN=A foreigner' -days 30 -force_pubkey public.pem -key ca.key \
        -out certificate.pem && echo to be signed > text";
    customer("sh", &["-c", certificate]);
    piv(&["-a", "import-certificate", "-s", "9a", "-i", "certificate.pem"]);
    customer(
        "pkcs11-tool",
        &[
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
        ],
    );
    let verify = "openssl dgst -sha256 -verify public.pem -signature signature text";
    assert!(customer("sh", &["-c", verify]).contains("Verified OK"));

    assert!(person.leave() > 3, "a key, a certificate, and administration before them");
    let dump = |side| visit.succeeds(side, "pkcs15-tool", &["--dump"]);
    let relayed = dump(Side::Customer);
    let unshared = visit.house.ask(Side::Rep, &["unshare", "--all"]);
    assert!(unshared.succeeded(), "{unshared:?}");
    assert!(visit.house.desk.wait_for_card(0, LIMIT).unwrap());
    assert_eq!(dump(Side::Rep), relayed);
}
