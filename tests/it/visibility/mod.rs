//! Who sees what: every odd case by hand, and made-up domains against a model that says the rules in another way.

mod cases;
mod model;
mod property;
