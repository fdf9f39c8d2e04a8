//! Calls as declarations: what a call needs, sends and answers, in one place.

use crate::body::{Rule, Value};

/// Declares the calls of a family, and the family's part of the catalogue. One call is
///
/// ```text
/// /// What it does, what it answers, which errors are its own.
/// Name { /** The asset. */ asset: AssetId }
///     PUT "Assets" / asset / "Databases"      path: texts, and fields by name
///     query { "limit" = limit }               members that are set; optional. What is set is
///                                             not empty, and a limit not 0
///     json (new)                              a field that is a body, or { "Id" = id }
///     rules a_function                        what concerns several fields; optional
///     => object(Asset),                       how the answer is read
///     Confirmed, "Asset Management (Full)"    how sure we are; the permission
///     , Unsafe;                               what a repeat does, where the method does not say
/// ```
///
/// A query `"version" = (new.version)` asks the field. A member of an inline body is checked where
/// it says `text(1000)`, or `name(75)` for one that cannot be empty.
///
/// Answers: `nothing`, `object(T)`, `list(T)`, `number(T)` for a bare number, `secret` for a bare
/// text that is one, `file` for bytes.
///
/// Calls that are written out by hand are named first: `@also [TypeName "permission" Confirmed]`.
macro_rules! calls {
    (
        $(@also [ $( $other:ident $(<$life:lifetime>)? $other_permission:literal $other_certainty:ident $other_repeat:ident ),+ $(,)? ])?
        $(
            $(#[$doc:meta])*
            $name:ident { $( $(#[$field_doc:meta])* $field:ident: $type:ty ),* $(,)? }
                $method:ident $($part:tt)/+
                $(query { $( $query:tt = $query_field:tt ),+ $(,)? })?
                $(json $body:tt)?
                $(rules $rules:path)?
                => $kind:ident $(($answer:ty))?,
                $certainty:ident, $permission:literal $(, $repeat:ident)?;
        )*
    ) => {
        $(
            $(#[$doc])*
            ///
            #[doc = concat!(
                "Call: `", $crate::endpoint::declare::call_name!($method $($part)/+), "`. Permission: ",
                $permission, ". *", stringify!($certainty), ".*"
            )]
            #[derive(Clone, Debug)]
            pub struct $name { $( $(#[$field_doc])* pub $field: $type, )* }

            impl $crate::endpoint::Endpoint for $name {
                type Answer = $crate::endpoint::declare::answer_type!($kind $($answer)?);
                const NAME: &'static str = $crate::endpoint::declare::call_name!($method $($part)/+);

                const RELEASES_SECRET: bool =
                    $crate::endpoint::declare::releases_secret!($kind $($answer)?);

                fn request(&self) -> $crate::endpoint::ApiRequest {
                    let path = [$( $crate::endpoint::declare::path_part!(self, $part) ),+];
                    let request = $crate::endpoint::ApiRequest::new(
                        http::Method::$method,
                        &path.each_ref().map(AsRef::as_ref),
                    );
                    $(
                        $(
                            let value = $crate::endpoint::declare::query_value!(self, $query_field);
                            let request = request.set($query, value);
                        )+
                    )?
                    $( let request = $crate::endpoint::declare::with_body!(self, request, $body); )?
                    $crate::endpoint::declare::sized!(request, $kind)
                }

                fn read(
                    &self,
                    answer: &$crate::endpoint::ApiAnswer,
                ) -> Result<Self::Answer, $crate::error::Error> {
                    $crate::endpoint::declare::read_as!(answer, Self::NAME, $kind $($answer)?)
                }

                $crate::endpoint::declare::read_again!($method $kind);

                fn check(&self) -> Result<(), $crate::error::Error> {
                    $( $( $crate::endpoint::declare::check_query!(self, $query, $query_field); )+ )?
                    $( $crate::endpoint::declare::check_body!(self, $body); )?
                    $( $crate::endpoint::declare::check_rule!(self, $rules(self)); )?
                    Ok(())
                }

                fn repeat(&self) -> $crate::repeat::Repeat {
                    $crate::endpoint::declare::repeat_of!($method $($repeat)?)
                }
            }
        )*

        /// This family's part of the catalogue.
        pub(in crate::endpoint) const CALLS: &[$crate::endpoint::Call] = &[
            $($(
                $crate::endpoint::Call {
                    name: <$other $(<$life>)? as $crate::endpoint::Endpoint>::NAME,
                    rust: concat!(module_path!(), "::", stringify!($other)),
                    permission: $other_permission,
                    certainty: $crate::endpoint::Certainty::$other_certainty,
                    repeat: $crate::repeat::Repeat::$other_repeat,
                },
            )+)?
            $(
                $crate::endpoint::Call {
                    name: <$name as $crate::endpoint::Endpoint>::NAME,
                    rust: concat!(module_path!(), "::", stringify!($name)),
                    permission: $permission,
                    certainty: $crate::endpoint::Certainty::$certainty,
                    repeat: $crate::endpoint::declare::repeat_of!($method $($repeat)?),
                },
            )*
        ];
    };
}

/// `GET Assets/{asset}`.
macro_rules! call_name {
    ($method:ident $first:tt $(/ $part:tt)*) => {
        concat!(
            stringify!($method), " ", $crate::endpoint::declare::name_part!($first)
            $(, "/", $crate::endpoint::declare::name_part!($part))*
        )
    };
}

macro_rules! name_part {
    ($text:literal) => {
        $text
    };
    ($field:ident) => {
        concat!("{", stringify!($field), "}")
    };
}

macro_rules! path_part {
    ($self:ident, $text:literal) => {
        std::borrow::Cow::Borrowed($text)
    };
    ($self:ident, $field:ident) => {
        std::borrow::Cow::<'_, str>::Owned($self.$field.to_string())
    };
}

macro_rules! with_body {
    ($self:ident, $request:ident, ($field:ident)) => {
        $request.json($crate::body::Json::of_body(&$self.$field))
    };
    ($self:ident, $request:ident, {
        $( $property:literal = $field:ident $($kind:ident($most:literal))? ),+ $(,)?
    }) => {
        $request.json($crate::body::Json::of_members(|members| {
            $( members.put($property, &$self.$field); )+
        }))
    };
}

macro_rules! query_value {
    ($self:ident, ($field:ident . $method:ident)) => {
        &$self.$field.$method()
    };
    ($self:ident, $field:ident) => {
        &$self.$field
    };
}

/// Leaves with the rule that is broken.
macro_rules! check_rule {
    ($self:ident, $outcome:expr) => {
        $outcome.map_err(|rule| $crate::error::Error::misuse(Self::NAME, rule))?
    };
}

/// An empty text finds, or deletes, something else than what was meant; a limit of 0 finds nothing.
macro_rules! check_query {
    ($self:ident, $query:tt, ($($computed:tt)*)) => {};
    ($self:ident, "limit", $field:ident) => {
        $crate::endpoint::declare::check_query!(@limit $self, "limit", $field)
    };
    ($self:ident, "Limit", $field:ident) => {
        $crate::endpoint::declare::check_query!(@limit $self, "Limit", $field)
    };
    (@limit $self:ident, $query:tt, $field:ident) => {
        if $self.$field == 0 {
            let rule = concat!($query, " is a number from 1 on");
            return Err($crate::error::Error::misuse(Self::NAME, rule));
        }
    };
    ($self:ident, $query:tt, $field:ident) => {
        if $crate::body::Value::text(&$self.$field) == Some("") {
            let rule = concat!($query, " cannot be empty");
            return Err($crate::error::Error::misuse(Self::NAME, rule));
        }
        $crate::endpoint::declare::check_rule!(
            $self, $crate::body::Value::check_value(&$self.$field)
        );
    };
}

macro_rules! check_body {
    ($self:ident, ($field:ident)) => {
        $crate::endpoint::declare::check_rule!($self, $crate::body::Body::check(&$self.$field))
    };
    ($self:ident, {
        $( $property:literal = $field:ident $($kind:ident($most:literal))? ),+ $(,)?
    }) => {
        $(
            $(
                $crate::endpoint::declare::check_rule!(
                    $self, $crate::endpoint::declare::$kind(&$self.$field, $most, [
                        concat!($property, " cannot be empty"),
                        concat!($property, " has at most ", $most, " characters"),
                    ])
                );
            )?
            $crate::endpoint::declare::check_rule!(
                $self, $crate::body::Value::check_value(&$self.$field)
            );
        )+
    };
}

/// A text of an inline body that may be empty.
pub(crate) fn text(value: &impl Value, most: usize, [_, long]: [Rule; 2]) -> Result<(), Rule> {
    match value.text() {
        Some(text) if text.chars().count() > most => Err(long),
        _ => Ok(()),
    }
}

/// One that must say something.
pub(crate) fn name(value: &impl Value, most: usize, rules: [Rule; 2]) -> Result<(), Rule> {
    match value.text() {
        Some("") => Err(rules[0]),
        _ => text(value, most, rules),
    }
}

macro_rules! answer_type {
    (nothing) => { () };
    (object $type:ty) => { $type };
    (list $type:ty) => { Vec<$type> };
    (number $type:ty) => { $type };
    (secret) => { secrecy::SecretString };
    (file) => { zeroize::Zeroizing<Vec<u8>> };
}

macro_rules! read_as {
    ($answer:ident, $name:expr, nothing) => {
        $answer.body($name).map(|_| ())
    };
    ($answer:ident, $name:expr, object $type:ty) => {
        $answer.object::<$type>($name)
    };
    ($answer:ident, $name:expr, list $type:ty) => {
        $answer.list::<$type>($name)
    };
    ($answer:ident, $name:expr, number $type:ty) => {
        $answer.number::<$type>($name)
    };
    ($answer:ident, $name:expr, secret) => {
        $answer.secret($name)
    };
    ($answer:ident, $name:expr, file) => {
        $answer.file($name)
    };
}

macro_rules! releases_secret {
    (object $type:ty) => {
        <$type as $crate::answer::Readable>::HOLDS_SECRET
    };
    (list $type:ty) => {
        <$type as $crate::answer::Readable>::HOLDS_SECRET
    };
    (nothing) => {
        false
    };
    (number $type:ty) => {
        false
    };
    ($other:ident) => {
        true
    };
}

/// What is gone when a deletion is repeated has been deleted by the try before.
macro_rules! read_again {
    (DELETE nothing) => {
        fn read_again(
            &self,
            answer: &$crate::endpoint::ApiAnswer,
        ) -> Result<(), $crate::error::Error> {
            match $crate::endpoint::Endpoint::read(self, answer) {
                Err(error) if matches!(error.kind(), $crate::error::ErrorKind::NotFound) => Ok(()),
                outcome => outcome,
            }
        }
    };
    ($method:ident $kind:ident) => {};
}

/// What a repeat does, by method where nothing is said: who makes something makes two of it.
macro_rules! repeat_of {
    (POST) => {
        $crate::repeat::Repeat::Unsafe
    };
    ($method:ident) => {
        $crate::repeat::Repeat::Safe
    };
    ($method:ident $repeat:ident) => {
        $crate::repeat::Repeat::$repeat
    };
}

/// Lists and files may be long; the rest is short.
macro_rules! sized {
    ($request:ident, list) => {
        $request.list()
    };
    ($request:ident, file) => {
        $request.list()
    };
    ($request:ident, $kind:ident) => {
        $request
    };
}

/// A list that comes in pages: which row type, and what tells two rows apart.
macro_rules! paged {
    ($( $call:ident of $row:ident by $field:ident: $key:ty; )+) => {$(
        impl $crate::session::Paged for $call {
            type Row = $row;
            type Key = $key;

            fn limit(&self) -> u32 {
                self.limit
            }

            fn at(&self, offset: u32) -> Self {
                Self { offset: self.offset.saturating_add(offset), ..self.clone() }
            }

            fn key(row: &$row) -> $key {
                row.$field.clone()
            }
        }
    )+};
}

pub(crate) use {
    answer_type, call_name, calls, check_body, check_query, check_rule, name_part, paged,
    path_part, query_value, read_again, read_as, releases_secret, repeat_of, sized, with_body,
};
