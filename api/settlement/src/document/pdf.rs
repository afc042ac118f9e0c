//! PDF: a document laid out on A4 pages, and drawn by krilla with fonts that are part of the program (Noto Sans, Latin,
//! Greek and Cyrillic; the licence stands beside them). A character that the font does not have is shown as U+FFFD.

mod draw;
mod font;
mod layout;

use super::{InvoiceDocument, PdfError};

pub(super) fn of(document: &InvoiceDocument) -> Result<Vec<u8>, PdfError> {
    let failed = |cause: String| PdfError { number: document.exported.number.clone(), cause };
    let fonts = font::Fonts::load().map_err(|cause| failed(cause.to_owned()))?;
    let pages = layout::pages(document, &fonts);
    draw::draw(document, &pages, &fonts).map_err(failed)
}
