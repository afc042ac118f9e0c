//! Suiftly's edge: vault in, HAProxy maps and runtime socket out.
