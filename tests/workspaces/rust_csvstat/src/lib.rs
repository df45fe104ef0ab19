//! Figures of the columns of a CSV file.

pub mod error;
pub mod stats;

pub use error::StatsError;
pub use stats::{summary, Summary};
