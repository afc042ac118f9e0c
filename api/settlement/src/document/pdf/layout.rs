//! Where everything stands on the pages. Points, from the top left corner; text stands on its baseline.

mod parts;

use super::font::{Fonts, Weight};
use crate::document::InvoiceDocument;

/// A4.
pub(super) const PAGE_WIDTH: f32 = 595.276;
/// A4.
pub(super) const PAGE_HEIGHT: f32 = 841.89;

const LEFT: f32 = 56.0;
const RIGHT: f32 = PAGE_WIDTH - 56.0;
/// Nothing but the footer stands below.
const BOTTOM: f32 = PAGE_HEIGHT - 92.0;
/// Where the text of a page that continues another begins.
const TOP_OF_NEXT: f32 = 96.0;

/// Red, green, blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Color(pub(super) u8, pub(super) u8, pub(super) u8);

const INK: Color = Color(17, 24, 39);
const GREY: Color = Color(107, 114, 128);
const RULE: Color = Color(223, 227, 232);
const PALE: Color = Color(243, 247, 248);
const BRAND: Color = Color(13, 110, 122);

/// Something on a page.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Item {
    Text { x: f32, y: f32, size: f32, weight: Weight, color: Color, text: String },
    Box { x: f32, y: f32, width: f32, height: f32, color: Color },
}

/// A page.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Page {
    pub(super) items: Vec<Item>,
}

/// How a text looks.
#[derive(Clone, Copy)]
struct Style(f32, Weight, Color);

/// A document, page by page.
pub(super) fn pages(document: &InvoiceDocument, fonts: &Fonts) -> Vec<Page> {
    let mut sheet = Sheet { fonts, pages: vec![Page::default()], y: 0.0 };
    parts::head(&mut sheet, document);
    parts::lines(&mut sheet, document);
    parts::sums(&mut sheet, document);
    parts::payments(&mut sheet, document);
    let pages = sheet.pages.len();
    for at in 0..pages {
        parts::foot(&mut sheet, document, at, pages);
    }
    sheet.pages
}

/// Pages being filled, from the top.
struct Sheet<'a> {
    fonts: &'a Fonts,
    pages: Vec<Page>,
    /// How far down the last page is filled.
    y: f32,
}

impl Sheet<'_> {
    fn put(&mut self, item: Item) {
        if let Some(page) = self.pages.last_mut() {
            page.items.push(item);
        }
    }

    /// Text that begins at `x`, at most so wide.
    fn text(&mut self, x: f32, y: f32, width: f32, Style(size, weight, color): Style, text: &str) {
        let text = self.fonts.fit(weight, size, text, width);
        if !text.is_empty() {
            self.put(Item::Text { x, y, size, weight, color, text });
        }
    }

    /// Text that ends at `x`.
    fn text_to(&mut self, x: f32, y: f32, style: Style, text: &str) {
        let text = self.fonts.shown(style.1, text);
        let width = self.fonts.width(style.1, style.0, &text);
        self.text(x - width, y, width + 1.0, style, &text);
    }

    fn filled(&mut self, x: f32, y: f32, (width, height): (f32, f32), color: Color) {
        self.put(Item::Box { x, y, width, height, color });
    }

    fn rule(&mut self, y: f32) {
        self.filled(LEFT, y, (RIGHT - LEFT, 0.6), RULE);
    }

    /// Whether so much fits below; if it does not, a page is begun. Answers whether one was.
    fn make_room(&mut self, height: f32, title: &str) -> bool {
        if self.y + height <= BOTTOM {
            return false;
        }
        self.pages.push(Page::default());
        self.text(LEFT, 64.0, RIGHT - LEFT, Style(9.0, Weight::Regular, GREY), title);
        self.rule(74.0);
        self.y = TOP_OF_NEXT;
        true
    }
}
