//! Where metrics are counted: a number per series, an array per histogram, both atomic. Nothing is kept per observation, so
//! memory depends on the number of series alone.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use metrics::{
    Counter, Gauge, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder, SetRecorderError, SharedString, Unit,
};

use crate::catalogue::{Kind, METRICS, Metric};
use crate::process;

/// The most series of one metric. Labels come from the code, so nothing reaches it; it bounds the memory if something does.
const MOST_SERIES: usize = 10_000;

static INSTALLED: OnceLock<Arc<Registry>> = OnceLock::new();

/// All metrics of this process.
pub struct Registry {
    families: HashMap<&'static str, Counted>,
}

/// A metric and its series.
struct Counted {
    metric: &'static Metric,
    series: RwLock<HashMap<Key, Slot>>,
}

#[derive(Clone)]
enum Slot {
    /// A counter, or the bits of a gauge.
    Number(Arc<AtomicU64>),
    Histogram(Arc<Buckets>),
}

/// A histogram.
struct Buckets {
    bounds: &'static [f64],
    /// One for each bound, and one for what is above all of them.
    counts: Box<[AtomicU64]>,
    /// In billionths, so that adding needs no loop.
    sum: AtomicU64,
}

impl HistogramFn for Buckets {
    fn record(&self, value: f64) {
        let bucket = self.bounds.iter().position(|bound| value <= *bound).unwrap_or(self.bounds.len());
        if let Some(count) = self.counts.get(bucket) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        let billionths = Duration::try_from_secs_f64(value).unwrap_or_default().as_nanos();
        self.sum.fetch_add(u64::try_from(billionths).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}

/// A metric as it stands.
#[derive(Clone, Debug)]
pub struct Family {
    /// The metric.
    pub metric: &'static Metric,
    /// Its series, in the order of their labels.
    pub series: Vec<Series>,
}

/// A series of a metric.
#[derive(Clone, Debug)]
pub struct Series {
    /// Names and values of its labels.
    pub labels: Vec<(String, String)>,
    /// Its value.
    pub value: Value,
}

/// The value of a series.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Of a counter.
    Count(u64),
    /// Of a gauge.
    Current(f64),
    /// Of a histogram.
    Distribution {
        /// How many values are in each bucket alone, and not in a lower one; the last has no bound.
        counts: Vec<u64>,
        /// All of them added.
        sum: f64,
    },
}

impl Registry {
    /// Counts what the [catalogue](crate::catalogue) lists, from now on and in the whole process.
    ///
    /// # Errors
    /// Something counts already.
    pub fn install() -> Result<Arc<Self>, SetRecorderError<Arc<Self>>> {
        let registry = Arc::new(Self::new());
        metrics::set_global_recorder(Arc::clone(&registry))?;
        let _ = INSTALLED.set(Arc::clone(&registry));
        Ok(registry)
    }

    /// The one that counts in this process, if any.
    pub fn installed() -> Option<&'static Arc<Self>> {
        INSTALLED.get()
    }

    /// A registry of its own. What is known beforehand is there from the start, so that a rate never misses the first event.
    pub fn new() -> Self {
        let families = METRICS.iter().map(|metric| {
            let series = RwLock::new(HashMap::new());
            (metric.name, Counted { metric, series })
        });
        let registry = Self { families: families.collect() };
        for counted in registry.families.values() {
            for key in foreseen(counted.metric) {
                counted.slot(&key);
            }
        }
        registry
    }

    /// All metrics as they stand, in the order of the catalogue.
    pub fn read(&self) -> Vec<Family> {
        self.observe();
        let families = METRICS.iter().filter_map(|metric| self.families.get(metric.name));
        families.map(Counted::read).collect()
    }

    /// Looks up what the system and the runtime count.
    fn observe(&self) {
        for (name, value) in process::observed() {
            if let Some(Slot::Number(number)) = self.slot(&Key::from_static_name(name)) {
                number.store(value.to_bits(), Ordering::Relaxed);
            }
        }
    }

    fn slot(&self, key: &Key) -> Option<Slot> {
        self.families.get(key.name())?.slot(key)
    }

    fn number(&self, key: &Key) -> Option<Arc<AtomicU64>> {
        match self.slot(key)? {
            Slot::Number(number) => Some(number),
            Slot::Histogram(_) => None,
        }
    }
}

impl Default for Registry {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry").finish_non_exhaustive()
    }
}

/// Every combination of values, if all are known.
fn foreseen(metric: &'static Metric) -> Vec<Key> {
    let mut combinations: Vec<Vec<metrics::Label>> = vec![Vec::new()];
    for label in metric.labels {
        combinations = combinations
            .iter()
            .flat_map(|before| {
                label.values.iter().map(|value| {
                    let mut labels = before.clone();
                    labels.push(metrics::Label::from_static_parts(label.name, value));
                    labels
                })
            })
            .collect();
    }
    combinations.into_iter().map(|labels| Key::from_parts(metric.name, labels)).collect()
}

