//! Answers that become files.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use tempfile::tempdir;

use crate::given::{Keys, console, named};
use crate::server::{Answer, answer, serve};

#[tokio::test]
async fn files_land_in_the_download_folder_and_none_is_overwritten() {
    let said = |body: &str| Answer::Close(answer("200 OK", "text/csv", body));
    let server = serve(vec![said("a,b\n"), said("c,d\ne,f\n")]);
    let home = tempdir().expect("a folder");
    let console = console(&home, named(&server.address), &Keys::empty());
    let folder = home.path().join("downloads");
    for (name, body) in [("__x.csv", "a,b\n"), ("__x (2).csv", "c,d\ne,f\n")] {
        let saved = console.save("/api/v1/records?format=csv", "//x.csv").await.expect("saved");
        assert_eq!(saved.path, folder.join(name));
        assert_eq!(saved.bytes, body.len() as u64);
        assert_eq!(fs::read_to_string(&saved.path).expect("there"), body);
        assert_eq!(fs::metadata(&saved.path).expect("there").permissions().mode() & 0o777, 0o600);
        let request = server.requests.recv().expect("a request");
        assert_eq!((request.method.as_str(), request.path.as_str()), ("GET", "/api/v1/records?format=csv"));
        assert_eq!(request.header("authorization"), Some("Bearer dev_token"));
    }
}

#[tokio::test]
async fn what_is_no_good_answer_leaves_no_file() {
    let cut = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\nconnection: close\r\n\r\nhalf".to_vec();
    let problem = answer("404 Not Found", "application/problem+json", r#"{"title":"There is no such invoice"}"#);
    let server = serve(vec![Answer::Close(cut), Answer::Close(problem)]);
    let home = tempdir().expect("a folder");
    let console = console(&home, named(&server.address), &Keys::empty());
    for words in ["broke off", "the server answers 404: There is no such invoice"] {
        let error = console.save("/api/v1/invoices/7/document", "invoice.pdf").await.expect_err(words);
        assert!(error.contains(words), "{error}");
    }
    assert!(console.save("/metrics", "x").await.expect_err("elsewhere").contains("not under /api/v1/"));
    assert_eq!(fs::read_dir(home.path().join("downloads")).expect("a folder").count(), 0);
}
