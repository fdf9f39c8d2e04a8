//! Profiles, and the file that a site writes its own in.

use std::time::Duration;

use vsc_core::guard::{Operation, Permission, Policy, PolicyFile, Profile, Rule};

fn check(text: &str) -> Result<Policy, Vec<String>> {
    let file: PolicyFile = toml::from_str(text).unwrap();
    Policy::check(&file).map_err(|found| found.iter().map(ToString::to_string).collect())
}

#[test]
fn built_in_profiles_allow_what_their_names_say_and_nothing_else() {
    let allowed = |profile: &Profile| {
        let all = Permission::ALL.iter().filter(|one| profile.rule(**one) == Rule::Allow);
        all.map(|one| one.name()).collect::<Vec<_>>()
    };
    assert_eq!(
        allowed(&Profile::usual()),
        ["select", "read", "verify", "sign", "decrypt", "authenticate", "challenge", "prepare"]
    );
    assert_eq!(allowed(&Profile::read_only()), ["select", "read"]);
    assert_eq!(allowed(&Profile::admin()), allowed(&Profile::usual()));
    for operation in Operation::ALL {
        // What changes the card, and what nobody understands, never passes by itself.
        let rules = [Profile::usual(), Profile::read_only(), Profile::admin()]
            .map(|profile| profile.rule_for(operation));
        if operation.is_admin() {
            assert_eq!(rules, [Rule::Refuse, Rule::Refuse, Rule::Ask], "{operation:?}");
        }
        if matches!(operation, Operation::Malformed | Operation::Reader) {
            assert_eq!(rules, [Rule::Refuse; 3], "{operation:?}");
        }
        if matches!(operation, Operation::UnknownClass | Operation::UnknownInstruction) {
            assert_eq!(rules, [Rule::Refuse, Rule::Refuse, Rule::Ask], "{operation:?}");
        }
    }
}

#[test]
fn a_site_bases_its_own_profile_on_a_built_in_one() {
    let policy = check(
        "profile = 'careful'\n\
         [profiles.careful]\n\
         sign = 'ask'\n\
         decrypt = 'ask-once'\n\
         read-personal = 'allow'\n\
         write = 'ask'\n\
         protected = 'ask-once'\n\
         spare-tries = 2\n\
         key-uses-per-minute = 6\n\
         verifications-per-minute = 3\n\
         idle-minutes = 10\n\
         share-minutes = 60\n\
         answer-seconds = 20\n\
         [profiles.look]\n\
         based-on = 'read-only'\n",
    )
    .unwrap();
    let careful = policy.usual();
    assert_eq!(careful.name(), "careful");
    assert_eq!(careful.rule(Permission::Sign), Rule::Ask);
    assert_eq!(careful.rule(Permission::Decrypt), Rule::AskOnce);
    assert_eq!(careful.rule(Permission::ReadPersonal), Rule::Allow);
    assert_eq!(careful.rule(Permission::Write), Rule::Ask);
    assert_eq!(careful.rule(Permission::Protected), Rule::AskOnce);
    assert_eq!(careful.rule(Permission::Verify), Rule::Allow, "as in `use`");
    assert_eq!(careful.spare_tries, 2);
    assert_eq!((careful.key_uses_per_minute, careful.verifications_per_minute), (6, 3));
    assert_eq!(careful.idle_limit, Some(Duration::from_secs(600)));
    assert_eq!(careful.share_limit, Some(Duration::from_secs(3600)));
    assert_eq!(careful.answer_within, Duration::from_secs(20));
    assert_eq!(policy.profile("look").unwrap().rule(Permission::Sign), Rule::Refuse);
    assert_eq!(policy.profile("admin").unwrap(), &Profile::admin());
    assert_eq!(check("").unwrap().usual(), &Profile::usual());
    let unknown = policy.with_usual("carefull").unwrap_err().to_string();
    assert!(unknown.contains("admin, careful, look, read-only, use"), "{unknown}");
}

#[test]
fn everything_that_is_wrong_in_a_file_is_told_at_once() {
    let problems = check(
        "profile = 'other'\n\
         [profiles.use]\n\
         [profiles.'a b']\n\
         based-on = 'admn'\n\
         [profiles.loose]\n\
         write = 'allow'\n\
         keys = 'ask-once'\n\
         unknown = 'allow'\n\
         protected = 'allow'\n\
         spare-tries = 0\n\
         key-uses-per-minute = 6001\n\
         verifications-per-minute = 0\n\
         idle-minutes = 0\n\
         share-minutes = 20000\n\
         answer-seconds = 90\n",
    )
    .unwrap_err();
    let expected = [
        "profiles.a b: that is no name for a profile; use 1 to 40 letters, digits, hyphens and \
         underscores",
        "profiles.a b.based-on: \"admn\" is no built-in profile; base it on one of these: use, \
         read-only, admin",
        "profiles.loose.write: \"allow\" is too weak for it; use \"ask\" or \"refuse\"",
        "profiles.loose.keys: \"ask-once\" is too weak for it; use \"ask\" or \"refuse\"",
        "profiles.loose.protected: \"allow\" is too weak for it; use \"ask-once\" or \"refuse\"",
        "profiles.loose.unknown: \"allow\" is too weak for it; use \"ask\" or \"refuse\"",
        "profiles.loose.spare-tries: 0 is out of range; use 1 to 9",
        "profiles.loose.key-uses-per-minute: 6001 is out of range; use 1 to 6000",
        "profiles.loose.verifications-per-minute: 0 is out of range; use 1 to 60",
        "profiles.loose.idle-minutes: 0 is out of range; use 1 to 1440",
        "profiles.loose.share-minutes: 20000 is out of range; use 1 to 10080",
        "profiles.loose.answer-seconds: 90 is out of range; use 5 to 40",
        "profiles.use: a built-in profile cannot be changed; give your own another name and base \
         it on this one",
        "profile: there is no profile \"other\"; name one of these: a b, admin, loose, read-only, \
         use",
    ];
    assert_eq!(problems, expected);
}

#[test]
fn keys_and_rules_that_do_not_exist_are_refused() {
    for text in ["profil = 'use'", "[profiles.a]\nsing = 'ask'", "[profiles.a]\nsign = 'maybe'"] {
        assert!(toml::from_str::<PolicyFile>(text).is_err(), "{text}");
    }
}