impl Counted {
    fn slot(&self, key: &Key) -> Option<Slot> {
        let known = self.series.read().unwrap_or_else(PoisonError::into_inner).get(key).cloned();
        if known.is_some() {
            return known;
        }
        if !self.is_listed(key) {
            return None;
        }
        let mut series = self.series.write().unwrap_or_else(PoisonError::into_inner);
        if series.len() >= MOST_SERIES && !series.contains_key(key) {
            return None;
        }
        let slot = series.entry(key.clone()).or_insert_with(|| match self.metric.kind {
            Kind::Counter | Kind::SystemCounter | Kind::Gauge => Slot::Number(Arc::default()),
            Kind::Histogram(bounds) => Slot::Histogram(Arc::new(Buckets {
                bounds,
                counts: (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect(),
                sum: AtomicU64::new(0),
            })),
        });
        Some(slot.clone())
    }

    /// Whether the labels are those of the catalogue, with values that it lists.
    fn is_listed(&self, key: &Key) -> bool {
        let mut labels = key.labels();
        let all = self.metric.labels.iter().all(|listed| {
            labels.next().is_some_and(|label| {
                label.key() == listed.name && (listed.values.is_empty() || listed.values.contains(&label.value()))
            })
        });
        all && labels.next().is_none()
    }

    fn read(&self) -> Family {
        let known = self.series.read().unwrap_or_else(PoisonError::into_inner);
        let mut series: Vec<_> = known
            .iter()
            .map(|(key, slot)| Series {
                labels: key.labels().map(|label| (label.key().to_owned(), label.value().to_owned())).collect(),
                value: slot.read(self.metric.kind),
            })
            .collect();
        drop(known);
        series.sort_unstable_by(|one, other| one.labels.cmp(&other.labels));
        Family { metric: self.metric, series }
    }
}

impl Slot {
    fn read(&self, kind: Kind) -> Value {
        match self {
            Self::Number(number) if kind == Kind::Counter => Value::Count(number.load(Ordering::Relaxed)),
            Self::Number(bits) => Value::Current(f64::from_bits(bits.load(Ordering::Relaxed))),
            Self::Histogram(buckets) => Value::Distribution {
                counts: buckets.counts.iter().map(|count| count.load(Ordering::Relaxed)).collect(),
                sum: Duration::from_nanos(buckets.sum.load(Ordering::Relaxed)).as_secs_f64(),
            },
        }
    }
}

impl Recorder for Registry {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        self.number(key).map_or_else(Counter::noop, Counter::from_arc)
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        self.number(key).map_or_else(Gauge::noop, Gauge::from_arc)
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        match self.slot(key) {
            Some(Slot::Histogram(buckets)) => Histogram::from_arc(buckets),
            Some(Slot::Number(_)) | None => Histogram::noop(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(registry: &Registry, name: &str) -> Vec<(String, Value)> {
        let family = registry.read().into_iter().find(|family| family.metric.name == name).unwrap();
        let shown = |series: Series| {
            let labels: Vec<_> = series.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
            (labels.join(","), series.value)
        };
        family.series.into_iter().map(shown).collect()
    }

    #[test]
    fn what_is_foreseen_is_there_before_it_happens() {
        let registry = Registry::new();
        let zero = |labels: &str| (labels.to_owned(), Value::Count(0));
        assert_eq!(
            values(&registry, "sigma_mails_total"),
            [zero("outcome=failed"), zero("outcome=refused"), zero("outcome=sent")]
        );
        assert!(values(&registry, "sigma_http_requests_total").is_empty(), "routes are not known");
    }

    #[test]
    fn only_listed_names_labels_and_values_are_counted() {
        let registry = Registry::new();
        metrics::with_local_recorder(&registry, || {
            metrics::counter!("sigma_mails_total", "outcome" => "sent").increment(2);
            metrics::counter!("sigma_mails_total", "outcome" => "lost in space").increment(1);
            metrics::counter!("sigma_mails_total", "recipient" => "ada").increment(1);
            metrics::counter!("sigma_mails_total", "outcome" => "sent", "more" => "x").increment(1);
            metrics::counter!("sigma_unheard_of_total").increment(1);
            metrics::histogram!("sigma_mails_total", "outcome" => "sent").record(1.0);
        });
        let mails = values(&registry, "sigma_mails_total");
        assert_eq!(mails.len(), 3);
        assert_eq!(mails[2], ("outcome=sent".to_owned(), Value::Count(2)));
    }

    #[test]
    fn series_are_bounded() {
        let registry = Registry::new();
        metrics::with_local_recorder(&registry, || {
            for route in 0..MOST_SERIES + 10 {
                let labels = [("route", format!("/{route}")), ("method", "GET".into()), ("status", "2xx".into())];
                metrics::counter!("sigma_http_requests_total", &labels).increment(1);
            }
        });
        assert_eq!(values(&registry, "sigma_http_requests_total").len(), MOST_SERIES);
    }

    #[test]
    fn a_histogram_counts_by_upper_bounds() {
        let registry = Registry::new();
        metrics::with_local_recorder(&registry, || {
            let operations = metrics::histogram!("sigma_store_commit_operations");
            for value in [1.0, 1.5, 2.0, 300.0, f64::NAN, -1.0] {
                operations.record(value);
            }
        });
        let shown = values(&registry, "sigma_store_commit_operations").remove(0).1;
        let expected = Value::Distribution { counts: vec![2, 2, 0, 0, 0, 0, 0, 0, 0, 2], sum: 304.5 };
        assert_eq!(shown, expected);
    }
}
