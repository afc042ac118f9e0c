//! The book in the product's own colours and letters: the tokens of the front ends under the names by which the book's
//! theme knows light and dark.

use anyhow::{Context as _, ensure};
use std::fs;
use std::path::Path;

const STYLES: &str = "console/ui/src/styles";
const FONTS: &str = "console/ui/fonts";
const LIGHT: &str = ":root {";
const DARK: &str = ":root[data-theme=\"dark\"] {";
/// From here on tokens follow the system, which the theme does by itself.
const FOLLOWS_THE_SYSTEM: &str = "/* No explicit choice";

/// Writes `tokens.css`, `fonts.css` and the fonts into the folder of the book's assets.
pub(super) fn write(root: &Path, assets: &Path) -> anyhow::Result<()> {
    let read = |name: &str| {
        let path = root.join(STYLES).join(name);
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
    };
    let tokens = tokens(&read("tokens.css")?)?;
    let fonts = read("fonts.css")?.replace("../../fonts/", "fonts/");
    fs::create_dir_all(assets.join("fonts")).with_context(|| format!("cannot make {}", assets.display()))?;
    fs::write(assets.join("tokens.css"), tokens).context("cannot write tokens.css")?;
    fs::write(assets.join("fonts.css"), fonts).context("cannot write fonts.css")?;
    for font in fs::read_dir(root.join(FONTS)).context("cannot list the fonts")? {
        let font = font.context("cannot list the fonts")?;
        let to = assets.join("fonts").join(font.file_name());
        fs::copy(font.path(), &to).with_context(|| format!("cannot write {}", to.display()))?;
    }
    Ok(())
}

fn tokens(css: &str) -> anyhow::Result<String> {
    let css = css.split(FOLLOWS_THE_SYSTEM).next().unwrap_or_default();
    ensure!(css.contains(LIGHT) && css.contains(DARK), "the front ends' tokens are not where they were");
    Ok(css
        .replace(DARK, "[data-md-color-scheme=\"slate\"] {")
        .replace(LIGHT, ":root, [data-md-color-scheme=\"default\"] {"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn light_and_dark_have_the_themes_names() {
        let css = ":root {\n --ink: #000;\n}\n:root[data-theme=\"dark\"] {\n --ink: #fff;\n}\n/* No explicit choice: x */\n@media y {}";
        let tokens = tokens(css).unwrap();
        assert!(tokens.contains("[data-md-color-scheme=\"slate\"] {\n --ink: #fff"), "{tokens}");
        assert!(tokens.contains("[data-md-color-scheme=\"default\"] {\n --ink: #000"), "{tokens}");
        assert!(!tokens.contains("@media"), "{tokens}");
        assert!(super::tokens("nothing").is_err());
    }
}
