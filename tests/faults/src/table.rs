//! Tables in Markdown.

/// Returns the cells of each row, including those of the header.
pub(crate) fn rows(text: &str) -> Vec<Vec<String>> {
    text.lines()
        .filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"))
        .map(|line| line.split(" | ").map(|cell| cell.trim().to_owned()).collect())
        .collect()
}

/// Escapes bars, which would end a cell.
pub(crate) fn escape(text: &str) -> String {
    text.replace('|', "\\|")
}

/// Returns the text of a cell without escapes.
pub(crate) fn unescape(cell: &str) -> String {
    cell.replace("\\|", "|")
}
