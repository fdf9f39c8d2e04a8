//! Templates of vault users: `{netbios}\{user}`.

use std::fmt::Write as _;

use crate::DirectoryUse;
use crate::directory::Entry;
use crate::domains::Domain;
use crate::runas::is_allowed;

/// A template whose fields about the domain are filled in already.
#[derive(Debug, Clone)]
pub(crate) struct Template {
    written: String,
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Literal(String),
    Field { field: Field, case: Case },
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Field {
    User,
    Capture(String),
    /// An attribute of the user's entry in the directory.
    Directory(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Case {
    AsIs,
    Lower,
    Upper,
}

/// What the fields of a template are filled with.
pub(crate) struct Filling<'a> {
    pub(crate) user: &'a str,
    pub(crate) captures: &'a [(String, String)],
    pub(crate) entry: Option<&'a Entry>,
}

/// A field that has nothing to be filled with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoValue {
    #[error("the directory's entry has no single value of `{0}`")]
    Attribute(String),
    #[error("the capture `{0}` took no part in the match, or matched nothing")]
    Capture(String),
}

/// Why a text is no template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TemplateProblem {
    #[error("`{{` at byte {at} does not end")]
    Unclosed { at: usize },
    #[error("`}}` at byte {at} ends nothing")]
    Unopened { at: usize },
    #[error("byte {at} is `{character}`, which a vault user cannot hold")]
    Character { at: usize, character: char },
    #[error("there is no field `{{{name}}}`")]
    UnknownField { name: String },
    #[error("`{name}` is no change of case")]
    UnknownCase { name: String },
    #[error("the domain has no `{key}`")]
    NoDomainName { key: &'static str },
    #[error("`{name}` is no attribute of a directory")]
    Attribute { name: String },
    #[error("`{name}` is an attribute that holds a secret")]
    SecretAttribute { name: String },
    #[error("`{{dir.{name}}}` needs a directory, and the rule's domain has none")]
    NoDirectory { name: String },
}

impl TemplateProblem {
    pub(crate) fn advice(&self) -> &'static str {
        match self {
            Self::Unclosed { .. } | Self::Unopened { .. } => {
                "fields are written {user}; a brace itself is written twice"
            }
            Self::Character { .. } => {
                "the vault's header takes printable ASCII without ; = [ ] , \" / : | + * ? < >"
            }
            Self::UnknownField { .. } => {
                "fields are {user}, {netbios}, {dns}, {suffix}, {dir.ATTRIBUTE} and the named captures of \
                 `user`"
            }
            Self::UnknownCase { .. } => "write {field:lower} or {field:upper}",
            Self::Attribute { .. } => {
                "attributes are letters, digits and `-`, such as {dir.userPrincipalName}"
            }
            Self::SecretAttribute { .. } => {
                "use one that names the user; what is read here is shown in traces and logs"
            }
            Self::NoDirectory { .. } => "set `directory` in the [[domain]], or use another field",
            Self::NoDomainName { .. } => "add it to the [[domain]], or use another field",
        }
    }
}

/// Names that captures cannot have, because fields have them.
pub(crate) const BUILT_IN_FIELDS: [&str; 4] = ["user", "netbios", "dns", "suffix"];

/// Attributes whose values are secrets, which have no place in traces and logs.
const HOLDS_SECRETS: [&str; 14] = [
    "userPassword",
    "unixUserPassword",
    "unicodePwd",
    "dBCSPwd",
    "ntPwdHistory",
    "lmPwdHistory",
    "supplementalCredentials",
    "ms-Mcs-AdmPwd",
    "ms-Mcs-AdmPwdHistory",
    "msLAPS-Password",
    "msDS-ManagedPassword",
    "sambaNTPassword",
    "sambaLMPassword",
    "krbPrincipalKey",
];

impl Template {
    /// Reads a template for users of vault users in `domain`, with the named captures of a rule.
    pub(crate) fn read(
        text: &str,
        domain: &Domain,
        captures: &[String],
    ) -> Result<Self, TemplateProblem> {
        let mut pieces = Vec::new();
        let mut literal = String::new();
        let mut characters = text.char_indices().peekable();
        while let Some((at, character)) = characters.next() {
            match character {
                '{' | '}' if characters.next_if(|&(_, next)| next == character).is_some() => {
                    literal.push(character);
                }
                '}' => return Err(TemplateProblem::Unopened { at }),
                '{' => {
                    let rest = text.get(at + 1..).unwrap_or_default();
                    let Some((inside, _)) = rest.split_once('}') else {
                        return Err(TemplateProblem::Unclosed { at });
                    };
                    let end = at + 1 + inside.len();
                    while characters.next_if(|&(place, _)| place <= end).is_some() {}
                    match read_field(inside, domain, captures)? {
                        Piece::Literal(name) => literal.push_str(&name),
                        field @ Piece::Field { .. } => {
                            pieces.push(Piece::Literal(std::mem::take(&mut literal)));
                            pieces.push(field);
                        }
                    }
                }
                _ if is_allowed(character) || character == ' ' => literal.push(character),
                _ => return Err(TemplateProblem::Character { at, character }),
            }
        }
        pieces.push(Piece::Literal(literal));
        pieces.retain(|piece| *piece != Piece::Literal(String::new()));
        Ok(Self { written: text.to_owned(), pieces })
    }

