//! The links of a page of Markdown, found and replaced. Pure.

/// The text with its blocks of code taken out.
pub(super) fn outside_of_code_blocks(text: &str) -> String {
    let mut inside = false;
    let lines = text.lines().filter(|line| {
        let is_fence = line.trim_start().starts_with("```");
        inside ^= is_fence;
        !inside && !is_fence
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The text with each link's target replaced; blocks and spans of code are left as they are. The first error ends it.
pub(super) fn replace(text: &str, mut target_of: impl FnMut(&str) -> anyhow::Result<String>) -> anyhow::Result<String> {
    let mut inside = false;
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let is_fence = line.trim_start().starts_with("```");
        inside ^= is_fence;
        if inside || is_fence {
            out.push_str(line);
        } else {
            replace_in_line(line, &mut target_of, &mut out)?;
        }
    }
    Ok(out)
}

fn replace_in_line(
    line: &str,
    target_of: &mut impl FnMut(&str) -> anyhow::Result<String>,
    out: &mut String,
) -> anyhow::Result<()> {
    for (number, part) in line.split('`').enumerate() {
        if number > 0 {
            out.push('`');
        }
        if number % 2 == 1 {
            out.push_str(part);
            continue;
        }
        let mut rest = part;
        while let Some(found) = next(rest) {
            out.push_str(&rest[..found.start]);
            out.push_str(&target_of(&rest[found.clone()])?);
            rest = &rest[found.end..];
        }
        out.push_str(rest);
    }
    Ok(())
}

/// Where the next target stands: behind `](` or in `src="`.
fn next(text: &str) -> Option<std::ops::Range<usize>> {
    let markdown = text.find("](").map(|at| (at + 2, [')', ' ']));
    let html = text.find("src=\"").map(|at| (at + 5, ['"', '"']));
    let (start, ends) = [markdown, html].into_iter().flatten().min_by_key(|(start, _)| *start)?;
    let length = text[start..].find(ends)?;
    Some(start..start + length)
}

/// `inner/../page.md` seen from `folder`, as a path from the root; `None` if it leads out of it.
pub(super) fn resolved(folder: &str, target: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

/// The way from a page to another, both as paths from the root.
pub(super) fn way(from: &str, to: &str) -> String {
    let from: Vec<&str> = from.split('/').collect();
    let to: Vec<&str> = to.split('/').collect();
    let folders = from.len().saturating_sub(1);
    let common = from.iter().take(folders).zip(&to).take_while(|(left, right)| left == right).count();
    let up = std::iter::repeat_n("..", folders - common);
    up.chain(to[common..].iter().copied()).collect::<Vec<_>>().join("/")
}

/// The folder that a file is in.
pub(super) fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_replaced_and_code_is_left() {
        let text = "[a](b.md#c) `[x](y)` ![i](img/p.png \"t\")\n```sh\n[x](y)\n```\n<img src=\"q.svg\">\n";
        let replaced = replace(text, |target| Ok(format!("<{target}>"))).unwrap();
        assert_eq!(
            replaced,
            "[a](<b.md#c>) `[x](y)` ![i](<img/p.png> \"t\")\n```sh\n[x](y)\n```\n<img src=\"<q.svg>\">\n"
        );
        assert!(replace("[a](b)", |_| anyhow::bail!("no")).is_err());
        assert_eq!(outside_of_code_blocks("a\n```\nb\n```\nc"), "a\nc");
    }

    #[test]
    fn ways_between_pages() {
        for (folder, target, path) in [
            ("docs/book/src", "../../../README.md", Some("README.md")),
            ("", "./a/b.md", Some("a/b.md")),
            ("docs", "../../x", None),
        ] {
            assert_eq!(resolved(folder, target).as_deref(), path, "{target}");
        }
        for (from, to, is) in [
            ("index.md", "a/b.md", "a/b.md"),
            ("a/b.md", "a/c.md", "c.md"),
            ("a/b.md", "c/d.md", "../c/d.md"),
            ("a/b/c.md", "index.md", "../../index.md"),
        ] {
            assert_eq!(way(from, to), is, "{from} to {to}");
        }
    }
}
