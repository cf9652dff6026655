//! The report as a page of Markdown, to stand beside the picture.

use crate::report::Report;
use crate::table;

/// The whole page.
pub(crate) fn render(report: &Report) -> String {
    format!(
        "# Figures\n\n\
         Written by `make bench`, which anybody can run; nothing here is edited by hand. The same \
         figures as data: [results.json](results.json). What was tried, and what a missed target is \
         missed by: [docs/decisions.md](../decisions.md).\n\n\
         ![Figures as bars](results.svg)\n\n\
         ```text\n{}```\n",
        table::render(report)
    )
}
