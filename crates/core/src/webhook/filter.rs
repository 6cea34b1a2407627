//! Which events a webhook is told of.

use crate::event::Action;

/// Most actions and groups that one filter names.
const MOST: usize = 100;

/// A choice of actions: by name, or by group, as in `user.*`. One that names nothing takes everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventFilter(Vec<String>);

/// Why a filter is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EventFilterProblem {
    /// There is no such action or group.
    #[error("{0} is neither an action of the audit trail nor a group of them, such as user.*")]
    Unknown(String),
    /// It names too many.
    #[error("at most 100 actions can be chosen")]
    TooMany,
}

impl EventFilter {
    /// The filter that somebody wrote. Repeated names count once, and `*` is everything.
    ///
    /// # Errors
    /// [`EventFilterProblem`]
    pub fn parse<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, EventFilterProblem> {
        let mut chosen = Vec::new();
        for name in names {
            if name == "*" {
                return Ok(Self::default());
            }
            let is_known = match name.strip_suffix(".*") {
                Some(group) => Self::groups().any(|known| known == group),
                None => Action::parse(name).is_some(),
            };
            if !is_known {
                return Err(EventFilterProblem::Unknown(name.chars().take(100).collect()));
            }
            if !chosen.iter().any(|known| known == name) {
                chosen.push(name.to_owned());
            }
            if chosen.len() > MOST {
                return Err(EventFilterProblem::TooMany);
            }
        }
        Ok(Self(chosen))
    }

    /// The filter in the store. A newer Sigma on the same database may know more actions.
    pub fn from_stored(text: &str) -> Self {
        Self(text.split_ascii_whitespace().map(str::to_owned).collect())
    }

    /// The filter as it is stored.
    pub fn to_stored(&self) -> String {
        self.0.join(" ")
    }

    /// The names in it; none if it takes everything.
    pub fn names(&self) -> &[String] {
        &self.0
    }

    /// Whether it takes events of that action.
    pub fn takes(&self, action: &str) -> bool {
        self.0.is_empty()
            || self.0.iter().any(|name| match name.strip_suffix(".*") {
                Some(group) => action.split_once('.').is_some_and(|(of, _)| of == group),
                None => name == action,
            })
    }

    /// The groups of actions, in the order of the documentation.
    pub fn groups() -> impl Iterator<Item = &'static str> {
        let mut last = "";
        let group = |action: &Action| action.as_str().split_once('.').map_or("", |(group, _)| group);
        Action::ALL.iter().map(group).filter(move |group| std::mem::replace(&mut last, group) != *group)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(names: &[&str]) -> Result<EventFilter, EventFilterProblem> {
        EventFilter::parse(names.iter().copied())
    }

    #[test]
    fn a_filter_takes_what_it_names_and_everything_if_it_names_nothing() {
        let filter = parse(&["user.sign_in", "merit.*", "user.sign_in"]).unwrap();
        assert_eq!(filter.names(), ["user.sign_in", "merit.*"]);
        assert_eq!(EventFilter::from_stored(&filter.to_stored()), filter);
        assert!(filter.takes("user.sign_in") && filter.takes("merit.send"));
        assert!(!filter.takes("user.sign_up") && !filter.takes("merits.send") && !filter.takes("user.sign_in_failed"));
        for everything in [parse(&[]), parse(&["user.sign_in", "*"])] {
            assert!(everything.unwrap().takes("whatever.is_new"));
        }
    }

    #[test]
    fn unknown_actions_and_groups_are_refused() {
        for name in ["user.dance", "users.*", "user", "", ".*", "user.sign_in ", "*.*"] {
            assert_eq!(parse(&[name]), Err(EventFilterProblem::Unknown(name.to_owned())), "{name}");
        }
    }

    #[test]
    fn each_group_is_named_once() {
        let groups: Vec<_> = EventFilter::groups().collect();
        let mut unique = groups.clone();
        unique.sort_unstable();
        unique.dedup();
        assert_eq!(unique.len(), groups.len(), "{groups:?}");
        assert!(groups.contains(&"user") && groups.contains(&"webhook"));
    }
}
