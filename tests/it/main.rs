//! What the program promises, tried on the program itself.

mod oracle;
mod reference;
mod run;
