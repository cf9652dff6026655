//! Medians and quartiles: the mean of process times follows the outliers, the median does not.

/// The quartiles of one series, in the unit of its values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Summary {
    /// A quarter of the values lies at or below.
    pub(crate) p25: f64,
    /// Half of the values lie at or below.
    pub(crate) median: f64,
    /// Three quarters of the values lie at or below.
    pub(crate) p75: f64,
}

impl Summary {
    /// The quartiles of values in any order; none of no values.
    pub(crate) fn of(mut values: Vec<f64>) -> Option<Self> {
        values.sort_by(f64::total_cmp);
        Some(Self {
            p25: quartile(&values, 1)?,
            median: quartile(&values, 2)?,
            p75: quartile(&values, 3)?,
        })
    }

    /// This median in parts of the other one.
    pub(crate) fn ratio_to(&self, other: &Self) -> f64 {
        self.median / other.median
    }
}

/// The `quarter`-th quartile (0 to 4) of sorted values, interpolated between its neighbours:
/// type 7 of Hyndman and Fan (1996), the default of R and `NumPy`.
fn quartile(sorted: &[f64], quarter: usize) -> Option<f64> {
    let position = quarter * sorted.len().checked_sub(1)?;
    let below = *sorted.get(position / 4)?;
    let above = sorted.get(position / 4 + 1).copied().unwrap_or(below);
    let share = [0.0, 0.25, 0.5, 0.75][position % 4];
    Some(below + (above - below) * share)
}

#[cfg(test)]
impl Summary {
    /// Of values that are all the same.
    pub(crate) fn flat(value: f64) -> Self {
        Self {
            p25: value,
            median: value,
            p75: value,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(values: &[f64]) -> Summary {
        Summary::of(values.to_vec()).expect("values")
    }

    #[track_caller]
    fn assert_near(found: f64, wanted: f64) {
        assert!((found - wanted).abs() < 1e-12, "{found} is not {wanted}");
    }

    #[test]
    fn no_values_have_no_quartiles() {
        assert_eq!(Summary::of(Vec::new()), None);
    }

    #[test]
    fn one_value_is_its_own_quartiles() {
        assert_eq!(
            summary(&[7.0]),
            Summary {
                p25: 7.0,
                median: 7.0,
                p75: 7.0
            }
        );
    }

    #[test]
    fn an_odd_number_of_values_has_the_middle_one() {
        assert_eq!(
            summary(&[5.0, 1.0, 3.0, 2.0, 4.0]),
            Summary {
                p25: 2.0,
                median: 3.0,
                p75: 4.0
            }
        );
    }

    #[test]
    fn between_two_values_is_interpolated() {
        let found = summary(&[4.0, 1.0, 3.0, 2.0]);
        assert_near(found.p25, 1.75);
        assert_near(found.median, 2.5);
        assert_near(found.p75, 3.25);
    }

    #[test]
    fn two_values_are_split_in_quarters() {
        let found = summary(&[20.0, 10.0]);
        assert_near(found.p25, 12.5);
        assert_near(found.median, 15.0);
        assert_near(found.p75, 17.5);
    }

    #[test]
    fn one_outlier_moves_no_quartile_of_many() {
        let mut values = vec![2.0; 99];
        values.push(1e9);
        assert_eq!(
            summary(&values),
            Summary {
                p25: 2.0,
                median: 2.0,
                p75: 2.0
            }
        );
    }

    #[test]
    fn the_ratio_is_that_of_the_medians() {
        let ours = summary(&[1.0, 2.0, 90.0]);
        let theirs = summary(&[3.0, 4.0, 5.0]);
        assert_near(ours.ratio_to(&theirs), 0.5);
        assert_near(ours.ratio_to(&ours), 1.0);
    }
}
