//! Pages take in what is kept elsewhere, so that it stands in one place:
//!
//! - `<!-- include FILE -->`: the Markdown of a file without its title, its headings one level lower;
//! - `<!-- include FILE else TEXT -->`: the same, or the text where there is no such file yet;
//! - `<!-- code FILE LANGUAGE -->`: a file as a block of code;
//! - `<!-- code FILE LANGUAGE from "…" to "…" -->`: its lines from the first that contains the one text up to, and without,
//!   the next that contains the other.

use super::links;
use anyhow::{Context as _, bail, ensure};
use std::fs;
use std::path::Path;

/// The page with all of it taken in. Links of what is taken in become such from the page's own folder.
pub(super) fn expand(root: &Path, source: &str, text: &str) -> anyhow::Result<String> {
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let directive = line.trim().strip_prefix("<!-- ").and_then(|line| line.strip_suffix(" -->"));
        match directive.and_then(|directive| directive.split_once(' ')) {
            Some(("include", what)) => out.push_str(&markdown(root, source, what)?),
            Some(("code", what)) => {
                let indent = &line[..line.len() - line.trim_start().len()];
                let block = code(root, what).with_context(|| format!("in {source}"))?;
                out.extend(block.lines().map(|line| format!("{indent}{line}\n")));
            }
            _ => out.push_str(line),
        }
    }
    Ok(out)
}

fn read(root: &Path, file: &str) -> anyhow::Result<String> {
    fs::read_to_string(root.join(file)).with_context(|| format!("cannot take in {file}"))
}

fn markdown(root: &Path, source: &str, what: &str) -> anyhow::Result<String> {
    let (file, instead) = what.split_once(" else ").map_or((what, None), |(file, text)| (file, Some(text)));
    if let Some(instead) = instead.filter(|_| !root.join(file).is_file()) {
        return Ok(format!("{instead}\n"));
    }
    let text = lowered(&read(root, file)?);
    links::replace(&text, |target| {
        if target.contains("://") || target.starts_with('#') {
            return Ok(target.to_owned());
        }
        let path = links::resolved(links::folder(file), target).with_context(|| format!("{target} leads out"))?;
        Ok(links::way(source, &path))
    })
}

/// Without the title, and each heading one lower. What begins with `#` in a block of code is none.
fn lowered(text: &str) -> String {
    let mut is_code = false;
    let mut kept = String::with_capacity(text.len());
    for line in text.lines() {
        is_code ^= line.trim_start().starts_with("```");
        if !is_code && line.starts_with("# ") {
            continue;
        }
        if !is_code && line.starts_with("##") {
            kept.push('#');
        }
        kept.push_str(line);
        kept.push('\n');
    }
    kept
}

fn code(root: &Path, what: &str) -> anyhow::Result<String> {
    let (plain, range) = what.split_once(" from ").map_or((what, None), |(plain, range)| (plain, Some(range)));
    let Some((file, language)) = plain.trim().split_once(' ') else { bail!("`code {what}` names no language") };
    let text = read(root, file)?;
    let text = match range {
        None => text,
        Some(range) => {
            let quoted: Vec<&str> = range.split('"').skip(1).step_by(2).collect();
            let [from, to] = quoted[..] else { bail!("`code {what}` is not as from \"…\" to \"…\"") };
            excerpt(&text, from, to).with_context(|| format!("from {file}"))?
        }
    };
    Ok(format!("```{language} title=\"{file}\"\n{}\n```\n", text.trim_end()))
}

fn excerpt(text: &str, from: &str, to: &str) -> anyhow::Result<String> {
    let lines: Vec<&str> = text.lines().collect();
    let start = lines.iter().position(|line| line.contains(from)).with_context(|| format!("no line has {from:?}"))?;
    let length = lines[start + 1..].iter().position(|line| line.contains(to));
    let end = start + 1 + length.with_context(|| format!("no line after {from:?} has {to:?}"))?;
    ensure!(end > start, "nothing stands between {from:?} and {to:?}");
    Ok(lines[start..end].join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_take_in_what_is_kept_elsewhere() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("docs")).unwrap();
        fs::write(dir.path().join("docs/a.md"), "# A\n## B\n[c](../C.md) [d](#b)\n```sh\n# no title\n```\n").unwrap();
        fs::write(dir.path().join("h.cfg"), "one\ntwo\nthree\nfour\n").unwrap();
        let expanded = |text: &str| expand(dir.path(), "docs/book/src/x.md", text);
        assert_eq!(
            expanded("so\n<!-- include docs/a.md -->\nend").unwrap(),
            "so\n### B\n[c](../../../C.md) [d](#b)\n```sh\n# no title\n```\nend"
        );
        assert_eq!(expanded("<!-- include docs/b.md else Not yet. -->").unwrap(), "Not yet.\n");
        assert_eq!(
            expanded("<!-- code h.cfg haproxy from \"two\" to \"four\" -->").unwrap(),
            "```haproxy title=\"h.cfg\"\ntwo\nthree\n```\n"
        );
        assert_eq!(
            expanded("  <!-- code h.cfg text from \"one\" to \"two\" -->").unwrap(),
            "  ```text title=\"h.cfg\"\n  one\n  ```\n"
        );
        for bad in ["include docs/b.md", "code h.cfg", "code h.cfg x from \"two\" to \"five\"", "code h.cfg x from two"]
        {
            assert!(expanded(&format!("<!-- {bad} -->")).is_err(), "{bad}");
        }
    }
}
