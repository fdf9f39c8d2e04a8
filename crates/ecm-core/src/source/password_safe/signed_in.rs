//! Whether the user that the vault signed in is the one it was asked for.

use user_mapping::is_same;

/// Whether what the vault calls the user it signed in can be the user it was asked for.
///
/// Like is compared with like: a user part with a user part, a NetBIOS name with a NetBIOS name, a
/// DNS name with a DNS name. A principal name says nothing about a logon name, and the vault's
/// answer may leave the domain out, so these are not held against each other. A vault user without
/// a domain, though, must not come back with one.
pub(super) fn may_be(asked: &str, said: &str) -> bool {
    if said.is_empty() || is_same(asked, said) {
        return true;
    }
    match (Spelled::read(asked), Spelled::read(said)) {
        (Spelled::Bare(_), _) => false,
        (Spelled::DownLevel(_, asked), Spelled::Bare(said)) => is_same(asked, said),
        (Spelled::DownLevel(domain, asked), Spelled::DownLevel(other, said)) => {
            let comparable = domain.contains('.') == other.contains('.');
            is_same(asked, said) && (!comparable || is_same(domain, other))
        }
        (Spelled::DownLevel(..), Spelled::Upn) => true,
        (Spelled::Upn, Spelled::Upn) => false,
        (Spelled::Upn, Spelled::DownLevel(..) | Spelled::Bare(_)) => true,
    }
}

enum Spelled<'a> {
    Bare(&'a str),
    DownLevel(&'a str, &'a str),
    Upn,
}

impl<'a> Spelled<'a> {
    /// What a vault answers is not held to the rules of names that are mapped.
    fn read(text: &'a str) -> Self {
        match text.split_once('\\') {
            Some((domain, user)) => Self::DownLevel(domain, user),
            None if text.contains('@') => Self::Upn,
            None => Self::Bare(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::may_be;

    #[test]
    fn another_user_than_was_asked_for_is_noticed() {
        for (asked, said, expected) in [
            (r"ACME\joe", r"acme\JOE", true),
            (r"ACME\joe", "joe", true),
            (r"ACME\joe", r"acme.test\joe", true),
            (r"ACME\joe", "j.user@acme.test", true),
            (r"ACME\joe", r"BETA\joe", false),
            (r"ACME\joe", r"ACME\jane", false),
            (r"ACME\joe", "jane", false),
            ("joe", "Joe", true),
            ("joe", "jane", false),
            ("joe", r"ACME\joe", false),
            ("joe", "joe@acme.test", false),
            ("joe@acme.test", "joe@acme.test", true),
            ("joe@acme.test", "joe@beta.test", false),
            ("joe@acme.test", r"ACME\joe.user", true),
            ("joe", "", true),
        ] {
            assert_eq!(may_be(asked, said), expected, "{asked:?} {said:?}");
        }
    }
}
