//! Deployments over machines and servers that fail as told, at every step.

mod machine;
mod servers;
