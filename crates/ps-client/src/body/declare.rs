//! Bodies as structures: what must be there is asked for by `new`, the rest has setters.

/// Declares bodies. A field is `name: kind = "Property"`; the kinds are
///
/// * `text(n)`: at most `n` characters, and at least one where it must be there,
/// * `secret(n)`: the same as a secret,
/// * `number(a, b)`: from `a` to `b`,
/// * `flag`: yes or no,
/// * `id(Type)`: the number of a thing, from 1 on,
/// * `some(Type)`: a list of them, at least one,
/// * `of(Type)`: whatever else a body can hold; bodies inside are checked too.
///
/// Fields in round brackets must be given; those in braces may be. `rules` names a function for
/// what concerns several fields.
macro_rules! bodies {
    ($(
        $(#[$doc:meta])*
        $name:ident (
            $( $(#[$must_doc:meta])* $must:ident: $must_kind:ident $(($($must_limit:tt)*))? = $must_property:literal, )*
        ) {
            $( $(#[$may_doc:meta])* $may:ident: $may_kind:ident $(($($may_limit:tt)*))? = $may_property:literal, )*
        }
        $(rules $rules:path)?;
    )+) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name {
            $( pub(crate) $must: $crate::body::stored!($must_kind $($($must_limit)*)?), )*
            $( pub(crate) $may: Option<$crate::body::stored!($may_kind $($($may_limit)*)?)>, )*
        }

        impl $name {
            /// With what must be there, in this order:
            ///
            $( #[doc = concat!("* `", stringify!($must), "`:")] $(#[$must_doc])* )*
            #[must_use]
            pub fn new($($must: $crate::body::parameter!($must_kind $($($must_limit)*)?)),*) -> Self {
                Self {
                    $( $must: $must.into(), )*
                    $( $may: None, )*
                }
            }

            $(
                $(#[$may_doc])*
                #[must_use]
                pub fn $may(mut self, $may: $crate::body::parameter!($may_kind $($($may_limit)*)?)) -> Self {
                    self.$may = Some($may.into());
                    self
                }
            )*
        }

        $crate::body::default!($name $($must)*);

        impl $crate::body::Body for $name {
            fn members(&self, members: &mut $crate::body::Members<'_>) {
                $( members.put($must_property, &self.$must); )*
                $( members.put($may_property, &self.$may); )*
            }

            fn check(&self) -> Result<(), $crate::body::Rule> {
                $( $crate::body::limit!(must &self.$must, $must_property, $must_kind $($($must_limit)*)?); )*
                $(
                    if let Some(_given) = &self.$may {
                        $crate::body::limit!(may _given, $may_property, $may_kind $($($may_limit)*)?);
                    }
                )*
                $( $rules(self)?; )?
                Ok(())
            }
        }

        impl $crate::body::Value for $name {
            fn write(&self, json: &mut $crate::body::Json) {
                json.object(|members| $crate::body::Body::members(self, members));
            }

            fn check_value(&self) -> Result<(), $crate::body::Rule> {
                $crate::body::Body::check(self)
            }
        }
    )+};
}

/// Where nothing must be there, an empty one is one.
macro_rules! default {
    ($name:ident) => {
        impl Default for $name {
            fn default() -> Self {
                Self::new()
            }
        }
    };
    ($name:ident $($must:ident)+) => {};
}

/// The type a kind is stored as.
macro_rules! stored {
    (text $limit:literal) => {
        String
    };
    (secret $limit:literal) => {
        secrecy::SecretString
    };
    (number $least:literal, $most:literal) => {
        u32
    };
    (flag) => {
        bool
    };
    (id $type:ty) => {
        $type
    };
    (some $type:ty) => {
        Vec<$type>
    };
    (of $type:ty) => {
        $type
    };
}

/// The type a kind is given as.
macro_rules! parameter {
    (text $limit:literal) => { &str };
    ($($other:tt)*) => { $crate::body::stored!($($other)*) };
}

/// Leaves with the rule that a value breaks.
macro_rules! limit {
    (must $value:expr, $property:literal, text $most:literal) => {
        if $value.is_empty() {
            return Err(concat!($property, " cannot be empty"));
        }
        $crate::body::limit!(may $value, $property, text $most);
    };
    (may $value:expr, $property:literal, text $most:literal) => {
        if $value.chars().count() > $most {
            return Err(concat!($property, " has at most ", $most, " characters"));
        }
    };
    ($need:ident $value:expr, $property:literal, secret $most:literal) => {
        let text = secrecy::ExposeSecret::expose_secret($value);
        if text.is_empty() {
            return Err(concat!($property, " cannot be empty: leave it out to keep what is there"));
        }
        $crate::body::limit!(may text, $property, text $most);
    };
    ($need:ident $value:expr, $property:literal, number $least:literal, $most:literal) => {
        if !($least..=$most).contains($value) {
            return Err(concat!($property, " is a number from ", $least, " to ", $most));
        }
    };
    ($need:ident $value:expr, $property:literal, flag) => {};
    ($need:ident $value:expr, $property:literal, id $type:ty) => {
        if $value.number() < 1 {
            return Err(concat!($property, " is a number from 1 on"));
        }
    };
    ($need:ident $value:expr, $property:literal, some $type:ty) => {
        if $value.is_empty() {
            return Err(concat!($property, " is a list of at least one"));
        }
        $crate::body::Value::check_value($value)?;
    };
    ($need:ident $value:expr, $property:literal, of $type:ty) => {
        $crate::body::Value::check_value($value)?;
    };
}

pub(crate) use {bodies, default, limit, parameter, stored};
