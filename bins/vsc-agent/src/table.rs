//! Tables for people: columns as wide as their longest cell.

/// Lays out rows under their headings. The last column is as long as it is.
#[must_use]
pub(crate) fn table<const N: usize>(headings: [&str; N], rows: &[[String; N]]) -> String {
    let width = |column: usize| {
        let heading = headings.get(column).map_or(0, |heading| heading.chars().count());
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.max().unwrap_or(0).max(heading)
    };
    let widths: Vec<usize> = (0..N).map(width).collect();
    let line = |cells: &[String; N]| {
        let padded: Vec<_> =
            cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        format!("{}\n", padded.join("  ").trim_end())
    };
    let mut text = line(&headings.map(str::to_owned));
    rows.iter().for_each(|row| text.push_str(&line(row)));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_longest_cell() {
        let rows = [["é".to_owned(), "long name".to_owned()], ["bb".to_owned(), String::new()]];
        assert_eq!(table(["A", "B"], &rows), "A   B\né   long name\nbb\n");
        assert_eq!(table(["A", "B"], &[]), "A  B\n");
    }
}
