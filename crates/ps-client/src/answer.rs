//! Reading the vault's answers: property names in any case, nulls, unknown properties, and lists
//! in three shapes.

mod property;
mod secret_text;

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

pub(crate) use self::property::{
    FromCode, FromNumber, FromText, ListItem, Property, Readable, code, code_property,
    number_property, text_property,
};
pub(crate) use self::secret_text::secret_text;

/// One JSON object, its values still text. `null` counts as absent, but for texts that must be
/// there: see [`Fields::is_null`].
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
            fields.push((name, map.next_value()?));
        }
        Ok(Fields(fields))
    }
}

/// A member's name, borrowed where it holds no escapes.
#[derive(serde::Deserialize)]
#[serde(transparent)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// A whole number, which some serializers write as `120.0` or `1.2e2`.
#[expect(clippy::cast_possible_truncation, reason = "it is whole, and far from the limits")]
fn whole(digits: &str) -> Option<i64> {
    let digits = digits.trim();
    if let Ok(number) = digits.parse() {
        return Some(number);
    }
    let number: f64 = digits.parse().ok()?;
    (number.fract() == 0.0 && number.abs() < 1e15).then_some(number as i64)
}

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

    /// A text that stands for something; some servers write a number or a truth value there.
    /// Empty is none.
    pub(crate) fn word(&self, property: &'static str) -> Result<Option<String>, RowError> {
        let Some(raw) = self.raw(property) else { return Ok(None) };
        let word = word_of(raw).ok_or(RowError { property, missing: false })?;
        Ok(Some(word).filter(|word| !word.is_empty()))
    }

    /// A whole number; one in quotes is taken too.
    pub(crate) fn number(&self, property: &'static str) -> Result<Option<i64>, RowError> {
        let Some(raw) = self.raw(property) else { return Ok(None) };
        if raw.get().trim_matches('"').trim().is_empty() {
            return Ok(None);
        }
        number_of(raw).map(Some).ok_or(RowError { property, missing: false })
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
        self.all(property).find(|raw| raw.get() != "null")
    }

    /// Whether the property is there, and nothing is said of it.
    pub(crate) fn is_null(&self, property: &'static str) -> bool {
        self.raw(property).is_none() && self.all(property).next().is_some()
    }

    fn all(&self, property: &'static str) -> impl Iterator<Item = &'a RawValue> {
        let named = self.0.iter().filter(|(name, _)| name.eq_ignore_ascii_case(property));
        named.map(|(_, raw)| *raw)
    }

    /// The rows, where this is an envelope of `TotalCount` and `Data`.
    fn enveloped(&self) -> Option<&'a str> {
        match (self.raw("Data"), self.raw("TotalCount")) {
            (Some(data), _) if data.get().starts_with('[') => Some(data.get()),
            (None, Some(_)) => Some("[]"),
            _ => None,
        }
    }
}

/// A text, number or truth value as text.
pub(crate) fn word_of(raw: &RawValue) -> Option<String> {
    match raw.get().as_bytes().first()? {
        b'"' => serde_json::from_str(raw.get()).ok(),
        b'{' | b'[' => None,
        _ => Some(raw.get().to_owned()),
    }
}

/// A whole number, in quotes or not.
pub(crate) fn number_of(raw: &RawValue) -> Option<i64> {
    whole(raw.get().trim_matches('"'))
}

/// What some servers put before their texts (U+FEFF), and space, say nothing.
pub(crate) fn plain(text: &str) -> &str {
    text.trim_start_matches('\u{feff}').trim()
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
    let text = plain(text);
    if matches!(text, "" | "null") {
        return Ok(Vec::new());
    }
    if text.starts_with('{') {
        let object = Fields::read(text).map_err(RowsError::whole)?;
        if let Some(data) = object.enveloped() {
            return array(data, read);
        }
        let row = read(&object).map_err(|cause| RowsError { row: 0, cause })?;
        return Ok(vec![row]);
    }
    array(text, read)
}

/// One object, where some servers answer a list of one.
pub(crate) fn object<T>(
    text: &str,
    read: impl Fn(&Fields<'_>) -> Result<T, RowError>,
) -> Result<T, ObjectError> {
    let text = plain(text);
    let list = match text.starts_with('[') {
        true => text,
        false => {
            let fields = Fields::read(text).map_err(ObjectError::Row)?;
            match fields.enveloped() {
                Some(data) => data,
                None => return read(&fields).map_err(ObjectError::Row),
            }
        }
    };
    let whole = |_| ObjectError::Row(RowError { property: ".", missing: false });
    let rows: Vec<&RawValue> = serde_json::from_str(list).map_err(whole)?;
    match rows.as_slice() {
        [row] => Fields::read(row.get()).and_then(|f| read(&f)).map_err(ObjectError::Row),
        [] => Err(ObjectError::None),
        several => Err(ObjectError::Several(several.len())),
    }
}

/// Why there is not one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ObjectError {
    /// It is not what it should be.
    Row(RowError),
    /// The list is empty.
    None,
    /// So many fit.
    Several(usize),
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
