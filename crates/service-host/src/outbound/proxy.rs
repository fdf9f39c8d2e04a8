//! The address of an HTTP proxy.

use url::Url;

use super::Bracketed;

/// An HTTP proxy, `http://host:port`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProxyAddress {
    /// Host name or address, without brackets.
    pub host: String,
    /// Port.
    pub port: u16,
}

/// A text is no address of a proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a proxy is http://host:port, without user, path or query")]
pub struct NoProxyAddress;

impl ProxyAddress {
    /// Reads `http://host:port`.
    ///
    /// # Errors
    ///
    /// [`NoProxyAddress`]. Proxies that want a password are not spoken to.
    pub fn parse(text: &str) -> Result<Self, NoProxyAddress> {
        let url = Url::parse(text).map_err(|_| NoProxyAddress)?;
        let plain = url.scheme() == "http"
            && url.username().is_empty()
            && url.password().is_none()
            && matches!(url.path(), "" | "/")
            && url.query().is_none()
            && url.fragment().is_none();
        match (url.host_str(), url.port_or_known_default()) {
            // Nobody listens at port 0.
            (Some(host), Some(port @ 1..)) if plain => {
                // A resolver wants an IPv6 address bare.
                Ok(Self { host: host.trim_matches(['[', ']']).to_owned(), port })
            }
            _ => Err(NoProxyAddress),
        }
    }

    /// The proxy as a URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}:{}", Bracketed(&self.host), self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies_are_read_with_their_defaults() {
        for (text, host, port, url) in [
            (
                "http://proxy.example.com:3128",
                "proxy.example.com",
                3128,
                "http://proxy.example.com:3128",
            ),
            ("http://proxy.example.com", "proxy.example.com", 80, "http://proxy.example.com:80"),
            ("http://192.0.2.7:8080/", "192.0.2.7", 8080, "http://192.0.2.7:8080"),
            ("http://[2001:db8::1]:3128", "2001:db8::1", 3128, "http://[2001:db8::1]:3128"),
        ] {
            let proxy = ProxyAddress::parse(text).expect(text);
            assert_eq!((proxy.host.as_str(), proxy.port), (host, port), "{text}");
            assert_eq!(proxy.url(), url);
            assert_eq!(ProxyAddress::parse(&proxy.url()), Ok(proxy));
        }
    }

    #[test]
    fn proxies_that_would_not_be_used_as_written_are_refused() {
        for text in [
            "proxy.example.com:3128",
            "https://proxy.example.com",
            "socks5://proxy.example.com:1080",
            "http://joe:secret@proxy.example.com",
            "http://proxy.example.com/way",
            "http://proxy.example.com?x",
            "http://proxy.example.com#x",
            "http://proxy.example.com:0",
            "http://proxy.example.com:65536",
            "http://",
            "",
        ] {
            assert_eq!(ProxyAddress::parse(text), Err(NoProxyAddress), "{text}");
        }
    }
}