    /// The template as the file has it.
    pub(crate) fn as_written(&self) -> &str {
        &self.written
    }

    /// Whether it gives the same for every user.
    pub(crate) fn is_constant(&self) -> bool {
        self.pieces.iter().all(|piece| matches!(piece, Piece::Literal(_)))
    }

    pub(crate) fn uses_user(&self) -> bool {
        self.fields().any(|field| matches!(field, Field::User | Field::Directory(_)))
    }

    /// Whether it is the principal name of the user's entry and nothing else, which the directory
    /// itself says is the same account.
    pub(crate) fn is_principal_name(&self) -> bool {
        matches!(self.pieces.as_slice(), [Piece::Field { field: Field::Directory(name), .. }]
            if name.eq_ignore_ascii_case("userPrincipalName"))
    }

    /// Whether two fields stand side by side, so that it is lost where one ends.
    pub(crate) fn runs_together(&self) -> bool {
        let is_field = |piece: &Piece| matches!(piece, Piece::Field { .. });
        self.pieces.windows(2).any(|pair| pair.iter().all(is_field))
    }

    pub(crate) fn uses_capture(&self, name: &str) -> bool {
        self.fields().any(|field| matches!(field, Field::Capture(capture) if capture == name))
    }

    fn fields(&self) -> impl Iterator<Item = &Field> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Literal(_) => None,
            Piece::Field { field, .. } => Some(field),
        })
    }

    /// The attributes of the directory's entry that it uses.
    pub(crate) fn attributes(&self) -> impl Iterator<Item = &str> {
        self.fields().filter_map(|field| match field {
            Field::Directory(name) => Some(name.as_str()),
            Field::User | Field::Capture(_) => None,
        })
    }

    /// Fills the fields in. A capture without text and an attribute that the entry does not have
    /// are errors: whoever lacks them would all become one vault user.
    pub(crate) fn fill(&self, filling: &Filling<'_>) -> Result<String, NoValue> {
        let mut filled = String::with_capacity(self.written.len() + filling.user.len());
        for piece in &self.pieces {
            match piece {
                Piece::Literal(literal) => filled.push_str(literal),
                Piece::Field { field, case } => {
                    let value = match field {
                        Field::User => filling.user,
                        Field::Capture(name) => filling
                            .captures
                            .iter()
                            .find(|(capture, value)| capture == name && !value.is_empty())
                            .map(|(_, value)| value.as_str())
                            .ok_or_else(|| NoValue::Capture(name.clone()))?,
                        Field::Directory(name) => filling
                            .entry
                            .and_then(|entry| entry.attributes.get(name))
                            .filter(|value| !value.is_empty())
                            .ok_or_else(|| NoValue::Attribute(name.clone()))?,
                    };
                    filled.push_str(&case.apply(value));
                }
            }
        }
        Ok(filled)
    }

    /// Fills every field with a text of its own, so that two templates give the same only if they
    /// are made of the same.
    pub(crate) fn fill_apart(&self) -> String {
        let mut filled = String::new();
        for piece in &self.pieces {
            let _ = match piece {
                Piece::Literal(literal) => filled.write_str(literal),
                Piece::Field { field, case } => {
                    let probe = match field {
                        Field::User => "xuser".to_owned(),
                        Field::Capture(name) => format!("xc-{name}"),
                        Field::Directory(name) => format!("xd-{}", name.to_ascii_lowercase()),
                    };
                    filled.write_str(&case.apply(&probe))
                }
            };
        }
        filled
    }

    /// Fills every field with the same text.
    pub(crate) fn fill_all_with(&self, text: &str) -> String {
        let mut filled = String::new();
        for piece in &self.pieces {
            let _ = match piece {
                Piece::Literal(literal) => filled.write_str(literal),
                Piece::Field { case, .. } => filled.write_str(&case.apply(text)),
            };
        }
        filled
    }
}

impl Case {
    /// Only ASCII letters change, so that no two names become one that were two.
    fn apply(self, text: &str) -> String {
        match self {
            Self::AsIs => text.to_owned(),
            Self::Lower => text.to_ascii_lowercase(),
            Self::Upper => text.to_ascii_uppercase(),
        }
    }
}

