//! The path's first characters, out of a request line or its target.

use suiftly_schema::record::ShortText;

/// Of `GET /path?query HTTP/1.1`; the line may be cut anywhere.
pub(super) fn of_request(request: &[u8]) -> Option<ShortText<10>> {
    let after_method = &request[memchr::memchr(b' ', request)? + 1..];
    of_target(&after_method[..memchr::memchr(b' ', after_method).unwrap_or(after_method.len())])
}

/// Of `/path?query` or `https://host/path`.
pub(super) fn of_target(target: &[u8]) -> Option<ShortText<10>> {
    let path = match target {
        b"<BADREQ>" | b"-" => return None,
        [b'/', path @ ..] => path,
        _ => match memchr::memmem::find(target, b"://") {
            Some(scheme) => {
                let authority = &target[scheme + 3..];
                &authority[memchr::memchr(b'/', authority)? + 1..]
            }
            None => target,
        },
    };
    let path = &path[..memchr::memchr2(b'?', b'#', path).unwrap_or(path.len())];
    short(path)
}

/// As much of it as is whole characters.
pub(super) fn short(text: &[u8]) -> Option<ShortText<10>> {
    // What is kept is 10 bytes: there is no need to check the rest.
    let text = &text[..text.len().min(16)];
    let text = match std::str::from_utf8(text) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&text[..error.valid_up_to()]).ok()?,
    };
    prefix(text)
}

/// Its first characters, if there are any.
pub(super) fn prefix(text: &str) -> Option<ShortText<10>> {
    if text.is_empty() { None } else { Some(ShortText::new(text)) }
}
