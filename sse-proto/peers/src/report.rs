//! What is printed and drawn.

pub mod chart;
pub mod table;
