//! Short texts as JSON, whole or not at all.

use crate::record::ShortText;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// The text, if it fits in whole: nothing is cut off where bytes are to be proven.
pub(super) fn whole<const N: usize>(text: &str) -> Option<ShortText<N>> {
    Some(ShortText::new(text)).filter(|kept| kept.as_str() == text)
}

/// Whether these are bytes of ASCII that are seen, none of them a space: what names things.
pub(super) fn is_name(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic())
}

pub(super) fn serialize<S: Serializer, const N: usize>(text: &ShortText<N>, to: S) -> Result<S::Ok, S::Error> {
    text.as_str().serialize(to)
}

pub(super) fn deserialize<'d, D: Deserializer<'d>, const N: usize>(from: D) -> Result<ShortText<N>, D::Error> {
    whole(&String::deserialize(from)?).ok_or_else(|| D::Error::custom(format!("a text is longer than {N} bytes")))
}

/// The same, of texts that may be missing.
pub(super) mod optional {
    use super::{Deserialize, Deserializer, Error, Serialize, Serializer, ShortText, whole};

    pub(in crate::proof) fn serialize<S: Serializer, const N: usize>(
        text: &Option<ShortText<N>>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        text.as_ref().map(ShortText::as_str).serialize(to)
    }

    pub(in crate::proof) fn deserialize<'d, D: Deserializer<'d>, const N: usize>(
        from: D,
    ) -> Result<Option<ShortText<N>>, D::Error> {
        let Some(text) = Option::<String>::deserialize(from)? else { return Ok(None) };
        whole(&text).map(Some).ok_or_else(|| D::Error::custom(format!("a text is longer than {N} bytes")))
    }
}
