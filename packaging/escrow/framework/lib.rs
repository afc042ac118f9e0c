//! Empty: this package only has a dependency.
