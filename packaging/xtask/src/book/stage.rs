//! Puts the book's sources together: its own pages, those that are kept elsewhere, the files they show, the styles.

use super::{include, links, styles};
use crate::places::Places;
use anyhow::{Context as _, bail, ensure};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const OWN_PAGES: &str = "docs/book/src";
/// Kept elsewhere, and where they stand in the book.
const FURTHER_PAGES: [(&str, &str); 3] = [
    ("ARCHITECTURE.md", "inside/architecture.md"),
    ("CHANGELOG.md", "changelog.md"),
    ("docs/fuzzing.md", "inside/fuzzing.md"),
];
/// Folders of which each page is one of the book, and which get a page that lists them.
const FOLDERS: [(&str, &str, &str); 2] =
    [("docs/design", "design", "Decisions"), ("docs/proof", "proof", "Proofs: what was run, and what came out")];
/// Where what pages link to, and is no page, stands in the book.
const FILES: &str = "files";

/// What tells how it is made is found behind what tells how it is used.
const FOUND_LATER: &str = "---\nsearch:\n  boost: 0.3\n---\n\n";

/// A page: where it is kept, where it stands in the book, its Markdown.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) source: String,
    pub(super) target: String,
    pub(super) text: String,
    /// Written for the book.
    pub(super) is_of_the_book: bool,
}

/// All pages of the checkout.
pub(super) fn pages(root: &Path) -> anyhow::Result<Vec<Page>> {
    let mut pages = Vec::new();
    for file in markdown_below(&root.join(OWN_PAGES))? {
        let source = format!("{OWN_PAGES}/{file}");
        let text = include::expand(root, &source, &read(root, &source)?)?;
        pages.push(Page { source, target: file, text, is_of_the_book: true });
    }
    let page = |source: String, target: String| {
        anyhow::Ok(Page { text: read(root, &source)?, source, target, is_of_the_book: false })
    };
    for (source, target) in FURTHER_PAGES {
        pages.push(page(source.to_owned(), target.to_owned())?);
    }
    for (folder, target, title) in FOLDERS {
        let mut listed = Vec::new();
        for file in markdown_below(&root.join(folder))? {
            listed.push(page(format!("{folder}/{file}"), format!("{target}/{file}"))?);
        }
        let text = list(title, &listed);
        let source = format!("{folder}/index.md");
        pages.push(Page { source, target: format!("{target}/index.md"), text, is_of_the_book: false });
        pages.append(&mut listed);
    }
    Ok(pages)
}

/// What the checkout says of itself: no page of the book, but its commands must exist as well.
pub(super) fn readme(root: &Path) -> anyhow::Result<Page> {
    let source = "README.md".to_owned();
    Ok(Page { text: read(root, &source)?, target: source.clone(), source, is_of_the_book: true })
}

fn read(root: &Path, source: &str) -> anyhow::Result<String> {
    fs::read_to_string(root.join(source)).with_context(|| format!("cannot read {source}"))
}

/// The names of the Markdown files below a folder, sorted; none where there is no such folder.
fn markdown_below(folder: &Path) -> anyhow::Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    let mut folders = vec![String::new()];
    while let Some(inner) = folders.pop() {
        let Ok(entries) = fs::read_dir(folder.join(&inner)) else { continue };
        for entry in entries {
            let entry = entry.with_context(|| format!("cannot list {}", folder.display()))?;
            let name = format!("{inner}{}", entry.file_name().to_string_lossy());
            if entry.path().is_dir() {
                folders.push(name + "/");
            } else if name.ends_with(".md") {
                found.insert(name);
            }
        }
    }
    Ok(found)
}

fn title(page: &Page) -> &str {
    let heading = page.text.lines().find_map(|line| line.strip_prefix("# "));
    heading.unwrap_or(&page.source)
}

fn list(title_of_list: &str, pages: &[Page]) -> String {
    let mut text = format!("# {title_of_list}\n\n");
    for page in pages {
        let file = page.source.rsplit('/').next().unwrap_or_default();
        text.push_str(&format!("- [{}]({file})\n", title(page)));
    }
    if pages.is_empty() {
        text.push_str("Nothing has been run on this checkout yet.\n");
    }
    text
}

/// Writes all of it into the target directory and says where.
pub(super) fn stage(places: &Places) -> anyhow::Result<PathBuf> {
    let dir = places.target.join("book-stage");
    if dir.exists() {
        fs::remove_dir_all(&dir).with_context(|| format!("cannot empty {}", dir.display()))?;
    }
    let pages = pages(&places.root)?;
    let mut files = BTreeSet::new();
    for page in &pages {
        let text = links::replace(&page.text, |target| replaced(&places.root, &pages, page, target, &mut files))?;
        let head = if page.is_of_the_book { "" } else { FOUND_LATER };
        write(&dir.join("src").join(&page.target), format!("{head}{text}").as_bytes())?;
    }
    for file in files {
        let bytes = fs::read(places.root.join(&file)).with_context(|| format!("cannot read {file}"))?;
        write(&dir.join("src").join(FILES).join(&file), &bytes)?;
    }
    styles::write(&places.root, &dir.join("src/assets"))?;
    copy_all(&places.root.join("docs/book/assets"), &dir.join("src/assets"))?;
    copy_all(&places.root.join("docs/book/theme"), &dir.join("theme"))?;
    let configuration = read(&places.root, "docs/book/mkdocs.yml")?;
    write(&dir.join("mkdocs.yml"), with_folders(&configuration, &pages)?.as_bytes())?;
    Ok(dir)
}

