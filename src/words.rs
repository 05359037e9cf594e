//! Enums of plain words: states, reasons, message kinds, events. One declaration gives the word its
//! single spelling in messages, stores, scenarios and reports.

/// A word that is none of a list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("find `{word}` among the words of {list}")]
pub struct UnknownWord {
    list: &'static str,
    word: String,
}

impl UnknownWord {
    /// `word` is none of `list`'s; cut to 40 characters.
    pub fn new(list: &'static str, word: &str) -> Self {
        Self {
            list,
            word: word.chars().take(40).collect(),
        }
    }
}

/// Declares an enum of words with `ALL`, `word()`, `about()`, `Display`, `FromStr`, serde and a
/// store column.
macro_rules! words {
    (
        $(#[$doc:meta])*
        pub enum $name:ident {
            $($(#[doc = $vdoc:literal])* $variant:ident = $word:literal),+ $(,)?
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[doc = $vdoc])* $variant),+ }

        impl $name {
            /// Every one, in the order of the declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Its word, the same in messages, stores, scenarios and reports.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// What it means, in a sentence: its documentation.
            pub const fn about(self) -> &'static str {
                match self { $(Self::$variant => concat!($($vdoc),*).trim_ascii()),+ }
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.word())
            }
        }
        impl std::str::FromStr for $name {
            type Err = $crate::words::UnknownWord;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let found = Self::ALL.iter().copied().find(|v| v.word() == text);
                found.ok_or_else(|| $crate::words::UnknownWord::new(stringify!($name), text))
            }
        }
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.serialize_str(self.word())
            }
        }
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
        $crate::store::fields! {
            $name as Text(stringify!($name)): |v| v.word(), |raw| raw.parse().ok();
        }
    };
}
pub(crate) use words;
