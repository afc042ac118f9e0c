//! The built pages: each link and anchor leads somewhere, and nothing is loaded from elsewhere.

use super::links::{folder, resolved};
use anyhow::{Context as _, ensure};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// Its links are from the root of a server, wherever it is asked for.
const NOT_FOUND: &str = "404.html";

/// How much was looked at.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) pages: usize,
    pub(super) links: usize,
}

/// Reads all pages; an error names everything that is wrong.
pub(super) fn check(site: &Path) -> anyhow::Result<Found> {
    let mut files = BTreeSet::new();
    collect(site, "", &mut files)?;
    let mut pages = BTreeMap::new();
    for name in files.iter().filter(|name| name.ends_with(".html") && *name != NOT_FOUND) {
        pages
            .insert(name.as_str(), fs::read_to_string(site.join(name)).with_context(|| format!("cannot read {name}"))?);
    }
    let mut wrong = remote_styles(site, &files)?;
    let links = pages.iter().map(|(name, html)| of_page(name, html, &pages, &files, &mut wrong)).sum();
    ensure!(wrong.is_empty(), "links of the book are broken:\n{}", wrong.join("\n"));
    Ok(Found { pages: pages.len(), links })
}

fn collect(site: &Path, inner: &str, into: &mut BTreeSet<String>) -> anyhow::Result<()> {
    let dir = site.join(inner);
    for entry in fs::read_dir(&dir).with_context(|| format!("cannot list {}", dir.display()))? {
        let entry = entry.with_context(|| format!("cannot list {}", dir.display()))?;
        let name = format!("{inner}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            collect(site, &format!("{name}/"), into)?;
        } else {
            into.insert(name);
        }
    }
    Ok(())
}

/// Checks one page's links and says how many there are.
fn of_page(
    name: &str,
    html: &str,
    pages: &BTreeMap<&str, String>,
    files: &BTreeSet<String>,
    wrong: &mut Vec<String>,
) -> usize {
    let mut links = 0;
    for tag in tags(html) {
        for attribute in ["href", "src"] {
            let Some(target) = attribute_of(tag, attribute) else { continue };
            links += 1;
            if let Err(error) = leads_somewhere(name, tag, &target, pages, files) {
                wrong.push(format!("{name}: {target}: {error}"));
            }
        }
    }
    links
}

fn leads_somewhere(
    page: &str,
    tag: &str,
    target: &str,
    pages: &BTreeMap<&str, String>,
    files: &BTreeSet<String>,
) -> Result<(), &'static str> {
    if target.starts_with("data:") || target.starts_with("mailto:") {
        return Ok(());
    }
    if target.contains("://") || target.starts_with("//") {
        return if tag.starts_with("a ") { Ok(()) } else { Err("it is loaded from elsewhere") };
    }
    let (path, anchor) = target.split_once('#').map_or((target, None), |(path, anchor)| (path, Some(anchor)));
    let path = path.split('?').next().unwrap_or_default();
    let path = if path.is_empty() { page.to_owned() } else { resolved(folder(page), path).ok_or("it leads out")? };
    let path = if path.is_empty() { "index.html".to_owned() } else { path };
    if !files.contains(&path) {
        return Err("there is no such file");
    }
    let (Some(anchor), Some(html)) = (anchor.filter(|anchor| !anchor.is_empty()), pages.get(path.as_str())) else {
        return Ok(());
    };
    let is_there = tags(html)
        .any(|tag| attribute_of(tag, "id").or_else(|| attribute_of(tag, "name")).is_some_and(|id| id == anchor));
    if is_there { Ok(()) } else { Err("there is no such anchor") }
}

/// What stands between `<` and `>`, of tags that begin something.
fn tags(html: &str) -> impl Iterator<Item = &str> {
    html.split('<')
        .skip(1)
        .filter(|tag| tag.starts_with(|first: char| first.is_ascii_alphabetic()))
        .filter_map(|tag| tag.split('>').next())
}

fn attribute_of(tag: &str, name: &str) -> Option<String> {
    let quoted = format!(" {name}=\"");
    if let Some((_, rest)) = tag.split_once(&quoted) {
        return rest.split('"').next().map(unescaped);
    }
    let bare = format!(" {name}=");
    let (_, rest) = tag.split_once(&bare)?;
    rest.split_whitespace().next().map(unescaped)
}

fn unescaped(text: &str) -> String {
    text.replace("&amp;", "&").replace("&quot;", "\"").replace("&#x27;", "'")
}

fn remote_styles(site: &Path, files: &BTreeSet<String>) -> anyhow::Result<Vec<String>> {
    let mut wrong = Vec::new();
    for name in files.iter().filter(|name| name.ends_with(".css")) {
        let css = fs::read_to_string(site.join(name)).with_context(|| format!("cannot read {name}"))?;
        let is_remote = ["url(http", "url(\"http", "url(//", "@import"].iter().any(|sign| css.contains(sign));
        if is_remote {
            wrong.push(format!("{name}: it loads from elsewhere"));
        }
    }
    Ok(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(index: &str) -> anyhow::Result<Found> {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("a")).unwrap();
        fs::write(dir.path().join("index.html"), index).unwrap();
        fs::write(dir.path().join("a/b.html"), "<h1 id=\"there\">x</h1><a href=\"../index.html\">y</a>").unwrap();
        fs::write(dir.path().join("x.css"), "a {}").unwrap();
        check(dir.path())
    }

    #[test]
    fn what_leads_somewhere_is_counted() {
        let html = "<a href=\"a/b.html#there\">x</a> <link href=x.css> <a id=me href=\"#me\"> <a href=\"https://example.org\">z</a>";
        assert_eq!(checked(html).unwrap(), Found { pages: 2, links: 5 });
    }

    #[test]
    fn what_leads_nowhere_or_elsewhere_is_told() {
        for (html, says) in [
            ("<a href=\"a/c.html\">", "no such file"),
            ("<a href=\"a/b.html#gone\">", "no such anchor"),
            ("<a href=\"#gone\">", "no such anchor"),
            ("<a href=\"../x\">", "leads out"),
            ("<script src=\"https://example.org/x.js\">", "loaded from elsewhere"),
            ("<link rel=stylesheet href=//example.org/x.css>", "loaded from elsewhere"),
        ] {
            let error = checked(html).unwrap_err().to_string();
            assert!(error.contains(says), "{html}: {error}");
        }
    }
}