/// A link as it is in the book; what it leads to and is no page is added to `files`.
fn replaced(
    root: &Path,
    pages: &[Page],
    page: &Page,
    target: &str,
    files: &mut BTreeSet<String>,
) -> anyhow::Result<String> {
    if target.starts_with('#') || target.starts_with("mailto:") {
        return Ok(target.to_owned());
    }
    if let Some((scheme, rest)) = target.split_once("://") {
        ensure!(scheme == "https" || scheme == "http", "{}: {target} is no link", page.source);
        ensure!(rest.chars().next().is_some_and(char::is_alphanumeric), "{}: {target} is no address", page.source);
        return Ok(target.to_owned());
    }
    let (path, anchor) = target.split_once('#').map_or((target, None), |(path, anchor)| (path, Some(anchor)));
    let anchor = anchor.map(|anchor| format!("#{anchor}")).unwrap_or_default();
    let path = links::resolved(links::folder(&page.source), path)
        .with_context(|| format!("{}: {target} leads out of the checkout", page.source))?;
    let as_page = |path: &str| pages.iter().find(|other| other.source == path).map(|other| other.target.as_str());
    if let Some(other) = as_page(&path).or_else(|| as_page(&format!("{path}/index.md"))) {
        return Ok(links::way(&page.target, other) + &anchor);
    }
    if !root.join(&path).is_file() {
        bail!("{}: {target}: there is no file {path}", page.source);
    }
    files.insert(path.clone());
    Ok(links::way(&page.target, &format!("{FILES}/{path}")))
}

/// `- @docs/design` becomes an entry for each of its pages.
fn with_folders(configuration: &str, pages: &[Page]) -> anyhow::Result<String> {
    let mut out = String::new();
    for line in configuration.lines() {
        let entry = line.split_once("- @").filter(|(indent, _)| indent.trim().is_empty());
        let Some((indent, folder)) = entry else {
            out.push_str(line);
            out.push('\n');
            continue;
        };
        let folder = format!("{}/", folder.trim());
        let within: Vec<&Page> = pages.iter().filter(|page| page.source.starts_with(&folder)).collect();
        ensure!(!within.is_empty(), "the book's contents name {folder}, where no page is");
        for page in within {
            let title = title(page).replace('"', "'");
            out.push_str(&format!("{indent}- \"{title}\": {}\n", page.target));
        }
    }
    Ok(out)
}

fn copy_all(from: &Path, to: &Path) -> anyhow::Result<()> {
    let Ok(entries) = fs::read_dir(from) else { return Ok(()) };
    for entry in entries {
        let entry = entry.with_context(|| format!("cannot list {}", from.display()))?;
        let (path, to) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy_all(&path, &to)?;
        } else {
            write(&to, &fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?)?;
        }
    }
    Ok(())
}

fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let folder = path.parent().context("a file is in a folder")?;
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(source: &str, target: &str) -> Page {
        Page { source: source.into(), target: target.into(), text: "# \"T\" x\n".into(), is_of_the_book: false }
    }

    #[test]
    fn links_lead_to_pages_and_files_or_are_told() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("packaging")).unwrap();
        fs::write(root.path().join("packaging/x.cfg"), "x").unwrap();
        let pages = [
            page("docs/book/src/a/b.md", "a/b.md"),
            page("ARCHITECTURE.md", "inside/a.md"),
            page("docs/design/index.md", "design/index.md"),
        ];
        let mut files = BTreeSet::new();
        let mut link = |target: &str| replaced(root.path(), &pages, &pages[0], target, &mut files);
        assert_eq!(link("../../../../ARCHITECTURE.md#x").unwrap(), "../inside/a.md#x");
        assert_eq!(link("../../../design").unwrap(), "../design/index.md");
        assert_eq!(link("../../../../packaging/x.cfg").unwrap(), "../files/packaging/x.cfg");
        assert_eq!(link("#here").unwrap(), "#here");
        assert_eq!(link("https://example.org/x").unwrap(), "https://example.org/x");
        for bad in ["gone.md", "../../../../../../x.md", "ftp://x", "https:///x"] {
            assert!(link(bad).is_err(), "{bad}");
        }
        assert_eq!(files.into_iter().collect::<Vec<_>>(), ["packaging/x.cfg"]);
    }

    #[test]
    fn contents_name_the_pages_of_folders() {
        let pages = [page("docs/design/x.md", "design/x.md")];
        assert_eq!(
            with_folders("# - @x\na:\n  - @docs/design\n", &pages).unwrap(),
            "# - @x\na:\n  - \"'T' x\": design/x.md\n"
        );
        assert!(with_folders("- @docs/none", &pages).is_err());
    }
}
