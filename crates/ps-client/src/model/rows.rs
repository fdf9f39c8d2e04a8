//! Objects that the vault answers.

/// Declares structures and how each field is read: `field: Type = "Property"`.
///
/// They are `#[non_exhaustive]`: newer vaults say more.
macro_rules! models {
    ($(
        $(#[$doc:meta])*
        $name:ident {
            $( $(#[$field_doc:meta])* $field:ident: $type:ty = $property:literal, )+
        }
    )+) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug)]
        #[non_exhaustive]
        pub struct $name {
            $( $(#[$field_doc])* pub $field: $type, )+
        }

        impl $crate::answer::Readable for $name {
            const HOLDS_SECRET: bool =
                false $( || <$type as $crate::answer::Property>::IS_SECRET )+;

            fn read(
                fields: &$crate::answer::Fields<'_>,
            ) -> Result<Self, $crate::answer::RowError> {
                Ok(Self {
                    $( $field: $crate::answer::Property::of(fields, $property)?, )+
                })
            }
        }
    )+};
}

pub(crate) use models;
