//! What the program promises, tried on the program itself.

mod bad_files;
mod bad_input;
mod cases;
mod containers;
mod diff;
mod explain;
mod identity;
mod init;
mod inspect;
mod laws;
mod oracle;
mod output;
mod publish;
mod readme;
mod real_data;
mod reference;
mod rejects;
mod run;
mod schema;
mod tidy;
mod vendors;
