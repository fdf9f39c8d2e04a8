//! Which spelling a user name is, and what no user name is.

use proptest::prelude::*;
use user_mapping::trace::{AccountKind, Form};
use user_mapping::{Name, NameProblem, fold, is_same};

use AccountKind::{Guest, LocalMachine, Machine, Person, Special};

/// A name, its form and kind, its domain part, its user part.
type Row = (&'static str, Form, AccountKind, Option<&'static str>, Option<&'static str>);

#[test]
fn every_name_has_one_spelling() {
    let table: [Row; 25] = [
        ("joe.user", Form::Bare, Person, None, Some("joe.user")),
        ("JOE.USER", Form::Bare, Person, None, Some("JOE.USER")),
        ("joe user", Form::Bare, Person, None, Some("joe user")),
        ("joe(x)", Form::Bare, Person, None, Some("joe(x)")),
        ("joe%20user", Form::Bare, Person, None, Some("joe%20user")),
        ("DC1$", Form::Bare, Machine, None, Some("DC1$")),
        (r"ACME\joe.user", Form::DownLevel, Person, Some("ACME"), Some("joe.user")),
        (r"acme.test\joe.user", Form::DownLevel, Person, Some("acme.test"), Some("joe.user")),
        (r"ABCDEFGHIJKLMNO\joe", Form::DownLevel, Person, Some("ABCDEFGHIJKLMNO"), Some("joe")),
        (r"ACME\DC1$", Form::DownLevel, Machine, Some("ACME"), Some("DC1$")),
        (r".\joe.user", Form::DownLevel, LocalMachine, Some("."), Some("joe.user")),
        (
            r"BUILTIN\Administrators",
            Form::DownLevel,
            Special,
            Some("BUILTIN"),
            Some("Administrators"),
        ),
        (r"nt authority\SYSTEM", Form::DownLevel, Special, Some("nt authority"), Some("SYSTEM")),
        (r"AzureAD\JoeUser", Form::DownLevel, Special, Some("AzureAD"), Some("JoeUser")),
        (r"AzureAD\joe@acme.com", Form::DownLevel, Special, Some("AzureAD"), Some("joe@acme.com")),
        ("joe.user@acme-inc.com", Form::Upn, Person, Some("acme-inc.com"), Some("joe.user")),
        ("joe.user@ACME", Form::Upn, Person, Some("ACME"), Some("joe.user")),
        ("o'neil@acme.test", Form::Upn, Person, Some("acme.test"), Some("o'neil")),
        ("DC1$@acme.test", Form::Upn, Machine, Some("acme.test"), Some("DC1$")),
        (
            "joe_partner.com#EXT#@acme.onmicrosoft.com",
            Form::Upn,
            Guest,
            Some("acme.onmicrosoft.com"),
            Some("joe_partner.com#EXT#"),
        ),
        ("j#ext#@acme.test", Form::Upn, Guest, Some("acme.test"), Some("j#ext#")),
        ("uid=joe.user,ou=HelpDesk,dc=acme-inc,dc=com", Form::Dn, Person, None, None),
        ("CN=Joe User,OU=HelpDesk,DC=acme,DC=test", Form::Dn, Person, None, None),
        (r"CN=User\, Pat,OU=HelpDesk,DC=acme,DC=test", Form::Dn, Person, None, None),
        ("uid=joe@acme.test,dc=acme,dc=test", Form::Dn, Person, None, None),
    ];
    for (text, form, account, domain, user) in table {
        let name = Name::parse(text).unwrap_or_else(|error| panic!("{}", error.pointing_at(text)));
        let seen = (name.form(), name.account(), name.domain_part(), name.user());
        assert_eq!(seen, (form, account, domain, user), "{text}");
    }
    let Ok(Name::Dn(dn)) = Name::parse("CN=Joe User,OU=HelpDesk,DC=acme,DC=test") else {
        panic!("no distinguished name");
    };
    assert_eq!(dn.dns_domain().as_deref(), Ok("acme.test"));
}

#[test]
fn what_is_no_name_is_refused_where_it_is_wrong() {
    let long = "a".repeat(257);
    let longer = format!("joe@{}", "a".repeat(1021));
    let table = [
        ("", "empty", 0),
        (&long, "too_long", 256),
        (&longer, "too_long", 1024),
        ("joe ", "outer_space", 3),
        (r" ACME\joe", "outer_space", 0),
        (r"ACME\ joe", "outer_space", 5),
        ("joe @acme.test", "outer_space", 3),
        ("cn=joe", "bad_dn", 0),
        ("uid=joe.user", "bad_dn", 0),
        ("uid=joe,dc", "bad_dn", 10),
        ("uid=joe@x.com", "bad_char", 3),
        ("joe.user=x", "bad_char", 8),
        (r"ACME\\joe", "multiple_backslashes", 5),
        (r"ACME\a\b", "multiple_backslashes", 6),
        (r"\joe", "empty_domain", 0),
        (r"ACME\", "empty_name", 5),
        ("joe@", "empty_domain", 4),
        ("@acme.test", "empty_name", 0),
        ("ACME/joe", "slash", 4),
        ("acme.test/HelpDesk/Joe User", "slash", 9),
        ("host/dc1.acme.test", "slash", 4),
        ("joe@@acme.test", "multiple_at", 4),
        ("joe@corp@acme.test", "multiple_at", 8),
        (r"ACME\joe@acme.test", "at_in_down_level", 8),
        (r"AC@ME\joe", "at_in_down_level", 2),
        (r"joe.user\@acme-inc.com@ACME.TEST", "at_in_down_level", 9),
        ("joe.", "trailing_dot", 3),
        (r"ACME\joe.", "trailing_dot", 8),
        ("joe..user@acme.test", "bad_dots", 4),
        (".joe@acme.test", "bad_dots", 0),
        ("joe.@acme.test", "bad_dots", 3),
        ("joe@acme..test", "bad_domain", 4),
        ("joe@-acme.test", "bad_domain", 4),
        (r"ABCDEFGHIJKLMNOP\joe", "bad_domain", 15),
        (r"AC:ME\joe", "bad_domain", 2),
        (r"acme..test\joe", "bad_domain", 0),
        ("joe;runas=admin", "bad_char", 3),
        ("joe*", "bad_char", 3),
        ("joe+tag@acme.test", "bad_char", 3),
        (r"ACME\joe:x", "bad_char", 8),
        ("joe\r\nX: y", "control_or_format_char", 3),
        ("joe\0", "control_or_format_char", 3),
        ("joe\u{200b}", "control_or_format_char", 3),
        ("joe\u{202e}x", "control_or_format_char", 3),
        ("joe\u{2028}", "control_or_format_char", 3),
        ("joe\u{e000}", "control_or_format_char", 3),
        ("jo\u{435}", "non_ascii", 2),
        ("\u{ff4a}oe", "non_ascii", 0),
        ("joe\u{ff3c}x", "non_ascii", 3),
        ("joe\u{a0}x", "non_ascii", 3),
        ("CN=Lu\u{10d}i\u{107},DC=acme,DC=test", "non_ascii", 5),
        ("S-1-5-21-1-2-3-1104", "sid_form", 0),
        ("s-1-5-21-1-2-3-1104", "sid_form", 0),
        ("{f3ddad46-4332-4871-ae1a-92aa29b0887f}", "guid_form", 0),
        ("f3ddad46-4332-4871-ae1a-92aa29b0887f", "guid_form", 0),
        ("<GUID=f3ddad46-4332-4871-ae1a-92aa29b0887f>", "extended_dn", 0),
        ("<SID=S-1-5-21-1-2-3-1104>", "extended_dn", 0),
        ("<WKGUID=a9d1ca15768811d1aded00c04fd8d5cd,DC=acme,DC=test>", "extended_dn", 0),
        (
            "<GUID=f3ddad46-4332-4871-ae1a-92aa29b0887f>;<SID=S-1-5-21-1-2-3-1104>;CN=Joe,DC=x",
            "extended_dn",
            0,
        ),
        ("<PID=1>", "extended_dn", 0),
        // A canonical name of Windows with its last slash as a line end.
        ("acme.test/HelpDesk\nJoe User", "control_or_format_char", 18),
        ("ldap/dc1.acme.test@ACME.TEST", "bad_char", 4),
        (r"PC17\joe\x", "multiple_backslashes", 8),
        (r".\", "empty_name", 2),
        (r"BUILTIN\", "empty_name", 8),
        ("joe\u{ff1b}x", "non_ascii", 3),
        ("joe\u{37e}x", "non_ascii", 3),
        ("joe\u{2215}x", "non_ascii", 3),
        ("joe\u{ff20}acme.test", "non_ascii", 3),
    ];
    for (text, code, at) in table {
        let error = Name::parse(text).map(|name| name.form()).expect_err(text);
        assert_eq!((error.problem().code(), error.at()), (code, at), "{text:?}");
    }
    assert_eq!(Name::parse("cn=joe").unwrap_err().problem(), NameProblem::SingleRdn);
}

#[test]
fn every_authority_that_is_no_domain_is_told_from_one() {
    let reserved = [
        "BUILTIN",
        "NT AUTHORITY",
        "NT SERVICE",
        "NT VIRTUAL MACHINE",
        "IIS APPPOOL",
        "Window Manager",
        "Font Driver Host",
        "APPLICATION PACKAGE AUTHORITY",
        "AzureAD",
        "MicrosoftAccount",
    ];
    for authority in reserved {
        for spelling in [authority.to_owned(), authority.to_lowercase(), authority.to_uppercase()] {
            let text = format!(r"{spelling}\joe");
            assert_eq!(Name::parse(&text).unwrap().account(), Special, "{text}");
        }
    }
    assert_eq!(Name::parse(r"BUILTINS\joe").unwrap().account(), Person);
}

proptest! {
    #[test]
    fn any_text_has_at_most_one_spelling_and_a_place_where_it_is_wrong(
        text in prop_oneof![any::<String>(), r#"[a-c=,;@\\./$ #éS{}<-]{0,30}"#, "[ -~]{0,40}"]
    ) {
        match Name::parse(&text) {
            Ok(name) => {
                prop_assert!(text.is_ascii());
                let rebuilt = match &name {
                    Name::Bare(bare) => bare.user().to_owned(),
                    Name::DownLevel(name) => format!("{}\\{}", name.domain(), name.user()),
                    Name::Upn(upn) => format!("{}@{}", upn.user(), upn.suffix()),
                    Name::Dn(dn) => {
                        prop_assert!(dn.depth() >= 2);
                        text.clone()
                    }
                };
                prop_assert_eq!(rebuilt, text);
            }
            Err(error) => {
                prop_assert!(error.at() <= text.len());
                prop_assert_eq!(error.pointing_at(&text).to_string().lines().count(), 4);
            }
        }
    }

    #[test]
    fn folding_is_an_equivalence_that_only_ascii_case_can_hide(
        one in any::<String>(), other in any::<String>(), flips in any::<u64>()
    ) {
        let flipped: String = one
            .chars()
            .enumerate()
            .map(|(at, c)| match flips >> (at % 64) & 1 {
                1 if c.is_ascii_lowercase() => c.to_ascii_uppercase(),
                1 => c.to_ascii_lowercase(),
                _ => c,
            })
            .collect();
        prop_assert_eq!(fold(&one), fold(&flipped));
        prop_assert!(is_same(&one, &flipped) && is_same(&flipped, &one));
        prop_assert_eq!(fold(fold(&one).as_str()), fold(&one));
        prop_assert_eq!(fold(&one) == fold(&other), is_same(&one, &other));
        // What is the same has the same octets, but for the letters A to Z.
        let differing = one.bytes().zip(flipped.bytes()).filter(|(a, b)| a != b);
        prop_assert!(one.len() == flipped.len() && differing.into_iter().all(|(a, b)| a ^ b == 0x20));
    }
}

#[test]
fn names_that_a_directory_finds_alike_stay_different_people() {
    for look_alike in ["ｊoe.user", "joe.uſer", "𝐣oe.user", " joe.user", "joe.user\u{200b}"] {
        assert_ne!(fold(look_alike), fold("joe.user"), "{look_alike}");
    }
    assert_ne!(fold("straße"), fold("strasse"));
    assert_ne!(fold("É"), fold("é"));
}
