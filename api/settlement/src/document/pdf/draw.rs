//! Pages drawn.

use super::font::Fonts;
use super::layout::{Color, Item, PAGE_HEIGHT, PAGE_WIDTH, Page};
use crate::document::InvoiceDocument;
use krilla::Document;
use krilla::color::rgb;
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::{DateTime, Metadata};
use krilla::num::NormalizedF32;
use krilla::page::PageSettings;
use krilla::paint::Fill;
use krilla::surface::Surface;
use suiftly_schema::time::UnixMillis;

pub(super) fn draw(document: &InvoiceDocument, pages: &[Page], fonts: &Fonts) -> Result<Vec<u8>, String> {
    let mut pdf = Document::new();
    for page in pages {
        let settings = PageSettings::from_wh(PAGE_WIDTH, PAGE_HEIGHT).ok_or("its page has no size")?;
        let mut drawn = pdf.start_page_with(settings);
        let mut surface = drawn.surface();
        for item in &page.items {
            draw_item(&mut surface, item, fonts);
        }
        surface.finish();
        drawn.finish();
    }
    pdf.set_metadata(metadata(document));
    pdf.finish().map_err(|error| format!("{error:?}"))
}

/// Of the document alone: the same bytes whenever it is drawn.
fn metadata(document: &InvoiceDocument) -> Metadata {
    let exported = &document.exported;
    let metadata = Metadata::new()
        .title(format!("{} {}", document.title(), exported.number))
        .language("en".to_owned())
        .producer("suiftly".to_owned())
        .document_id(format!("{}:{}", exported.number, exported.input_hash));
    match date(exported.issued_at) {
        Some(date) => metadata.creation_date(date),
        None => metadata,
    }
}

fn date(at: UnixMillis) -> Option<DateTime> {
    let shown = at.rfc3339();
    let part = |from: usize, to: usize| shown.get(from..to).and_then(|digits| digits.parse::<u8>().ok());
    let date = DateTime::new(shown.get(..4)?.parse().ok()?).month(part(5, 7)?).day(part(8, 10)?);
    let timed = date.hour(part(11, 13)?).minute(part(14, 16)?).second(part(17, 19)?);
    Some(timed.utc_offset_hour(0).utc_offset_minute(0))
}

fn draw_item(surface: &mut Surface<'_>, item: &Item, fonts: &Fonts) {
    match item {
        Item::Text { x, y, size, weight, color, text } => {
            surface.set_fill(Some(fill(*color)));
            let glyphs = fonts.glyphs(*weight, text);
            surface.draw_glyphs(Point::from_xy(*x, *y), &glyphs, fonts.drawn(*weight), text, *size, false);
        }
        Item::Box { x, y, width, height, color } => {
            let Some(rectangle) = Rect::from_xywh(*x, *y, *width, *height) else { return };
            let mut path = PathBuilder::new();
            path.push_rect(rectangle);
            surface.set_fill(Some(fill(*color)));
            if let Some(path) = path.finish() {
                surface.draw_path(&path);
            }
        }
    }
}

fn fill(Color(red, green, blue): Color) -> Fill {
    Fill { paint: rgb::Color::new(red, green, blue).into(), opacity: NormalizedF32::ONE, ..Fill::default() }
}
