//! What a server says when it refuses: a problem document (RFC 9457), as one sentence.

use reqwest::Response;
use serde::Deserialize;

/// Most of a refusal that is read.
const MAX_BYTES: usize = 64 * 1024;
/// Most of it that is repeated.
const MAX_CHARS: usize = 400;

#[derive(Deserialize)]
struct Problem {
    title: String,
    detail: Option<String>,
    #[serde(default)]
    errors: Vec<FieldError>,
}

#[derive(Deserialize)]
struct FieldError {
    field: String,
    message: String,
}

/// The refusal in words; its number where it has none.
pub(crate) async fn sentence(mut response: Response) -> String {
    let status = response.status().as_u16();
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        if body.len() + chunk.len() > MAX_BYTES {
            break;
        }
        body.extend_from_slice(&chunk);
    }
    in_words(status, &body)
}

fn in_words(status: u16, body: &[u8]) -> String {
    let Ok(problem) = serde_json::from_slice::<Problem>(body) else {
        return format!("the server answers {status}");
    };
    let mut words = problem.detail.unwrap_or(problem.title);
    for FieldError { field, message } in &problem.errors {
        words.push_str(&format!("; {field}: {message}"));
    }
    let words: String = words.chars().filter(|char| !char.is_control()).take(MAX_CHARS).collect();
    format!("the server answers {status}: {words}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_become_one_bounded_sentence() {
        let fields = br#"{"title":"No","errors":[{"field":"status","message":"must be 5xx"}]}"#;
        let long = format!(r#"{{"title":"{}"}}"#, "x".repeat(10_000));
        let cases: &[(&[u8], &str)] = &[
            (b"", "the server answers 400"),
            (b"<html>", "the server answers 400"),
            (br#"{"title":"Too broad"}"#, "the server answers 400: Too broad"),
            (br#"{"title":"Too broad","detail":"ask\nfor less"}"#, "the server answers 400: askfor less"),
            (fields, "the server answers 400: No; status: must be 5xx"),
        ];
        for (body, words) in cases {
            assert_eq!(in_words(400, body), *words);
        }
        assert!(in_words(400, long.as_bytes()).len() < 500);
    }
}
