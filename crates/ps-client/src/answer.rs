//! Reading the vault's answers: property names in any case, nulls, unknown properties, and lists
//! in three shapes.

mod property;
mod secret_text;

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

pub(crate) use self::property::{
    FromNumber, FromText, ListItem, Property, Readable, number_property, text_property,
};
pub(crate) use self::secret_text::secret_text;

/// One JSON object, its values still text. `null` counts as absent.
///
/// A list in its order, not a map: rows have some twenty members, of which most are asked for
/// once, and comparing their names costs less than keeping copies of them.
pub(crate) struct Fields<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Vec::with_capacity(24);
        while let Some(Name(name)) = map.next_key()? {
            let value: &'de RawValue = map.next_value()?;
            if value.get() != "null" {
                fields.push((name, value));
            }
        }
        Ok(Fields(fields))
    }
}

/// A member's name, borrowed where it holds no escapes.
#[derive(serde::Deserialize)]
#[serde(transparent)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// Why an object is not what it should be: which property, and that it is missing or of another
/// kind. Never its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RowError {
    pub(crate) property: &'static str,
    pub(crate) missing: bool,
}

impl<'a> Fields<'a> {
    pub(crate) fn read(text: &'a str) -> Result<Self, RowError> {
        serde_json::from_str(text).map_err(|_| RowError { property: ".", missing: false })
    }

    fn get<T: Deserialize<'a>>(&self, property: &'static str) -> Result<Option<T>, RowError> {
        let Some(raw) = self.raw(property) else { return Ok(None) };
        let value = serde_json::from_str(raw.get());
        value.map(Some).map_err(|_| RowError { property, missing: false })
    }

    pub(crate) fn required<T: Deserialize<'a>>(
        &self,
        property: &'static str,
    ) -> Result<T, RowError> {
        self.get(property)?.ok_or(RowError { property, missing: true })
    }

    /// A text; an empty one is none.
    pub(crate) fn text(&self, property: &'static str) -> Result<Option<String>, RowError> {
        Ok(self.get::<String>(property)?.filter(|text| !text.is_empty()))
    }

    /// A text that stands for something; some servers write a number there. Empty is none.
    pub(crate) fn word(&self, property: &'static str) -> Result<Option<String>, RowError> {
        let Some(raw) = self.raw(property) else { return Ok(None) };
        if raw.get().starts_with(|first: char| first == '-' || first.is_ascii_digit()) {
            return Ok(Some(raw.get().to_owned()));
        }
        self.text(property)
    }

    /// A whole number; one in quotes is taken too.
    pub(crate) fn number(&self, property: &'static str) -> Result<Option<i64>, RowError> {
        let Some(raw) = self.raw(property) else { return Ok(None) };
        match raw.get().trim_matches('"').trim() {
            "" => Ok(None),
            digits => digits.parse().map(Some).map_err(|_| RowError { property, missing: false }),
        }
    }

    /// The number of a thing, which must be there.
    pub(crate) fn id(&self, property: &'static str) -> Result<i64, RowError> {
        self.number(property)?.ok_or(RowError { property, missing: true })
    }

    /// The number of a thing; zero, which some answers write for none, is none.
    pub(crate) fn some_id(&self, property: &'static str) -> Result<Option<i64>, RowError> {
        Ok(self.number(property)?.filter(|id| *id != 0))
    }

    /// A count that cannot be negative; a negative one is read as absent.
    pub(crate) fn minutes(&self, property: &'static str) -> Result<Option<u32>, RowError> {
        Ok(self.number(property)?.and_then(|number| u32::try_from(number).ok()))
    }

    /// A yes or no; absent is no. `1`, `0` and words in quotes are taken too.
    pub(crate) fn flag(&self, property: &'static str) -> Result<bool, RowError> {
        let Some(raw) = self.raw(property) else { return Ok(false) };
        match raw.get().trim_matches('"') {
            "1" => Ok(true),
            "0" | "" => Ok(false),
            word if word.eq_ignore_ascii_case("true") => Ok(true),
            word if word.eq_ignore_ascii_case("false") => Ok(false),
            _ => Err(RowError { property, missing: false }),
        }
    }

    pub(crate) fn raw(&self, property: &'static str) -> Option<&'a RawValue> {
        self.0.iter().find(|(name, _)| name.eq_ignore_ascii_case(property)).map(|(_, raw)| *raw)
    }
}

/// How deep lists and objects lie in each other, for what is read by recursion: the reader's own
/// limit starts anew with each value that is kept as text.
pub(crate) fn nesting(json: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let (mut in_text, mut is_escaped) = (false, false);
    for byte in json.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if in_text => is_escaped = true,
            b'"' => in_text = !in_text,
            b'[' | b'{' if !in_text => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// Rows of a list, in whichever of the vault's three shapes it came: an array, one object where
/// both names were given, or an envelope with `TotalCount` and `Data`. Nothing at all, and null,
/// are a list without rows.
pub(crate) fn rows<T>(
    text: &str,
    read: impl Fn(&Fields<'_>) -> Result<T, RowError>,
) -> Result<Vec<T>, RowsError> {
    let text = text.trim_start_matches('\u{feff}').trim();
    if matches!(text, "" | "null") {
        return Ok(Vec::new());
    }
    if text.starts_with('{') {
        let object = Fields::read(text).map_err(RowsError::whole)?;
        match (object.raw("Data"), object.raw("TotalCount")) {
            (Some(data), _) if data.get().starts_with('[') => return array(data.get(), read),
            (None, Some(_)) => return Ok(Vec::new()),
            _ => {}
        }
        let row = read(&object).map_err(|cause| RowsError { row: 0, cause })?;
        return Ok(vec![row]);
    }
    array(text, read)
}

fn array<T>(
    text: &str,
    read: impl Fn(&Fields<'_>) -> Result<T, RowError>,
) -> Result<Vec<T>, RowsError> {
    let rows: Vec<&RawValue> = serde_json::from_str(text)
        .map_err(|_| RowsError::whole(RowError { property: ".", missing: false }))?;
    let each = rows.iter().enumerate();
    each.map(|(row, raw)| {
        Fields::read(raw.get()).and_then(|f| read(&f)).map_err(|cause| RowsError { row, cause })
    })
    .collect()
}

/// Which row could not be read, and what of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RowsError {
    pub(crate) row: usize,
    pub(crate) cause: RowError,
}

impl RowsError {
    fn whole(cause: RowError) -> Self {
        Self { row: 0, cause }
    }
}

impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.property, self.missing) {
            (".", _) => f.write_str("it is not the JSON that was expected"),
            (property, true) => write!(f, "property {property} is missing"),
            (property, false) => write!(f, "property {property} is of another kind"),
        }
    }
}

impl fmt::Display for RowsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "row {}: {}", self.row, self.cause)
    }
}
