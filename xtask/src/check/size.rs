//! A file is one idea: long ones hold two.

use super::{Finding, Report};
use crate::workspace::SourceTree;

/// From here on a file is listed: is it still one idea?
const TALK_ABOVE_LINES: usize = 400;
/// From here on the check fails.
const FAIL_ABOVE_LINES: usize = 600;

/// Counts the lines of every Rust file.
pub(super) fn check(tree: &SourceTree) -> Report {
    let mut report = Report::default();
    let mut files = 0;
    for file in tree.with_ending(".rs") {
        files += 1;
        let lines = file.text.lines().count();
        if lines > FAIL_ABOVE_LINES {
            let advice = format!(
                "{lines} lines, at most {FAIL_ABOVE_LINES} are allowed: find the second idea and \
                 give it a file of its own"
            );
            report.findings.push(Finding::in_file(&file.path, advice));
        } else if lines > TALK_ABOVE_LINES {
            let remark = format!("{lines} lines, is this still one idea?");
            report.remarks.push(Finding::in_file(&file.path, remark));
        }
    }
    report.looked_at = format!("{files} Rust files");
    report
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::tree;

    #[test]
    fn a_file_of_601_lines_fails_and_one_of_401_is_listed() {
        let cases = [(400, 0, 0), (401, 0, 1), (600, 0, 1), (601, 1, 0)];
        for (lines, findings, remarks) in cases {
            let report = check(&tree(&[("src/long.rs", "//\n".repeat(lines).as_str())]));
            assert_eq!(report.findings.len(), findings, "{lines} lines");
            assert_eq!(report.remarks.len(), remarks, "{lines} lines");
        }
    }

    #[test]
    fn prose_may_be_as_long_as_it_likes() {
        let report = check(&tree(&[("docs/long.md", "x\n".repeat(5000).as_str())]));
        assert!(report.findings.is_empty());
    }
}
