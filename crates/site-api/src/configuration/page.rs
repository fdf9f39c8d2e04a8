//! One page of a list, and where the next one is.

use http::HeaderMap;
use http::header::LINK;
use url::Url;

use crate::budget::number;

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<I> {
    /// What is on it.
    pub items: Vec<I>,
    /// Its number, from 1.
    pub current: u32,
    /// Number of the last page, if the site says it.
    pub last: Option<u32>,
    /// Items on all pages, if the site says it.
    pub total: Option<u64>,
    /// Number of the next page; `None` if this is the last.
    pub next: Option<u32>,
    /// Number of the page before, if the site says it.
    pub previous: Option<u32>,
}

impl<I> Page<I> {
    /// Reads the `X-BT-Pagination-…` headers, else `Link`. Of a link only the page number counts:
    /// nobody is led to another address. The link back is called `previous` there, not `prev`.
    pub(super) fn read(items: Vec<I>, headers: &HeaderMap, asked: u32) -> Self {
        let page = |name| number(headers, name).and_then(|number| u32::try_from(number).ok());
        let current = page("x-bt-pagination-current-page").unwrap_or(asked);
        let last = page("x-bt-pagination-last-page");
        let next = match last {
            Some(last) => (current < last).then(|| current.saturating_add(1)),
            None => linked(headers, &["next"]),
        };
        Self {
            // An empty page is followed by nothing, whatever its headers say.
            next: next.filter(|_| !items.is_empty()),
            items,
            current,
            last,
            total: number(headers, "x-bt-pagination-total"),
            previous: linked(headers, &["previous", "prev"]),
        }
    }
}

/// The page number in a `Link` header (RFC 8288) with one of these relations.
fn linked(headers: &HeaderMap, relations: &[&str]) -> Option<u32> {
    let links = headers.get_all(LINK).iter().filter_map(|value| value.to_str().ok());
    // Addresses of pages hold no comma followed by `<`.
    let link = links.flat_map(|value| value.split(",")).find_map(|link| {
        let (target, parameters) = link.trim().strip_prefix('<')?.split_once('>')?;
        let is_wanted = parameters.split(';').any(|parameter| {
            let Some((name, value)) = parameter.split_once('=') else { return false };
            let value = value.trim().trim_matches('"');
            name.trim().eq_ignore_ascii_case("rel")
                && value.split(' ').any(|relation| relations.contains(&relation))
        });
        is_wanted.then_some(target)
    })?;
    let base = Url::parse("https://site.invalid/").ok()?;
    let url = base.join(link).ok()?;
    let (_, number) = url.query_pairs().find(|(name, _)| name == "current_page")?;
    number.parse().ok()
}
