use thiserror::Error;

/// Why a column has no figures.
#[derive(Debug, Error, PartialEq)]
pub enum StatsError {
    #[error("the column is empty")]
    Empty,
    #[error("line {line}: {text:?} is no number")]
    NotANumber { line: usize, text: String },
}
