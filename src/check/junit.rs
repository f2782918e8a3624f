//! JUnit's XML, as build servers read it: a suite for each model, a case for each problem.
//!
//! **Source**: the schema of the Jenkins xUnit plugin (`junit-10.xsd`); warnings that do not fail the check are cases that pass, with what they say as their
//! output, and those that are meant are cases that were skipped.

use std::fmt::Write;

use super::{Checked, whole};
use crate::diag::{Diagnostic, Severity, escape::xml, visible};

/// The report; problems that are at least so bad are failures.
pub fn junit(files: &[Checked], fails: Severity) -> String {
    let failures = |file: &Checked| file.problems.iter().filter(|problem| problem.severity >= fails).count();
    let cases = |file: &Checked| (file.problems.len() + file.ignored.len()).max(1);
    let sum = |of: &dyn Fn(&Checked) -> usize| files.iter().map(of).sum::<usize>();
    let errors = |file: &Checked| usize::from(file.unread.is_some());
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let (tests, failed, unread) = (sum(&cases), sum(&failures), sum(&errors));
    let _ =
        writeln!(out, "<testsuites name=\"pql check\" tests=\"{tests}\" failures=\"{failed}\" errors=\"{unread}\">");
    for file in files {
        let name = xml(&visible(&file.document.name));
        let _ = writeln!(
            out,
            "  <testsuite name=\"{name}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\">",
            cases(file),
            failures(file),
            errors(file),
            file.ignored.len()
        );
        if let Some(why) = &file.unread {
            let message = xml(&visible(why));
            let case = format!("<testcase classname=\"{name}\" name=\"can be read\">");
            let _ = writeln!(out, "    {case}\n      <error message=\"{message}\"/>\n    </testcase>");
        } else if file.problems.is_empty() && file.ignored.is_empty() {
            let _ = writeln!(out, "    <testcase classname=\"{name}\" name=\"no problems\"/>");
        }
        let places = file.places();
        let mut case = |problem: &Diagnostic, inside: String| {
            let (line, column) = places.of(problem.span.start);
            let title = xml(&visible(&format!("{} at {line}:{column}", problem.code)));
            let open = format!("<testcase classname=\"{name}\" name=\"{title}\" file=\"{name}\" line=\"{line}\">");
            let _ = writeln!(out, "    {open}\n      {inside}\n    </testcase>");
        };
        for problem in &file.problems {
            let (code, message) = (problem.code, xml(&visible(&problem.message)));
            let text = xml(&whole(problem));
            if problem.severity >= fails {
                case(problem, format!("<failure type=\"{code}\" message=\"{message}\">{text}</failure>"));
            } else {
                case(problem, format!("<system-out>{text}</system-out>"));
            }
        }
        for (problem, because) in &file.ignored {
            case(problem, format!("<skipped message=\"{}\"/>", xml(&visible(because))));
        }
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}
