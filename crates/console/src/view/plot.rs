//! Plots: drawn as SVG here, coloured by the stylesheet, and as a table for whoever does not see them.

use sigma_core::time::Timestamp;
use sigma_platform::pages::view::moment;

/// The width of the drawing, in units of its own: it is stretched to the page.
const WIDTH: u64 = 600;
/// The height of the drawing.
const HEIGHT: u64 = 120;

/// What is drawn: one bar for each day and series.
#[derive(Clone, Debug)]
pub struct Plot {
    /// Names the elements of the plot.
    pub id: &'static str,
    /// What it shows: a key of the catalogue.
    pub title: &'static str,
    /// What the bars are: keys of the catalogue.
    pub series: Vec<&'static str>,
    /// The days, oldest first.
    pub days: Vec<Bars>,
}

/// The numbers of one day.
#[derive(Clone, Debug)]
pub struct Bars {
    /// The day.
    pub day: Timestamp,
    /// A number for each series.
    pub numbers: Vec<u64>,
}

impl Bars {
    /// The day, as it is shown.
    pub(super) fn name(&self) -> String {
        moment::day(self.day)
    }
}

/// A bar, where it is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bar {
    pub(super) series: usize,
    pub(super) x: u64,
    pub(super) y: u64,
    pub(super) width: u64,
    pub(super) height: u64,
}

impl Plot {
    /// The largest number.
    pub(super) fn most(&self) -> u64 {
        self.days.iter().flat_map(|day| &day.numbers).copied().max().unwrap_or(0)
    }

    /// Each series, and all of it together.
    pub(super) fn totals(&self) -> Vec<(&'static str, u64)> {
        self.series.iter().enumerate().map(|(place, series)| (*series, self.total(place))).collect()
    }

    fn total(&self, series: usize) -> u64 {
        self.days.iter().filter_map(|day| day.numbers.get(series)).fold(0, |sum, number| sum.saturating_add(*number))
    }

    /// The first day.
    pub(super) fn first(&self) -> String {
        self.days.first().map(Bars::name).unwrap_or_default()
    }

    /// The last day.
    pub(super) fn last(&self) -> String {
        self.days.last().map(Bars::name).unwrap_or_default()
    }

    /// The bars of the drawing. What is not nothing is seen, however little it is.
    pub(super) fn bars(&self) -> Vec<Bar> {
        let (most, days) = (self.most().max(1), u64::try_from(self.days.len()).unwrap_or(1).max(1));
        let (step, each) = (WIDTH / days, u64::try_from(self.series.len()).unwrap_or(1).max(1));
        let width = (step.saturating_sub(4) / each).max(1);
        let mut bars = Vec::new();
        for (place, day) in (0_u64..).zip(&self.days) {
            for (series, number) in day.numbers.iter().enumerate().filter(|(_, number)| **number > 0) {
                let height = scaled(*number, most, HEIGHT);
                let offset = u64::try_from(series).unwrap_or(0) * width;
                bars.push(Bar { series, x: place * step + 2 + offset, y: HEIGHT - height, width, height });
            }
        }
        bars
    }
}

/// `number` of `most` as a length of at most `whole`, and of at least 2.
fn scaled(number: u64, most: u64, whole: u64) -> u64 {
    let length = u128::from(number) * u128::from(whole) / u128::from(most.max(1));
    u64::try_from(length).unwrap_or(whole).clamp(2, whole)
}

/// A line of a chart that compares things with each other.
#[derive(Clone, Debug)]
pub struct Line {
    /// What it is.
    pub name: String,
    /// Its page, if the role opens it.
    pub url: Option<String>,
    /// How much.
    pub number: u64,
    /// The most of all lines.
    pub most: u64,
}

impl Line {
    /// The length of its bar.
    pub(super) fn length(&self) -> u64 {
        scaled(self.number, self.most, WIDTH)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plot(numbers: &[[u64; 2]]) -> Plot {
        let day = |(at, numbers): (i64, &[u64; 2])| Bars {
            day: Timestamp::from_seconds(at * 86_400),
            numbers: numbers.to_vec(),
        };
        Plot { id: "p", title: "t", series: vec!["a", "b"], days: (0..).zip(numbers).map(day).collect() }
    }

    #[test]
    fn bars_fill_the_height_and_stay_inside_it() {
        let bars = plot(&[[0, 10], [5, 1_000_000], [u64::MAX, 3]]).bars();
        assert_eq!(bars.len(), 5, "nothing is drawn for nothing");
        assert!(bars.iter().all(|bar| bar.height >= 2 && bar.y + bar.height == HEIGHT && bar.x + bar.width <= WIDTH));
        let tallest = bars.iter().max_by_key(|bar| bar.height).unwrap();
        assert_eq!((tallest.series, tallest.height), (0, HEIGHT));
        assert_eq!(plot(&[]).bars(), []);
    }

    #[test]
    fn numbers_are_added_up_by_series() {
        let plot = plot(&[[1, 2], [3, 4]]);
        assert_eq!((plot.total(0), plot.total(1), plot.most()), (4, 6, 4));
        assert_eq!((plot.first().as_str(), plot.last().as_str()), ("1970-01-01", "1970-01-02"));
    }
}
