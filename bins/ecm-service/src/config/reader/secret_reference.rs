//! Taking a secret reference; refusing a secret that stands in the file itself.

use std::path::PathBuf;

use toml::Spanned;
use toml::de::DeValue;

use super::{At, TableReader};
use crate::config::key::Key;
use crate::config::secret::SecretRef;

impl TableReader<'_, '_> {
    /// Takes a secret reference. A secret written into the file itself is refused and not repeated.
    pub fn secret(&mut self, key: &'static Key) -> Option<At<SecretRef>> {
        let value = self.raw(key)?;
        self.secret_reference(key.name, value)
    }

    /// The same, of a value that stands behind a free name.
    pub(crate) fn secret_reference(
        &self,
        name: &str,
        value: &Spanned<DeValue<'_>>,
    ) -> Option<At<SecretRef>> {
        let span = value.span();
        let example = format!("write for example: {name} = {{ file = \"/etc/ecm-service/…\" }}");
        let Some(table) = value.get_ref().as_table() else {
            self.problem(
                span,
                format!("`{name}` holds the secret itself; this file must name its place"),
                format!("{example}, and treat the written secret as known to others"),
            );
            return None;
        };
        let mut entries = table.iter();
        let (Some((kind, place)), None) = (entries.next(), entries.next()) else {
            self.problem(span, format!("`{name}` must name exactly one place"), example);
            return None;
        };
        let Some(text) = place.get_ref().as_str().filter(|text| !text.is_empty()) else {
            self.problem(place.span(), format!("the place of `{name}` must be a string"), example);
            return None;
        };
        let reference = match kind.get_ref().as_ref() {
            "file" => SecretRef::File(PathBuf::from(text)),
            "env" => SecretRef::Env(text.to_owned()),
            "credential" if !text.contains(['/', '\\']) && text != ".." && text != "." => {
                SecretRef::Credential(text.to_owned())
            }
            "credential" => {
                self.problem(
                    place.span(),
                    "a credential is named without a folder",
                    "write the name given to LoadCredential=, or use { file = … }",
                );
                return None;
            }
            other => {
                let shown: String = other.chars().take(40).collect();
                self.problem(
                    kind.span(),
                    format!("`{shown}` is no kind of place for a secret"),
                    "write { file = … }, { env = … } or { credential = … }",
                );
                return None;
            }
        };
        Some(At { value: reference, span })
    }
}
