//! What the program promises, tried on the program itself.

mod bad_files;
mod bad_input;
mod cases;
mod check;
mod containers;
mod diff;
mod explain;
mod identity;
mod init;
mod inspect;
mod laws;
mod lint;
mod mistakes;
mod oracle;
mod output;
mod publish;
mod readme;
mod real_data;
mod reference;
mod rejects;
mod rules;
mod run;
mod schema;
mod tidy;
mod untrusted;
mod vendors;
