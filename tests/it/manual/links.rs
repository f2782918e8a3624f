//! Links of the manual lead to headings and files that exist.

use std::{collections::BTreeSet, path::Path};

use super::{files, prose, root, text};

/// The anchor of a heading on the web page: lower case, hyphens for spaces, no punctuation.
fn anchor(heading: &str) -> String {
    let kept = heading.to_lowercase().replace(' ', "-");
    kept.chars().filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_')).collect()
}

/// The anchors of all headings of a file.
fn anchors(path: &Path) -> BTreeSet<String> {
    let text = std::fs::read_to_string(path).expect("a file of the manual");
    prose(&text)
        .filter_map(|line| line.strip_prefix('#'))
        .map(|line| anchor(line.trim_start_matches('#').trim()))
        .collect()
}

/// The targets of the links of a text that stay within the project.
fn links(text: &str) -> Vec<&str> {
    let links = prose(text).flat_map(|line| line.split("](").skip(1)).filter_map(|rest| rest.split(')').next());
    links.filter(|link| !link.contains("://")).collect()
}

/// What is wrong with a link of a file, if anything is.
fn fault(file: &str, link: &str) -> Option<String> {
    let (path, heading) = link.split_once('#').map_or((link, None), |(path, heading)| (path, Some(heading)));
    let from = root().join(file);
    let to = if path.is_empty() { from } else { from.parent()?.join(path) };
    if !to.is_file() {
        return Some(format!("{file}: no file {link}"));
    }
    let heading = heading?;
    (!anchors(&to).contains(heading)).then(|| format!("{file}: no heading {link}"))
}

#[test]
fn links_lead_to_headings_and_files() {
    let mut count = 0;
    let mut faults = Vec::new();
    for file in files() {
        let text = text(&file);
        for link in links(&text) {
            count += 1;
            faults.extend(fault(&file, link));
        }
    }
    assert!(count > 30, "the manual has links: {count}");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_readme_is_short_and_leads_to_every_file_of_the_manual() {
    let readme = text("README.md");
    assert!(readme.lines().count() <= 200, "the README has {} lines", readme.lines().count());
    let links = links(&readme);
    for file in files().iter().filter(|file| *file != "README.md") {
        assert!(links.contains(&file.as_str()), "the README has no link to {file}");
    }
}
