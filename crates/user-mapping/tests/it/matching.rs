//! Whether a directory would call two values, or two distinguished names, equal.

use DirectoryAnswer::{Different, Equal, Undefined};
use user_mapping::{DirectoryAnswer, Dn, MatchingRule};

#[test]
fn values_are_compared_by_their_rule() {
    use MatchingRule::{
        CaseExact, CaseExactIa5, CaseIgnore, CaseIgnoreIa5, DistinguishedName, Integer,
        OctetString, TelephoneNumber,
    };
    let table = [
        (CaseIgnore, "Joe  User", " joe user ", Equal),
        (CaseIgnore, "straße", "STRASSE", Equal),
        (CaseIgnore, "joe\u{200b}", "joe", Equal),
        (CaseIgnore, "joe\tuser", "joe user", Equal),
        (CaseIgnore, "joé", "joe", Different),
        (CaseIgnore, "joe\u{e000}", "joe", Undefined),
        (CaseIgnore, "joe\u{fffd}", "joe", Undefined),
        (CaseIgnore, "joe\u{e000}", "joe\u{e000}", Equal),
        (CaseExact, "Joe  User", "Joe User", Equal),
        (CaseExact, "Joe User", "joe user", Different),
        (CaseExact, "ｊoe", "joe", Equal),
        (CaseIgnoreIa5, "ACME", "acme", Equal),
        (CaseIgnoreIa5, "bücher", "bucher", Undefined),
        (CaseExactIa5, "/Joe", "/joe", Different),
        (Integer, "007", "7", Equal),
        (Integer, "-0", "0", Equal),
        (Integer, "-7", "7", Different),
        (Integer, "0x7", "7", Undefined),
        (Integer, "", "0", Undefined),
        (Integer, "99999999999999999999999", "099999999999999999999999", Equal),
        (OctetString, "a", "A", Different),
        (TelephoneNumber, "+1 555-0100", "+15550100", Equal),
        (TelephoneNumber, "+1 555-0100", "+15550101", Different),
        (DistinguishedName, "CN=Joe, DC=x", "2.5.4.3=JOE,dc=X", Equal),
        (DistinguishedName, "CN=Joe,DC=x", "CN=Jim,DC=x", Different),
        (DistinguishedName, "CN=Joe,DC=x", "nobody", Undefined),
        (DistinguishedName, "CN=a,CN=b", "CN=a+CN=b", Different),
    ];
    for (rule, one, other, answer) in table {
        assert_eq!(rule.compare(one, other), answer, "{rule:?} {one:?} {other:?}");
        assert_eq!(rule.compare(other, one), answer, "{rule:?} {other:?} {one:?}");
    }
}

#[test]
fn distinguished_names_are_compared_part_by_part() {
    let table = [
        ("uid=ｊoe.user,dc=acme,dc=test", "UID=joe.user,DC=ACME,DC=TEST", Equal),
        ("cn=Joe  User+uid=joe,dc=x", "0.9.2342.19200300.100.1.1=JOE+cn=joe user,dc=x", Equal),
        ("uid=joe,dc=x", "uid=jim,dc=x", Different),
        ("uid=joe,dc=x", "cn=joe,dc=x", Different),
        ("uid=joe,dc=x", "uid=joe,ou=a,dc=x", Different),
        ("cn=a+cn=a,dc=x", "cn=a+cn=b,dc=x", Different),
        ("cn=a+cn=b,cn=c", "cn=a,cn=b+cn=c", Different),
        ("uidNumber=007,dc=x", "uidNumber=7,dc=x", Equal),
        ("homeDirectory=/J,dc=x", "homeDirectory=/j,dc=x", Different),
        ("mail=Joe@acme.test,dc=x", "MAIL=joe@ACME.test,dc=x", Equal),
        (r"manager=cn\3dJoe\2cdc\3dx,dc=x", r"manager=CN=joe\, DC=X,dc=x", Equal),
        ("uid=#0c03616263,dc=x", "uid=ABC,dc=x", Equal),
        // Nobody knows whether these two are one.
        ("1.2.3=#0c03616263,dc=x", "1.2.3=abc,dc=x", Undefined),
        ("1.2.3=#0c03616263,dc=x", "1.2.3=#0c03616263,dc=x", Equal),
        ("1.2.3=#0c03616263,dc=x", "1.2.3=#0c03616264,dc=x", Different),
        ("uid=joe\u{e000},dc=x", "uid=joe,dc=x", Undefined),
        ("uid=joe\u{e000},dc=x", "uid=joe,dc=y", Different),
        ("", "", Equal),
    ];
    for (one, other, answer) in table {
        let (a, b) = (Dn::parse(one).unwrap(), Dn::parse(other).unwrap());
        assert_eq!(a.directory_equal(&b), answer, "{one} {other}");
        assert_eq!(b.directory_equal(&a), answer, "{other} {one}");
    }
}

#[test]
fn names_in_names_are_looked_into_only_so_far() {
    let nested = |leaf: &str| format!("{}{leaf}", "manager=".repeat(300));
    let (one, other) = (nested("a"), nested("b"));
    let (one, other) = (Dn::parse(&one).unwrap(), Dn::parse(&other).unwrap());
    assert_eq!(one.directory_equal(&other), Undefined);
}
