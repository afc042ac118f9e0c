//! The two fonts, and how wide text is in them.

use krilla::text::{Font, GlyphId, KrillaGlyph};
use skrifa::instance::{LocationRef, Size};
use skrifa::{FontRef, MetadataProvider};

static REGULAR: &[u8] = include_bytes!("../../../fonts/NotoSans-Regular.ttf");
static BOLD: &[u8] = include_bytes!("../../../fonts/NotoSans-Bold.ttf");

/// What stands for a character that the fonts do not have.
const MISSING: char = '\u{FFFD}';
const ELLIPSIS: char = '\u{2026}';

/// How heavy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weight {
    Regular,
    Bold,
}

/// Both.
pub(super) struct Fonts {
    regular: Face,
    bold: Face,
}

struct Face {
    drawn: Font,
    measured: FontRef<'static>,
}

impl Fonts {
    pub(super) fn load() -> Result<Self, &'static str> {
        Ok(Self { regular: Face::load(REGULAR)?, bold: Face::load(BOLD)? })
    }

    fn face(&self, weight: Weight) -> &Face {
        match weight {
            Weight::Regular => &self.regular,
            Weight::Bold => &self.bold,
        }
    }

    pub(super) fn drawn(&self, weight: Weight) -> Font {
        self.face(weight).drawn.clone()
    }

    /// The text as it can be shown: every character has a glyph.
    pub(super) fn shown(&self, weight: Weight, text: &str) -> String {
        let characters = self.face(weight).measured.charmap();
        let shown = |character: char| match character {
            _ if character.is_whitespace() || character.is_control() => ' ',
            _ if characters.map(character).is_some() => character,
            _ => MISSING,
        };
        text.chars().map(shown).collect()
    }

    /// Its glyphs, one a character, in the order of the text.
    pub(super) fn glyphs(&self, weight: Weight, text: &str) -> Vec<KrillaGlyph> {
        let font = &self.face(weight).measured;
        let metrics = font.glyph_metrics(Size::unscaled(), LocationRef::default());
        let per_em = f32::from(font.metrics(Size::unscaled(), LocationRef::default()).units_per_em);
        let characters = font.charmap();
        let glyph = |(at, character): (usize, char)| {
            let id = characters.map(character).unwrap_or_default();
            let advance = metrics.advance_width(id).unwrap_or_default() / per_em;
            KrillaGlyph::new(GlyphId::new(id.to_u32()), advance, 0.0, 0.0, 0.0, at..at + character.len_utf8(), None)
        };
        text.char_indices().map(glyph).collect()
    }

    /// How wide it is, in points.
    pub(super) fn width(&self, weight: Weight, size: f32, text: &str) -> f32 {
        self.glyphs(weight, text).iter().map(|glyph| glyph.x_advance).sum::<f32>() * size
    }

    /// The text, cut off with an ellipsis where it would be wider than so many points.
    pub(super) fn fit(&self, weight: Weight, size: f32, text: &str, width: f32) -> String {
        let mut text = self.shown(weight, text);
        if self.width(weight, size, &text) <= width {
            return text;
        }
        while text.pop().is_some() {
            let cut = format!("{}{ELLIPSIS}", text.trim_end());
            if self.width(weight, size, &cut) <= width {
                return cut;
            }
        }
        text
    }
}

impl Face {
    fn load(bytes: &'static [u8]) -> Result<Self, &'static str> {
        let drawn = Font::new(bytes.into(), 0).ok_or("its font cannot be read")?;
        let measured = FontRef::new(bytes).map_err(|_| "its font cannot be read")?;
        Ok(Self { drawn, measured })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_fonts_have_and_what_stands_for_the_rest() {
        let fonts = Fonts::load().unwrap();
        for weight in [Weight::Regular, Weight::Bold] {
            for text in ["Žluťoučký kůň, Ångström & Søn", "Ελληνικά", "Доброго дня", "€ № … — – “quoted”", "\u{FFFD}"]
            {
                assert_eq!(fonts.shown(weight, text), text);
            }
            assert_eq!(fonts.shown(weight, "東京 OK\u{1F600}\n\u{202E}x"), "\u{FFFD}\u{FFFD} OK\u{FFFD} \u{FFFD}x");
            let figures: Vec<_> = "0123456789".chars().map(|c| fonts.width(weight, 1.0, &c.to_string())).collect();
            assert!(figures.iter().all(|width| *width == figures[0]), "figures line up: {figures:?}");
            assert_eq!(fonts.fit(weight, 9.0, "short", 100.0), "short");
            let cut = fonts.fit(weight, 9.0, "a very long name that does not fit", 60.0);
            assert!(cut.ends_with(ELLIPSIS) && fonts.width(weight, 9.0, &cut) <= 60.0, "{cut}");
        }
    }
}
