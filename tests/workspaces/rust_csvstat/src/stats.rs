use crate::error::StatsError;

/// The figures of one column.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    pub count: usize,
    pub mean: f64,
    pub smallest: f64,
    pub largest: f64,
}

/// The figures of a column; empty cells do not count.
///
/// # Errors
///
/// [`StatsError::Empty`] where no cell has a number, [`StatsError::NotANumber`] at the first cell that is
/// neither empty nor a finite number; lines are counted from 1.
pub fn summary<'a>(cells: impl IntoIterator<Item = &'a str>) -> Result<Summary, StatsError> {
    let mut numbers = Vec::new();
    for (index, cell) in cells.into_iter().enumerate() {
        let text = cell.trim();
        if text.is_empty() {
            continue;
        }
        let number: f64 = text.parse().map_err(|_| StatsError::NotANumber {
            line: index,
            text: text.to_owned(),
        })?;
        numbers.push(number);
    }
    if numbers.is_empty() {
        return Err(StatsError::Empty);
    }
    Ok(Summary {
        count: numbers.len(),
        mean: numbers.iter().sum::<f64>() / numbers.len() as f64,
        smallest: numbers.iter().copied().fold(f64::INFINITY, f64::min),
        largest: numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max),
    })
}

/// The value below which a share of the column lies.
// TODO: nearest rank or interpolation? The report does not say.
pub fn percentile(_numbers: &[f64], _share: f64) -> Result<f64, StatsError> {
    todo!()
}
