//! The parts of a Markdown text the checks read: links, headings, prose.

/// A link's target and its line, counted from 1.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) target: String,
    pub(super) line: usize,
}

/// Lines that are prose, with their numbers: no fenced code, and inline code blanked out.
pub(super) fn prose(text: &str) -> Vec<(usize, String)> {
    unfenced(text).map(|(number, line)| (number, cut_code_spans(line).0)).collect()
}

/// What stands between backticks, with its line number.
pub(super) fn code_spans(text: &str) -> Vec<(usize, &str)> {
    let spans = |(number, line)| cut_code_spans(line).1.into_iter().map(move |span| (number, span));
    unfenced(text).flat_map(spans).collect()
}

/// The lines outside fenced code, counted from 1.
fn unfenced(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fence: Option<String> = None;
    text.lines().enumerate().filter_map(move |(number, line)| {
        let trimmed = line.trim_start();
        let is_marker = |c: &char| trimmed.starts_with(*c) && matches!(c, '`' | '~');
        let marker: String = trimmed.chars().take_while(is_marker).collect();
        match &fence {
            Some(open) => {
                if marker.starts_with(open.as_str()) && trimmed.trim_end() == marker {
                    fence = None;
                }
                None
            }
            None if marker.len() >= 3 => {
                fence = Some(marker);
                None
            }
            None => Some((number + 1, line)),
        }
    })
}

/// The line without its code spans, and the spans.
fn cut_code_spans(line: &str) -> (String, Vec<&str>) {
    let (mut kept, mut spans) = (String::new(), Vec::new());
    let mut rest = line;
    while let Some(start) = rest.find('`') {
        let (before, from) = rest.split_at(start);
        let body = from.trim_start_matches('`');
        let ticks = from.strip_suffix(body).unwrap_or(from);
        kept.push_str(before);
        rest = match body.split_once(ticks) {
            Some((span, after)) => {
                spans.push(span);
                after
            }
            None => body,
        };
    }
    kept.push_str(rest);
    (kept, spans)
}

/// Every inline link, image and reference definition.
pub(super) fn links(text: &str) -> Vec<Link> {
    let mut links = Vec::new();
    for (line, prose) in prose(text) {
        for (at, found) in prose.match_indices("](") {
            let after = prose.get(at + found.len()..).unwrap_or_default();
            links.extend(inline_target(after).map(|target| Link { target, line }));
        }
        let definition =
            prose.trim_start().strip_prefix('[').and_then(|rest| rest.split_once("]:"));
        if let Some((label, after)) = definition
            && !label.starts_with('^')
            && !label.contains(']')
        {
            let target = after
                .split_whitespace()
                .next()
                .map(|word| word.trim_start_matches('<').trim_end_matches('>').to_owned());
            links.extend(target.map(|target| Link { target, line }));
        }
    }
    links
}

/// `path "title")…`, `<path with spaces>)…` or `path)…`.
fn inline_target(after: &str) -> Option<String> {
    if let Some(rest) = after.strip_prefix('<') {
        return rest.split_once('>').map(|(target, _)| target.to_owned());
    }
    let mut depth = 0_usize;
    let end = after.find(|c: char| match c {
        '(' => {
            depth += 1;
            false
        }
        ')' if depth == 0 => true,
        ')' => {
            depth -= 1;
            false
        }
        _ => false,
    })?;
    after.get(..end)?.split_whitespace().next().map(str::to_owned)
}

/// The anchors a renderer gives to the headings: lower case, spaces to hyphens, the rest dropped;
/// repeated ones are numbered.
pub(super) fn anchors(text: &str) -> Vec<String> {
    let mut anchors: Vec<String> = Vec::new();
    let mut fenced = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        let title = line.trim_start_matches('#');
        let level = line.len() - title.len();
        if fenced || !(1..=6).contains(&level) || !title.starts_with(' ') {
            continue;
        }
        let base: String = title
            .trim()
            .chars()
            .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
            .map(|c| if c == ' ' { '-' } else { c })
            .flat_map(char::to_lowercase)
            .collect();
        let repeats = (0..).map(|n| if n == 0 { base.clone() } else { format!("{base}-{n}") });
        let free = repeats.into_iter().find(|name| !anchors.contains(name));
        anchors.extend(free);
    }
    anchors
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_found_in_every_form_and_not_in_code() {
        let text = "see [a](one.md) and ![b](<two words.md>), [c](three.md#x \"title\")\n\
                    `[not](code.md)` ``[nor` this](code.md)``\n\
                    ```text\n[nor](this.md)\n```\n\
                    [ref]: four.md\n[^note]: five.md [d](f(x).md)\n";
        let found: Vec<_> = links(text).into_iter().map(|link| (link.line, link.target)).collect();
        let expected =
            [(1, "one.md"), (1, "two words.md"), (1, "three.md#x"), (6, "four.md"), (7, "f(x).md")];
        assert_eq!(found, expected.map(|(line, target)| (line, target.to_owned())));
    }

    #[test]
    fn code_spans_are_found_with_their_lines_and_fenced_code_is_none() {
        let text = "run `a b` or ``c`d``\n```\n`e`\n```\n`open";
        assert_eq!(code_spans(text), [(1, "a b"), (1, "c`d")]);
    }

    #[test]
    fn a_fence_is_closed_only_by_its_own_kind() {
        let text = "````md\n```\n[a](x.md)\n```\n````\n[b](y.md)\n~~~\n[c](z.md)\n";
        assert_eq!(links(text), [Link { target: "y.md".to_owned(), line: 6 }]);
    }

    #[test]
    fn anchors_follow_the_headings() {
        let text = "# What it is\n## Set up: `run`, then test\n```sh\n# no heading\n```\n## What it is\n#tag\n";
        assert_eq!(anchors(text), ["what-it-is", "set-up-run-then-test", "what-it-is-1"]);
    }
}