/// Reads what stands between braces. Fields about the domain become literals at once.
fn read_field(
    inside: &str,
    domain: &Domain,
    captures: &[String],
) -> Result<Piece, TemplateProblem> {
    let (name, case) = match inside.split_once(':') {
        None => (inside, Case::AsIs),
        Some((name, "lower")) => (name, Case::Lower),
        Some((name, "upper")) => (name, Case::Upper),
        Some((_, other)) => return Err(TemplateProblem::UnknownCase { name: other.to_owned() }),
    };
    let of_domain = |key, value: Option<&String>| match value {
        Some(value) => Ok(Piece::Literal(case.apply(value))),
        None => Err(TemplateProblem::NoDomainName { key }),
    };
    match name {
        "user" => Ok(Piece::Field { field: Field::User, case }),
        "netbios" => of_domain("netbios", domain.netbios.as_ref()),
        "dns" => of_domain("dns", domain.dns.first()),
        "suffix" => of_domain("suffix", domain.suffix.first()),
        _ if name.starts_with("dir.") => {
            let name = name.strip_prefix("dir.").unwrap_or(name).to_owned();
            let is_attribute = name.starts_with(|c: char| c.is_ascii_alphabetic())
                && name.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-');
            if !is_attribute {
                return Err(TemplateProblem::Attribute { name });
            }
            if HOLDS_SECRETS.iter().any(|secret| name.eq_ignore_ascii_case(secret)) {
                return Err(TemplateProblem::SecretAttribute { name });
            }
            if domain.directory == DirectoryUse::Never {
                return Err(TemplateProblem::NoDirectory { name });
            }
            Ok(Piece::Field { field: Field::Directory(name), case })
        }
        _ if captures.iter().any(|capture| capture == name) => {
            Ok(Piece::Field { field: Field::Capture(name.to_owned()), case })
        }
        _ => Err(TemplateProblem::UnknownField { name: name.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DomainId;

    fn acme() -> Domain {
        Domain {
            id: DomainId::new("acme"),
            netbios: Some("ACME".to_owned()),
            dns: vec!["acme.test".to_owned(), "old.test".to_owned()],
            ..Domain::default()
        }
    }

    fn filled(text: &str) -> Result<String, TemplateProblem> {
        let template = Template::read(text, &acme(), &["u".to_owned()])?;
        let captures = [("u".to_owned(), "joe".to_owned())];
        let filling = Filling { user: "joe.user", captures: &captures, entry: None };
        Ok(template.fill(&filling).unwrap())
    }

    #[test]
    fn fields_are_filled_in() {
        let table = [
            (r"{netbios}\{user}", r"ACME\joe.user"),
            ("{u}@{dns}", "joe@acme.test"),
            ("{netbios:lower}-{u:upper}", "acme-JOE"),
            ("a{{b}}{u}", "a{b}joe"),
            ("{{{u}}}", "{joe}"),
            ("joe user", "joe user"),
            ("", ""),
        ];
        for (text, expected) in table {
            assert_eq!(filled(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_template_is_refused_where_it_is_wrong() {
        let table = [
            ("{user", TemplateProblem::Unclosed { at: 0 }),
            ("x{", TemplateProblem::Unclosed { at: 1 }),
            ("user}", TemplateProblem::Unopened { at: 4 }),
            ("{u};", TemplateProblem::Character { at: 3, character: ';' }),
            ("{u}\n", TemplateProblem::Character { at: 3, character: '\n' }),
            ("é{u}", TemplateProblem::Character { at: 0, character: 'é' }),
            ("{v}", TemplateProblem::UnknownField { name: "v".to_owned() }),
            ("{}", TemplateProblem::UnknownField { name: String::new() }),
            ("{dir.mail}", TemplateProblem::NoDirectory { name: "mail".to_owned() }),
            ("{dir.}", TemplateProblem::Attribute { name: String::new() }),
            ("{dir.dir.mail}", TemplateProblem::Attribute { name: "dir.mail".to_owned() }),
            (
                "{dir.UserPassword}",
                TemplateProblem::SecretAttribute { name: "UserPassword".to_owned() },
            ),
            ("{dir.a;b}", TemplateProblem::Attribute { name: "a;b".to_owned() }),
            ("{u:title}", TemplateProblem::UnknownCase { name: "title".to_owned() }),
            ("{user}@{suffix}", TemplateProblem::NoDomainName { key: "suffix" }),
        ];
        for (text, problem) in table {
            assert_eq!(filled(text), Err(problem), "{text}");
        }
    }
}
