//! `plugin.toml` is read completely or refused with a reason.

use source_plugin::{Capability, Manifest};

const GOOD: &str = r#"
name = "team-vault"
version = "1.0.0"
protocol = [1]
command = ["./team-vault", "--stdio"]
capabilities = ["knows", "ssh-keys"]

[[setting]]
name = "token"
secret = true
required = true
help = "Where the secret is."

[rehearsal]
vault-user = "joe"
host = "app01"
settings = { token = "only for the rehearsal" }
"#;

#[test]
fn a_good_description_is_read() {
    let manifest = Manifest::parse(GOOD).unwrap();
    assert_eq!(manifest.capabilities, [Capability::Knows, Capability::SshKeys]);
    assert!(manifest.setting("token").unwrap().required);
    assert_eq!(manifest.setting("nothing"), None);
    assert_eq!(manifest.rehearsal.unwrap().host, "app01");
}

#[test]
fn what_is_wrong_is_named() {
    for (from, to, said) in [
        ("team-vault\"", "../vault\"", "`name`"),
        ("\"1.0.0\"", "\"\"", "`version`"),
        ("[1]", "[]", "`protocol`"),
        (r#"["./team-vault", "--stdio"]"#, "[]", "`command`"),
        ("\"ssh-keys\"", "\"teleport\"", "line 6"),
        ("secret = true", "secret = true\nkind = \"number\"", "of a secret"),
        ("[rehearsal]", "[[setting]]\nname = \"token\"\n[rehearsal]", "used twice"),
        ("help =", "halp =", "line 12"),
        ("name = \"team-vault\"", "name = ", "line 2"),
    ] {
        let text = GOOD.replacen(from, to, 1);
        assert_ne!(text, GOOD, "{from}");
        let error = Manifest::parse(&text).unwrap_err().to_string();
        assert!(error.contains(said), "{error} should tell {said}");
    }
}
