//! Tricks with characters: who could be taken for whom, and what is refused.

use Collision::{ActiveDirectory, Directory, LooksAlike};
use user_mapping::{Collision, letters_policy, may_collide, skeleton};

#[test]
fn names_that_a_directory_or_a_human_takes_for_one_collide() {
    let table = [
        // OpenLDAP answers all of these with `joe.user`.
        ("ｊoe.user", "joe.user", Some(Directory)),
        ("joe.uſer", "joe.user", Some(Directory)),
        ("𝐣oe.user", "joe.user", Some(Directory)),
        ("𝐉oe.user", "joe.user", Some(Directory)),
        (" joe.user", "joe.user", Some(Directory)),
        ("joe  user", "Joe User ", Some(Directory)),
        ("joe\u{a0}user", "joe user", Some(Directory)),
        // Not seen.
        ("joe\u{200b}.user", "joe.user", Some(Directory)),
        ("joe\u{ad}.user", "joe.user", Some(Directory)),
        ("joe\u{202e}.user", "joe.user", Some(Directory)),
        ("joe\u{e0041}.user", "joe.user", Some(Directory)),
        ("joe\u{fe0f}.user", "joe.user", Some(Directory)),
        ("joe\u{3164}.user", "joe.user", Some(LooksAlike)),
        // Folding.
        ("straße", "STRASSE", Some(Directory)),
        ("STRAẞE", "strasse", Some(Directory)),
        ("σοφος", "σοφοσ", Some(Directory)),
        ("\u{212a}im", "kim", Some(Directory)),
        ("ﬁona", "fiona", Some(Directory)),
        ("É", "é", Some(Directory)),
        ("e\u{301}va", "éva", Some(Directory)),
        ("İlker", "ilker", Some(ActiveDirectory)),
        // Accents, kana.
        ("josé", "jose", Some(ActiveDirectory)),
        ("lucič", "Lucić", Some(ActiveDirectory)),
        ("カナ", "かな", Some(ActiveDirectory)),
        // Separators in disguise.
        ("ACME＼joe", r"ACME\joe", Some(Directory)),
        ("joe＠acme.test", "joe@acme.test", Some(Directory)),
        ("joe\u{37e}x", "joe;x", Some(Directory)),
        ("acme\u{2215}joe", "acme/joe", Some(LooksAlike)),
        // Letters of other scripts.
        ("jо\u{435}.user", "joe.user", Some(LooksAlike)),
        ("рау", "pay", Some(LooksAlike)),
        ("ВОВ", "bob", Some(LooksAlike)),
        ("joe\u{3bf}", "joeo", Some(LooksAlike)),
        // The same, or not alike.
        ("JOE.USER", "joe.user", None),
        ("joe", "jim", None),
        ("иван", "ivan", None),
        ("", "joe", None),
        // Of ASCII alone: looked up, not shown for approval.
        ("corn", "com", None),
        ("l1I", "lll", None),
    ];
    for (one, other, collision) in table {
        assert_eq!(may_collide(one, other), collision, "{one:?} {other:?}");
        assert_eq!(may_collide(other, one), collision, "{other:?} {one:?}");
    }
    assert_eq!(skeleton("corn"), skeleton("com"));
}

#[test]
fn letters_of_one_script_are_taken_and_tricks_refused_where_they_stand() {
    for name in
        ["", "joe.user", "jürgen.groß", "ÅSA", "иван", "σοφος", "山田たろう", "김철수", "o'neil-1"]
    {
        assert_eq!(letters_policy(name), Ok(()), "{name}");
    }
    let table = [
        ("jo\u{435}.user", "mixed_script", 2),
        ("иванa", "mixed_script", 8),
        ("ｊoe", "compatibility_form", 0),
        ("𝐣oe", "compatibility_form", 0),
        ("joe.uſer", "compatibility_form", 5),
        ("\u{212a}im", "compatibility_form", 0),
        ("ﬁona", "compatibility_form", 0),
        ("joe\u{200b}", "hidden_char", 3),
        ("joe\u{ad}", "hidden_char", 3),
        ("joe\u{202e}x", "hidden_char", 3),
        ("joe\u{2028}x", "hidden_char", 3),
        ("joe\u{e000}x", "hidden_char", 3),
        ("joe\u{378}x", "hidden_char", 3),
        ("joe\n", "hidden_char", 3),
        ("joe\0", "hidden_char", 3),
        ("e\u{301}va", "not_composed", 0),
        ("joe＼x", "not_a_letter", 3),
        ("joe＠x", "not_a_letter", 3),
        ("joe；x", "not_a_letter", 3),
        ("joe\u{37e}x", "not_a_letter", 3),
        ("joe\u{2215}x", "not_a_letter", 3),
        ("joe\u{a0}x", "not_a_letter", 3),
        ("joe٣", "not_a_letter", 3),
        ("joe⭐", "not_a_letter", 3),
        ("joeƏ\u{1c0}", "restricted_letter", 5),
    ];
    for (name, code, at) in table {
        let problem = letters_policy(name).expect_err(name);
        assert_eq!((problem.code(), problem.at()), (code, at), "{name:?}");
        assert_eq!(problem.pointing_at(name).to_string().lines().count(), 4);
    }
}
