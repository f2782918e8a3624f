//! What the program promises, tried on the program itself.

mod bad_files;
mod bad_input;
mod bad_lines;
mod cases;
mod containers;
mod damage;
mod diff;
mod explain;
mod fuzz;
mod hostile_text;
mod identity;
mod init;
mod inspect;
mod json_verdicts;
mod laws;
mod oracle;
mod output;
mod readme;
mod real_data;
mod reference;
mod rejects;
mod run;
mod schema;
mod tidy;
mod vendors;
