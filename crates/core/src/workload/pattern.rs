//! Rules on the claims of a token.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::json::Members;

/// The most claims of one rule.
const MOST_CLAIMS: usize = 20;
/// The longest name and the longest pattern, in bytes.
const LONGEST: usize = 512;
/// The claims that say whose a workload is. Each rule pins one of them, since an issuer such as GitHub's signs for everybody.
const IDENTIFYING: [&str; 10] = [
    "sub",
    "repository",
    "repository_id",
    "repository_owner",
    "repository_owner_id",
    "project_path",
    "project_id",
    "namespace_path",
    "namespace_id",
    "/kubernetes.io/namespace",
];

/// Why a rule is not acceptable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternProblem {
    /// No claims, or too many.
    #[error("a rule has 1 to 20 claims")]
    Count,
    /// A name or pattern that is empty or too long.
    #[error("the name or value of the claim \"{0}\" is empty or longer than 512 bytes")]
    Length(String),
    /// Anybody's workload could match.
    #[error(
        "a rule must say whose workload it is: sub, repository, project_path, a namespace or their ids, with no * before the owner ends"
    )]
    Unidentified,
}

/// What the claims of a token must be: each by its name, or by a JSON pointer (RFC 6901) if it is a member of another. `*` in a
/// value stands for any characters but `:`, which separates the parts of a subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimRules(BTreeMap<String, String>);

impl ClaimRules {
    /// Checks the claims of a rule.
    ///
    /// # Errors
    /// [`PatternProblem`]
    pub fn new(claims: BTreeMap<String, String>) -> Result<Self, PatternProblem> {
        if !(1..=MOST_CLAIMS).contains(&claims.len()) {
            return Err(PatternProblem::Count);
        }
        let fits = |text: &str| (1..=LONGEST).contains(&text.len());
        if let Some((name, _)) = claims.iter().find(|(name, value)| !fits(name) || !fits(value)) {
            return Err(PatternProblem::Length(name.clone()));
        }
        let identifies = |name: &&str| claims.get(*name).is_some_and(|value| names_owner(name, value));
        if IDENTIFYING.iter().any(identifies) { Ok(Self(claims)) } else { Err(PatternProblem::Unidentified) }
    }

    /// Whether `claims` satisfy all of them.
    pub fn hold_for(&self, claims: &Members) -> bool {
        self.0.iter().all(|(name, pattern)| match find(claims, name) {
            Some(Value::String(text)) => matches(pattern, text),
            Some(Value::Number(number)) => matches(pattern, &number.to_string()),
            Some(Value::Bool(flag)) => matches(pattern, if *flag { "true" } else { "false" }),
            _ => false,
        })
    }
}

/// Whether what stands before the first `*` of the value of an identifying claim names a whole owner: `acme*` is also `acme-evil`.
fn names_owner(name: &str, value: &str) -> bool {
    let Some((literal, _)) = value.split_once('*') else { return true };
    match name {
        "repository" | "project_path" | "namespace_path" => literal.contains('/'),
        // Of GitHub, of GitLab and of Kubernetes. Where the owner ends in those of others is not known: `environment:*` is anybody's.
        "sub" if literal.starts_with("repo:") || literal.starts_with("project_path:") => literal.contains('/'),
        "sub" => literal
            .strip_prefix("system:")
            .and_then(|rest| rest.split_once(':'))
            .is_some_and(|(_, owner)| owner.contains(':')),
        _ => false,
    }
}

/// The claim called `name`, or the one that the JSON pointer leads to.
fn find<'a>(claims: &'a Members, name: &str) -> Option<&'a Value> {
    let Some(pointer) = name.strip_prefix('/') else { return claims.get(name) };
    let (first, rest) = pointer.find('/').map_or((pointer, ""), |at| pointer.split_at(at));
    claims.get(&first.replace("~1", "/").replace("~0", "~"))?.pointer(rest)
}

