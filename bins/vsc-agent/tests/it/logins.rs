//! Logging in with the card that is lent: programs of the customer's desk, servers that know nothing.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use pcsc_rig::tool::run;

use crate::house::{House, Plan, Side};
use crate::programs::LIMIT;
use crate::ssh_server::Server;

/// The PIN of the simulated card.
const PIN: &str = "123456";

/// A program that is stopped by its id.
struct Running(std::process::Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// OpenSC's PKCS#11 module, wherever the system's libraries are.
fn module() -> PathBuf {
    let folders = std::fs::read_dir("/usr/lib").unwrap().flatten();
    let mut modules = folders.map(|folder| folder.path().join("opensc-pkcs11.so"));
    modules.find(|path| path.exists()).unwrap()
}

#[test]
fn ssh_lets_in_whoever_has_the_card_and_its_pin() {
    let test = "SSH with a lent card";
    let plan = Plan { packages: vec!["opensc", "opensc-pkcs11"], ..Plan::default() };
    let Some(server) = Server::start(test) else { return };
    let Some(house) = House::with_shared_card(test, plan) else { return };
    let module = module().display().to_string();

    // The card's public keys, as ssh itself lists them, are let in; the key in a file is not.
    let listed = house.tool(Side::Customer, "ssh-keygen", &["-D", &module]);
    assert!(listed.succeeded(), "{listed:?}");
    let keys = listed.stdout_text();
    assert!(keys.contains("ssh-rsa") || keys.contains("ecdsa-sha2"), "{keys}");
    std::fs::write(server.at("authorized"), &keys).unwrap();
    let config = std::fs::read_to_string(server.at("ssh_config")).unwrap();
    let kept = |line: &&str| !line.starts_with("Identit");
    let without_files: Vec<&str> = config.lines().filter(kept).collect();
    std::fs::write(server.at("card_config"), without_files.join("\n")).unwrap();

    // The agent takes the card's keys for as long as it lives, that is for one login.
    let config = server.at("card_config").display().to_string();
    let script = format!("ssh-add -q -s {module} && ssh -n -F {config} there 'echo let in'");
    let try_with = |pin: &str| {
        let ask = server.at("askpass");
        std::fs::write(&ask, format!("#!/bin/sh\necho {pin}\n")).unwrap();
        std::fs::set_permissions(&ask, std::fs::Permissions::from_mode(0o700)).unwrap();
        let mut agent = house.customer.command("ssh-agent");
        agent
            .args(["sh", "-c", &script])
            .env("SSH_ASKPASS", &ask)
            .env("SSH_ASKPASS_REQUIRE", "force")
            .current_dir(house.customer.folder());
        run(&mut agent, LIMIT).unwrap()
    };
    let refused = try_with("000000");
    assert!(!refused.succeeded() && !refused.stdout_text().contains("let in"), "{refused:?}");
    let welcome = try_with(PIN);
    assert!(welcome.succeeded(), "{welcome:?}\n{}", server.log());
    assert!(welcome.stdout_text().ends_with("let in\n"), "{welcome:?}");

    // Without the card there is no way in any more.
    assert!(house.ask(Side::Rep, &["unshare", "--all"]).succeeded());
    house.wait_for_no_card();
    let gone = try_with(PIN);
    assert!(!gone.succeeded(), "{gone:?}");
}

#[test]
fn a_tls_server_that_demands_the_cards_certificate_gets_its_signature() {
    let test = "TLS with a lent card";
    let packages = vec!["opensc", "opensc-pkcs11", "openssl", "libengine-pkcs11-openssl"];
    let Some(house) = House::with_shared_card(test, Plan { packages, ..Plan::default() }) else {
        return;
    };
    let folder = house.customer.folder().to_owned();
    let at = |name: &str| folder.join(name).display().to_string();
    let read = ["--read-object", "--type", "cert", "--id", "01", "-o", &at("card.der")];
    assert!(house.tool(Side::Customer, "pkcs11-tool", &read).succeeded());
    let made = house.tool(
        Side::Customer,
        "sh",
        &[
            "-c",
            "openssl x509 -inform DER -in card.der -out card.pem && \
             openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
             -subj /CN=localhost -keyout server.key -out server.pem",
        ],
    );
    assert!(made.succeeded(), "{made:?}");

    // It lets in whoever proves to have the key of this certificate, and nobody else.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let log = std::fs::File::create(folder.join("server.log")).unwrap();
    let server = std::process::Command::new("openssl")
        .args(["s_server", "-accept", &format!("127.0.0.1:{port}"), "-www"])
        .args(["-cert", "server.pem", "-key", "server.key", "-CAfile", "card.pem"])
        .args(["-Verify", "1", "-verify_return_error", "-partial_chain"])
        .current_dir(&folder)
        .stdin(std::process::Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .unwrap();
    let _server = Running(server);
    crate::programs::until("the server listens", || {
        std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()
    });
    let module = module().display().to_string();
    let ask = |with_card: bool| {
        let key = format!(
            "-engine pkcs11 -keyform engine -cert card.pem -key 'pkcs11:id=%01;type=private;pin-value={PIN}'"
        );
        let key = if with_card { key.as_str() } else { "" };
        let script = format!(
            "printf 'GET / HTTP/1.0\\r\\n\\r\\n' | openssl s_client -ign_eof -connect 127.0.0.1:{port} {key}"
        );
        let mut client = house.customer.command("sh");
        client.args(["-c", &script]).env("PKCS11_MODULE_PATH", &module).current_dir(&folder);
        run(&mut client, LIMIT).unwrap()
    };
    let said = std::fs::read_to_string(folder.join("server.log")).unwrap();
    let stranger = ask(false);
    assert!(!stranger.stdout_text().contains("HTTP/1.0 200"), "{stranger:?}");
    let welcome = ask(true);
    assert!(welcome.stdout_text().contains("HTTP/1.0 200"), "{welcome:?}{said}");
}

/// A realm of its own, whose one user proves to be herself by the certificate of the lent card.
const REALM: &str = r#"set -eu
cd "$(dirname "$0")"
here=$PWD
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=kdc -keyout kdc.key -out kdc.pem \
    -addext 'keyUsage=digitalSignature' -addext 'extendedKeyUsage=1.3.6.1.5.2.3.5' -addext 'subjectAltName=DNS:localhost' 2> /dev/null
cat > krb5.conf << END
[libdefaults]
 default_realm = KEYFERRY.TEST
 dns_lookup_kdc = false
 dns_lookup_realm = false
 default_ccache_name = FILE:$here/tickets
[realms]
 KEYFERRY.TEST = {
  kdc = 127.0.0.1:$PORT
  pkinit_anchors = FILE:$here/kdc.pem
  pkinit_anchors = FILE:$here/card.pem
  pkinit_kdc_hostname = localhost
 }
END
cat > kdc.conf << END
[kdcdefaults]
 kdc_listen = 127.0.0.1:$PORT
 kdc_tcp_listen = 127.0.0.1:$PORT
[realms]
 KEYFERRY.TEST = {
  database_name = $here/principal
  key_stash_file = $here/stash
  acl_file = $here/acl
  pkinit_identity = FILE:$here/kdc.pem,$here/kdc.key
  pkinit_anchors = FILE:$here/card.pem
  pkinit_eku_checking = none
 }
END
kdb5_util create -s -P unused -r KEYFERRY.TEST > /dev/null
kadmin.local -q 'addprinc -nokey +requires_preauth joe' > /dev/null
name=$(openssl x509 -in card.pem -noout -subject -nameopt multiline | sed -n 's/^ *commonName *= //p')
kadmin.local -q "setstr joe pkinit_cert_match \"<SUBJECT>CN=$name\$\"" > /dev/null
"#;

#[test]
fn a_kerberos_server_gives_a_ticket_for_the_lent_card_and_its_pin() {
    let test = "Kerberos with a lent card";
    let packages = vec![
        "opensc",
        "opensc-pkcs11",
        "openssl",
        "krb5-kdc",
        "krb5-admin-server",
        "krb5-user",
        "krb5-pkinit",
    ];
    let Some(house) = House::with_shared_card(test, Plan { packages, ..Plan::default() }) else {
        return;
    };
    let folder = house.customer.folder().join("realm");
    std::fs::create_dir(&folder).unwrap();
    let at = |name: &str| folder.join(name).display().to_string();
    let read = ["--read-object", "--type", "cert", "--id", "01", "-o", &at("card.der")];
    assert!(house.tool(Side::Customer, "pkcs11-tool", &read).succeeded());
    let pem = ["x509", "-inform", "DER", "-in", &at("card.der"), "-out", &at("card.pem")];
    assert!(house.tool(Side::Customer, "openssl", &pem).succeeded());
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    std::fs::write(at("realm.sh"), REALM).unwrap();
    let kerberos = |program: &str| {
        let mut command = house.customer.command(program);
        command
            .env("PORT", port.to_string())
            .env("KRB5_CONFIG", at("krb5.conf"))
            .env("KRB5_KDC_PROFILE", at("kdc.conf"))
            .current_dir(&folder);
        command
    };
    let made = run(kerberos("sh").arg("realm.sh"), LIMIT).unwrap();
    assert!(made.succeeded(), "{made:?}");
    let log = std::fs::File::create(at("kdc.log")).unwrap();
    let mut command = kerberos("krb5kdc");
    let command = command.arg("-n").stdin(std::process::Stdio::null());
    let _kdc = Running(command.stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap());
    crate::programs::until("the KDC listens", || {
        std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()
    });

    let module = module().display().to_string();
    let ticket_for = |pin: &str| {
        let script = format!(
            "echo {pin} | kinit -X X509_user_identity=PKCS11:module_name={module}:certid=01 joe && klist"
        );
        run(kerberos("sh").args(["-c", &script]), LIMIT).unwrap()
    };
    let welcome = ticket_for(PIN);
    let said = std::fs::read_to_string(at("kdc.log")).unwrap();
    assert!(welcome.succeeded(), "{welcome:?}\n{said}");
    assert!(welcome.stdout_text().contains("krbtgt/KEYFERRY.TEST@KEYFERRY.TEST"), "{welcome:?}");
    std::fs::remove_file(at("tickets")).unwrap();
    let refused = ticket_for("000000");
    assert!(!refused.succeeded(), "{refused:?}");
}
