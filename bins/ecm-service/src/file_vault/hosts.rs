//! Which hosts an entry is for.

use std::fmt;
use std::net::IpAddr;

/// A host name or address, or a pattern: `*` stands for any characters but a dot.
///
/// ```
/// use ecm_service::file_vault::hosts::HostPattern;
///
/// let pattern = HostPattern::parse("*.lab.acme.test").unwrap();
/// assert!(pattern.matches("DB01.lab.acme.test"));
/// assert!(!pattern.matches("lab.acme.test"));
/// assert!(!pattern.matches("a.b.lab.acme.test"), "one label, not several");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPattern {
    text: String,
    address: Option<IpAddr>,
}

impl HostPattern {
    /// Reads one; `None` when it could never match, or would match everything.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_lowercase();
        let address = text.parse::<IpAddr>().ok().map(|address| address.to_canonical());
        let fits = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '$' | '*');
        let names_something = text.chars().any(char::is_alphanumeric);
        let is_name = text.len() <= 253 && names_something && text.chars().all(fits);
        (address.is_some() || is_name).then_some(Self { text, address })
    }

    /// Whether it is for this host. ASCII case and the spelling of an address do not matter.
    #[must_use]
    pub fn matches(&self, host: &str) -> bool {
        match (self.address, host.parse::<IpAddr>()) {
            (Some(ours), Ok(theirs)) => ours == theirs.to_canonical(),
            (Some(_), Err(_)) | (None, Ok(_)) => false,
            (None, Err(_)) => matches(&self.text, &host.to_lowercase()),
        }
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Label by label, because a star never matches a dot.
fn matches(pattern: &str, host: &str) -> bool {
    let (mut patterns, mut labels) = (pattern.split('.'), host.split('.'));
    loop {
        match (patterns.next(), labels.next()) {
            (None, None) => return true,
            (Some(pattern), Some(label)) if label_matches(pattern, label) => {}
            _ => return false,
        }
    }
}

fn label_matches(pattern: &str, label: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == label };
    let Some(mut left) = label.strip_prefix(head) else { return false };
    let mut parts = rest.split('*').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return left.ends_with(part);
        }
        match left.split_once(part) {
            Some((_, after)) => left = after,
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_what_they_say_and_nothing_else() {
        for (pattern, yes, no) in [
            ("app01", &["app01", "APP01"][..], &["app011", "app01.acme.test", "1app01"][..]),
            ("db-*", &["db-1", "db-", "DB-main"], &["db-1.acme.test", "mydb-1"]),
            ("*-db-*.acme.test", &["x-db-y.acme.test"], &["x-db.acme.test", "x-db-y.evil.test"]),
            ("a*b*a", &["aba", "axbya"], &["ab", "aa", "a"]),
            ("192.0.2.1", &["192.0.2.1", "::ffff:192.0.2.1"], &["192.0.2.10", "192.0.2.1.x"]),
            ("2001:db8::1", &["2001:db8:0::1", "2001:DB8::1"], &["2001:db8::2"]),
            ("*.acme.test", &["x.acme.test"], &["192.0.2.1", "acme.test"]),
        ] {
            let pattern = HostPattern::parse(pattern).unwrap();
            for host in yes {
                assert!(pattern.matches(host), "{pattern} is for {host}");
            }
            for host in no {
                assert!(!pattern.matches(host), "{pattern} is not for {host}");
            }
        }
    }

    #[test]
    fn patterns_that_mean_everything_or_nothing_are_refused() {
        for text in ["", "*", "*.*", "a b", "http://x", "app01:22"] {
            assert_eq!(HostPattern::parse(text), None, "{text}");
        }
    }
}
