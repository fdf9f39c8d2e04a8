//! Bounded reading of the XML that sites answer with.
//!
//! Elements and attributes are known by their local names: the namespace has changed with the
//! product's name more than once. Document types and their entities are refused, unknown elements
//! are there but nobody looks.

use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;
use quick_xml::{XmlVersion, events::BytesRef};

use crate::error::Error;
use crate::text::SiteText;

/// Deepest nesting that is read. Known answers need seven.
const MAX_DEPTH: usize = 32;
/// Attributes of one element: they are compared with each other.
const MAX_ATTRIBUTES: usize = 64;
/// Elements and attributes in one answer, together.
const MAX_NODES: usize = 100_000;

/// An element with everything in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Element {
    name: String,
    attributes: Vec<(String, String)>,
    text: String,
    children: Vec<Self>,
}

impl Element {
    /// Reads a whole document.
    ///
    /// ```
    /// use site_api::xml::Element;
    ///
    /// let root = Element::parse(b"<a xmlns='urn:any'><b n='1'>x &amp; y</b></a>")?;
    /// assert_eq!(root.text_of("b"), Some("x & y"));
    /// assert!(Element::parse(b"<!DOCTYPE a><a/>").is_err());
    /// # Ok::<(), site_api::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Unreadable`]: not UTF-8, not well-formed, a document type, an entity of its own,
    /// more than 32 levels, 64 attributes at one element, or 100 000 elements and attributes.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let text = std::str::from_utf8(bytes).map_err(|_| unreadable("it is not UTF-8", 0))?;
        // Blank lines before the declaration have been seen, and a byte order mark may be there.
        let text = text.trim_start_matches('\u{feff}').trim_start();
        let mut reader = Reader::from_str(text);
        reader.config_mut().expand_empty_elements = true;
        let mut building = Building { open: Vec::new(), root: None, nodes: 0 };
        loop {
            let event = reader.read_event();
            let place = usize::try_from(reader.error_position()).unwrap_or(usize::MAX);
            let event = event.map_err(|_| unreadable("it is not well-formed XML", place))?;
            let at = |reason| unreadable(reason, place);
            match event {
                Event::Start(start) => building.start(&start).map_err(at)?,
                Event::Empty(_) => return Err(at("an element is neither open nor closed")),
                Event::End(_) => building.end().map_err(at)?,
                Event::Text(text) => building.text(&text.xml10_content()).map_err(at)?,
                Event::CData(text) => building.text(&text.xml10_content()).map_err(at)?,
                Event::GeneralRef(reference) => {
                    { building.text(resolved(&reference).map_err(at)?.encode_utf8(&mut [0; 4])) }
                        .map_err(at)?
                }
                Event::DocType(_) => return Err(at("it has a document type, which is not read")),
                Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
                Event::Eof => break,
            }
        }
        match (building.root, building.open.is_empty()) {
            (Some(root), true) => Ok(root),
            _ => Err(unreadable("it ends too early", text.len())),
        }
    }

    /// Its local name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its own text without blanks around it.
    #[must_use]
    pub fn text(&self) -> &str {
        self.text.trim()
    }

    /// An attribute by local name.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Its children with this local name.
    pub fn children(&self, name: &str) -> impl Iterator<Item = &Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// Its first child with this local name.
    #[must_use]
    pub fn child(&self, name: &str) -> Option<&Self> {
        self.children(name).next()
    }

    /// Text of its first child with this local name; `None` if that is missing or empty.
    #[must_use]
    pub fn text_of(&self, name: &str) -> Option<&str> {
        self.child(name).map(Self::text).filter(|text| !text.is_empty())
    }

    /// All its children.
    #[must_use]
    pub fn all_children(&self) -> &[Self] {
        &self.children
    }

    /// Checks that it is what was asked for, and that it carries no error.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] for an `error` element, as root or below it; [`Error::Unreadable`] for
    /// any other name.
    pub fn expect(self, name: &str) -> Result<Self, Error> {
        let error = if self.name == "error" { Some(&self) } else { self.child("error") };
        if let Some(error) = error {
            return Err(Error::Refused { message: SiteText::new(error.text()) });
        }
        if self.name != name {
            let reason = format!("it holds no `{name}`");
            return Err(Error::Unreadable { reason });
        }
        Ok(self)
    }
}

struct Building {
    open: Vec<Element>,
    root: Option<Element>,
    nodes: usize,
}

impl Building {
    fn start(&mut self, start: &BytesStart<'_>) -> Result<(), &'static str> {
        if self.open.len() >= MAX_DEPTH {
            return Err("it is nested too deeply");
        }
        if self.root.is_some() {
            return Err("there is more after its end");
        }
        self.count()?;
        let name = start.local_name().into_inner().to_owned();
        let mut element = Element { name, ..Element::default() };
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|_| "an attribute is not well-formed")?;
            self.count()?;
            if element.attributes.len() >= MAX_ATTRIBUTES {
                return Err("an element has too many attributes");
            }
            let value = attribute
                .normalized_value(XmlVersion::Implicit1_0)
                .map_err(|_| "an attribute has an entity that is not XML's own")?;
            let name = attribute.key.local_name().into_inner();
            element.attributes.push((name.to_owned(), value.into_owned()));
        }
        self.open.push(element);
        Ok(())
    }

    fn end(&mut self) -> Result<(), &'static str> {
        let done = self.open.pop().ok_or("an element ends that never began")?;
        match self.open.last_mut() {
            Some(parent) => parent.children.push(done),
            None => self.root = Some(done),
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), &'static str> {
        match self.open.last_mut() {
            Some(element) => element.text.push_str(text),
            None if text.trim().is_empty() => {}
            None => return Err("there is text outside its root"),
        }
        Ok(())
    }

    fn count(&mut self) -> Result<(), &'static str> {
        self.nodes += 1;
        if self.nodes > MAX_NODES { Err("it has too many elements") } else { Ok(()) }
    }
}

/// The character a reference stands for: XML's own five, or a number.
fn resolved(reference: &BytesRef<'_>) -> Result<char, &'static str> {
    let wrong = "it has an entity that is not XML's own";
    if let Some(character) = reference.resolve_char_ref().map_err(|_| wrong)? {
        return Ok(character);
    }
    match &*reference.xml10_content() {
        "amp" => Ok('&'),
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "apos" => Ok('\''),
        "quot" => Ok('"'),
        _ => Err(wrong),
    }
}

fn unreadable(reason: &str, place: usize) -> Error {
    Error::Unreadable { reason: format!("{reason} (byte {place})") }
}