/// Whether `text` is what `pattern` says. Each `*` takes as little as possible, and goes on only if the rest does not fit.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((literal, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(text) = text.strip_prefix(literal) else { return false };
    // What follows the star is tried at each end that it may have; a second star makes the later ones unnecessary to undo.
    let mut parts = rest.split('*').peekable();
    let mut left = text;
    while let Some(part) = parts.next() {
        let is_last = parts.peek().is_none();
        let end = left.find(':').unwrap_or(left.len());
        let found = if is_last {
            left.len().checked_sub(part.len()).filter(|at| *at <= end && left.ends_with(part))
        } else {
            left.find(part).filter(|at| *at <= end)
        };
        match found.and_then(|at| left.get(at.saturating_add(part.len())..)) {
            Some(remaining) => left = remaining,
            None => return false,
        }
    }
    left.is_empty()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rules(claims: &[(&str, &str)]) -> Result<ClaimRules, PatternProblem> {
        ClaimRules::new(claims.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    fn claims(value: &Value) -> Members {
        serde_json::from_value(value.clone()).unwrap()
    }

    #[test]
    fn a_star_stands_for_anything_within_one_part_of_a_subject() {
        for (pattern, text) in [
            ("repo:acme/web:ref:refs/heads/main", "repo:acme/web:ref:refs/heads/main"),
            ("repo:acme/*:ref:refs/heads/main", "repo:acme/web:ref:refs/heads/main"),
            ("repo:acme/web:ref:refs/tags/v*", "repo:acme/web:ref:refs/tags/v1.2"),
            ("repo:acme/web:*", "repo:acme/web:pull_request"),
            ("a*", "a"),
            ("a*c*e", "abcde"),
            ("a*b*b", "aabb"),
            ("*", ""),
        ] {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [
            ("repo:acme/web", "repo:acme/web2"),
            ("repo:acme/web", "Repo:acme/web"),
            ("repo:acme/*", "repo:acme/web:ref:refs/heads/main"),
            ("repo:acme/*:ref:refs/heads/main", "repo:evil/web:ref:refs/heads/main"),
            ("repo:acme/*:ref:refs/heads/main", "repo:acme/web:environment:x:ref:refs/heads/main"),
            ("repo:acme/web:*", "repo:acme/web:ref:refs/heads/main"),
            ("a*c*e", "abcd"),
            ("a*a", "a"),
            ("*", "a:b"),
        ] {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn every_claim_of_a_rule_has_to_hold() {
        let token = claims(&json!({
            "sub": "repo:acme/web:ref:refs/heads/main", "repository": "acme/web", "repository_id": 7, "ref_protected": true,
            "kubernetes.io": {"namespace": "ci", "serviceaccount": {"name": "builder"}}, "roles": ["a"],
        }));
        let good: [&[(&str, &str)]; 4] = [
            &[("repository", "acme/web"), ("ref_protected", "true")],
            &[("repository_id", "7")],
            &[("/kubernetes.io/namespace", "ci"), ("/kubernetes.io/serviceaccount/name", "b*")],
            &[("sub", "repo:acme/web:ref:refs/heads/*")],
        ];
        for rule in good {
            assert!(rules(rule).unwrap().hold_for(&token), "{rule:?}");
        }
        let bad: [&[(&str, &str)]; 5] = [
            &[("repository", "acme/web"), ("environment", "*")],
            &[("repository", "acme/web"), ("ref_protected", "false")],
            &[("repository", "acme/web"), ("roles", "a")],
            &[("/kubernetes.io/namespace", "ci2")],
            &[("sub", "acme/web"), ("repository", "acme/web")],
        ];
        for rule in bad {
            assert!(!rules(rule).unwrap().hold_for(&token), "{rule:?}");
        }
    }

    #[test]
    fn a_rule_says_whose_workload_it_is() {
        for (name, value) in [
            ("ref", "refs/heads/main"),
            ("sub", "*"),
            ("sub", "r*"),
            ("sub", "p*"),
            ("sub", "repo:*"),
            ("sub", "repo:*:ref:refs/heads/main"),
            ("sub", "repo:acme*:ref:refs/heads/main"),
            ("sub", "project_path:*:ref_type:branch:ref:main"),
            ("sub", "system:serviceaccount:*:deployer"),
            ("sub", "system:serviceaccount:ci*:deployer"),
            ("sub", "system:*"),
            ("sub", "repository_owner:*"),
            ("sub", "environment:production:*"),
            ("sub", "org/7/project/*"),
            ("repository", "*/web"),
            ("repository", "acme*/web"),
            ("repository_owner", "acme*"),
            ("repository_id", "7*"),
            ("project_path", "acme*"),
            ("namespace_path", "acme*"),
            ("/kubernetes.io/namespace", "ci*"),
        ] {
            assert_eq!(rules(&[(name, value)]), Err(PatternProblem::Unidentified), "{name} {value}");
        }
        for (name, value) in [
            ("sub", "repo:acme/*:ref:refs/heads/main"),
            ("sub", "repo:acme/web:*"),
            ("sub", "project_path:acme/web:ref_type:branch:ref:*"),
            ("sub", "system:serviceaccount:ci:*"),
            ("repository", "acme/*"),
            ("namespace_path", "acme/*"),
            ("repository_owner", "acme"),
        ] {
            assert!(rules(&[(name, value)]).is_ok(), "{name} {value}");
        }
        assert_eq!(rules(&[]), Err(PatternProblem::Count));
        assert_eq!(rules(&[("sub", "")]), Err(PatternProblem::Length("sub".to_owned())));
    }
}
