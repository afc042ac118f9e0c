//! Tables on a terminal: columns as wide as what is in them, figures to the right.

/// Where a column's cells stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Left,
    Right,
}

/// Rows under a head, a line each.
pub(crate) fn table(head: &[(&str, Side)], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.max().unwrap_or(0).max(head[column].0.chars().count())
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let cell = |((text, (_, side)), width): ((&str, &(&str, Side)), &usize)| match side {
            Side::Left => format!("{text:<width$}"),
            Side::Right => format!("{text:>width$}"),
        };
        let cells: Vec<String> = cells.zip(head).zip(&widths).map(cell).collect();
        format!("{}\n", cells.join("  ").trim_end())
    };
    let mut out = line(&mut head.iter().map(|(name, _)| *name));
    for row in rows {
        out.push_str(&line(&mut row.iter().map(String::as_str)));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_they_must_be() {
        let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        let head = [("name", Side::Left), ("n", Side::Right), ("", Side::Left)];
        let rows = [row(["Zoë", "1,000", "x"]), row(["somebody", "7", ""])];
        assert_eq!(table(&head, &rows), "name          n\nZoë       1,000  x\nsomebody      7\n");
        assert_eq!(table(&head, &[]), "name  n\n");
    }
}
