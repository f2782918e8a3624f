//! JUnit's XML, as build servers read it: a suite for each model, a case for each problem.
//!
//! **Source**: the schema of the Jenkins xUnit plugin (`junit-10.xsd`); warnings that do not fail the check are cases that pass, with what they say as their
//! output, and those that are meant are cases that were skipped.

use std::fmt::Write;

use super::{CheckedModel, plain_text};
use pql_model::diag::{Diagnostic, Severity, escape::xml, escape_controls};

/// The report; problems that are at least so bad are failures.
pub fn junit(files: &[CheckedModel], fails: Severity) -> String {
    let failures = |file: &CheckedModel| file.problems.iter().filter(|problem| problem.severity >= fails).count();
    let cases = |file: &CheckedModel| (file.problems.len() + file.ignored.len()).max(1);
    let sum = |of: &dyn Fn(&CheckedModel) -> usize| files.iter().map(of).sum::<usize>();
    let errors = |file: &CheckedModel| usize::from(file.read_error.is_some());
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let (tests, failed, unread) = (sum(&cases), sum(&failures), sum(&errors));
    let _ =
        writeln!(out, "<testsuites name=\"pql check\" tests=\"{tests}\" failures=\"{failed}\" errors=\"{unread}\">");
    for file in files {
        let name = xml(&escape_controls(&file.document.name));
        let _ = writeln!(
            out,
            "  <testsuite name=\"{name}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\">",
            cases(file),
            failures(file),
            errors(file),
            file.ignored.len()
        );
        if let Some(why) = &file.read_error {
            let message = xml(&escape_controls(why));
            let case = format!("<testcase classname=\"{name}\" name=\"can be read\">");
            let _ = writeln!(out, "    {case}\n      <error message=\"{message}\"/>\n    </testcase>");
        } else if file.problems.is_empty() && file.ignored.is_empty() {
            let _ = writeln!(out, "    <testcase classname=\"{name}\" name=\"no problems\"/>");
        }
        let places = file.places();
        let mut case = |problem: &Diagnostic, inside: String| {
            let (line, column) = places.line_column(problem.span.start);
            let title = xml(&escape_controls(&format!("{} at {line}:{column}", problem.code)));
            let open = format!("<testcase classname=\"{name}\" name=\"{title}\" file=\"{name}\" line=\"{line}\">");
            let _ = writeln!(out, "    {open}\n      {inside}\n    </testcase>");
        };
        for problem in &file.problems {
            let (code, message) = (problem.code, xml(&escape_controls(&problem.message)));
            let text = xml(&plain_text(problem));
            if problem.severity >= fails {
                case(problem, format!("<failure type=\"{code}\" message=\"{message}\">{text}</failure>"));
            } else {
                case(problem, format!("<system-out>{text}</system-out>"));
            }
        }
        for (problem, because) in &file.ignored {
            case(problem, format!("<skipped message=\"{}\"/>", xml(&escape_controls(because))));
        }
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}
