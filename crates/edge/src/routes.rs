//! The policy of a request, by method and path: one lookup.

use std::collections::BTreeMap;

use http::header::ACCESS_CONTROL_REQUEST_METHOD;
use http::request::Parts;
use http::{HeaderValue, Method};

use crate::endpoint::Declarations;
use crate::measure::RouteMetrics;
use crate::policy::{Caching, Policy};
use crate::{EdgeError, cors};

/// The endpoints of all surfaces, by path and method, and their defaults for everything else.
pub struct Routes {
    paths: matchit::Router<Path>,
    /// Longer prefixes first.
    prefixes: Vec<(&'static str, Path)>,
    /// What is below no prefix.
    elsewhere: Path,
}

/// The endpoints of one pattern of the router.
struct Path {
    metrics: RouteMetrics,
    by_method: Vec<(Method, Treatment)>,
    /// For methods that nobody answers, up to their 405 or 404.
    otherwise: Treatment,
}

/// A policy, and what is made from it once.
struct Treatment {
    policy: Policy,
    caching: Option<HeaderValue>,
}

/// What the lookup found.
#[derive(Clone, Copy)]
pub(super) struct Route<'r> {
    pub(super) policy: &'r Policy,
    /// `Cache-Control` of successful responses.
    pub(super) caching: Option<&'r HeaderValue>,
    pub(super) metrics: &'r RouteMetrics,
}

impl Routes {
    /// The endpoints of all surfaces, and `default` for paths below none of their prefixes.
    ///
    /// # Errors
    /// Two endpoints have the same path and method, or a path is none that the router can tell from the others.
    pub fn new(default: Policy, declared: &Declarations) -> Result<Self, EdgeError> {
        let mut known: BTreeMap<&str, Path> = BTreeMap::new();
        for endpoint in declared.endpoints() {
            for path in endpoint.paths() {
                let known = known.entry(path).or_insert_with(|| Path::new(path, endpoint.policy()));
                for method in endpoint.methods() {
                    known.add(method, endpoint.policy()).ok_or_else(|| EdgeError::Route(path.to_owned()))?;
                }
            }
        }
        let mut paths = matchit::Router::new();
        for (path, methods) in known {
            paths.insert(path, methods).map_err(|_| EdgeError::Route(path.to_owned()))?;
        }
        let prefixes = declared.prefixes().iter();
        let mut prefixes: Vec<_> =
            prefixes.map(|(prefix, policy)| (*prefix, Path::new(&format!("{prefix}/{{*rest}}"), policy))).collect();
        prefixes.sort_by_key(|(prefix, _)| std::cmp::Reverse(prefix.len()));
        Ok(Self { paths, prefixes, elsewhere: Path::new("elsewhere", &default) })
    }

    /// The endpoint that a request reaches. A preflight is treated as the request that it announces.
    pub(super) fn find(&self, parts: &Parts) -> Route<'_> {
        let path = parts.uri.path();
        if let Ok(found) = self.paths.at(path) {
            return found.value.of(parts);
        }
        let is_below =
            |prefix: &str| path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        let default = self.prefixes.iter().find(|(prefix, _)| is_below(prefix));
        default.map_or(&self.elsewhere, |(_, default)| default).of(parts)
    }
}

impl Path {
    fn new(pattern: &str, otherwise: &Policy) -> Self {
        let metrics = RouteMetrics::new(pattern);
        Self { metrics, by_method: Vec::new(), otherwise: Treatment::new(otherwise) }
    }

    /// Adds an endpoint; `None` if its method has one already.
    fn add(&mut self, method: &Method, policy: &Policy) -> Option<()> {
        if self.find(method.as_str()).is_some() {
            return None;
        }
        self.by_method.push((method.clone(), Treatment::new(policy)));
        Some(())
    }

    fn find(&self, method: &str) -> Option<&Treatment> {
        self.by_method.iter().find(|(known, _)| known.as_str() == method).map(|(_, treatment)| treatment)
    }

    fn of(&self, parts: &Parts) -> Route<'_> {
        // Most paths have one endpoint, whose policy also covers the 405 of other methods.
        let found = if self.by_method.len() > 1 { self.find_for(parts) } else { None };
        let treatment = found.unwrap_or(&self.otherwise);
        Route { policy: &treatment.policy, caching: treatment.caching.as_ref(), metrics: &self.metrics }
    }

    fn find_for(&self, parts: &Parts) -> Option<&Treatment> {
        let announced = parts.headers.get(ACCESS_CONTROL_REQUEST_METHOD).and_then(|value| value.to_str().ok());
        let announced = announced.filter(|_| cors::is_preflight(&parts.method, &parts.headers));
        let found = self.find(announced.unwrap_or(parts.method.as_str()));
        // The endpoint of GET answers HEAD as well, unless there is one for it.
        found.or_else(|| self.find(Method::GET.as_str()).filter(|_| parts.method == Method::HEAD))
    }
}

impl Treatment {
    fn new(policy: &Policy) -> Self {
        let caching = match policy.caching {
            Caching::NoStore => None,
            Caching::Allowed(value) => HeaderValue::from_str(value).ok(),
        };
        Self { policy: *policy, caching }
    }
}

#[cfg(test)]
mod tests;
