//! Filters (RFC 7644 §3.4.2.2): a parser of recursive descent, bounded in length, terms and depth.

use super::attribute::{Attribute, Kind};
use super::path::{AttributePath, shortened};
use super::problem::{Problem, ProblemKind};
use super::schema::ResourceType;

/// Most bytes of a filter.
const LONGEST: usize = 8 * 1024;
/// Most comparisons of a filter.
pub const MOST_TERMS: usize = 100;
/// Most levels of parentheses, `not` and brackets.
const DEEPEST: usize = 10;

/// A filter.
#[derive(Clone, Debug)]
pub enum Filter {
    /// All of them.
    And(Vec<Filter>),
    /// At least one of them.
    Or(Vec<Filter>),
    /// Not that.
    Not(Box<Filter>),
    /// Some entry of the attribute is like that.
    Entry(AttributePath, Box<Filter>),
    /// The attribute has a value.
    Present(AttributePath),
    /// The attribute compares like that.
    Compare(AttributePath, Comparison, Literal),
}

/// How values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// Equal.
    Eq,
    /// Not equal.
    Ne,
    /// Contains.
    Co,
    /// Starts with.
    Sw,
    /// Ends with.
    Ew,
    /// Greater.
    Gt,
    /// Greater or equal.
    Ge,
    /// Less.
    Lt,
    /// Less or equal.
    Le,
}

impl Comparison {
    fn parse(word: &str) -> Option<Self> {
        let all = [
            ("eq", Self::Eq),
            ("ne", Self::Ne),
            ("co", Self::Co),
            ("sw", Self::Sw),
            ("ew", Self::Ew),
            ("gt", Self::Gt),
            ("ge", Self::Ge),
            ("lt", Self::Lt),
            ("le", Self::Le),
        ];
        all.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(word)).map(|(_, comparison)| comparison)
    }
}

/// What is compared with.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// A text.
    Text(String),
    /// True or false.
    Flag(bool),
    /// A number: no attribute has such values, so that it is never equal.
    Number,
    /// Nothing.
    Null,
}

impl Filter {
    /// Parses a filter of resources of that type.
    ///
    /// # Errors
    /// `invalidFilter`
    pub fn parse(of: ResourceType, text: &str) -> Result<Self, Problem> {
        let mut parser = Parser::new(Names::Of(of), text)?;
        let filter = parser.either(0)?;
        parser.skip_space();
        if parser.rest.is_empty() { Ok(filter) } else { Err(parser.unexpected()) }
    }

    /// The text that `name`, an attribute of the main schema, must equal, if the filter is just that, or a conjunction that
    /// demands it: what an index finds. The whole filter is still to be applied.
    pub fn demands(&self, name: &str, sub: Option<&str>) -> Option<&str> {
        match self {
            Self::Compare(path, Comparison::Eq, Literal::Text(text)) if path.is_of(name) => {
                let last = path.sub.map(|sub| sub.name);
                let last = last.or_else(|| (path.attribute.kind == Kind::Complex).then_some("value"));
                (last == sub).then_some(text.as_str())
            }
            Self::And(all) => all.iter().find_map(|one| one.demands(name, sub)),
            Self::Entry(path, inner) if path.is_of(name) && sub.is_some() => {
                sub.and_then(|sub| inner.demands(sub, None))
            }
            _ => None,
        }
    }

    /// Whether it reads the attribute `name` of the main schema.
    pub fn reads(&self, name: &str) -> bool {
        match self {
            Self::And(all) | Self::Or(all) => all.iter().any(|one| one.reads(name)),
            Self::Not(one) => one.reads(name),
            Self::Entry(path, _) | Self::Present(path) | Self::Compare(path, ..) => path.is_of(name),
        }
    }

    /// What an entry must have to be selected, if the filter is a conjunction of equal texts: what an entry that does not
    /// exist yet is made with.
    pub(super) fn equal_texts(&self) -> Option<Vec<(&'static str, Literal)>> {
        match self {
            Self::Compare(path, Comparison::Eq, literal) if *literal != Literal::Null => {
                Some(vec![(path.attribute.name, literal.clone())])
            }
            Self::And(all) => {
                let parts = all.iter().map(Self::equal_texts).collect::<Option<Vec<_>>>()?;
                Some(parts.into_iter().flatten().collect())
            }
            _ => None,
        }
    }
}

/// Parses what follows an opening bracket; returns the filter and what follows the closing one.
pub(super) fn parse_within<'t>(parent: &'static Attribute, text: &'t str) -> Result<(Filter, &'t str), Problem> {
    let mut parser = Parser::new(Names::Within(parent), text)?;
    let filter = parser.either(1)?;
    parser.expect(']')?;
    Ok((filter, parser.rest))
}

/// Whose attributes names are looked up among.
#[derive(Clone, Copy)]
enum Names {
    Of(ResourceType),
    Within(&'static Attribute),
}

struct Parser<'t> {
    names: Names,
    rest: &'t str,
    terms: usize,
}

fn invalid(detail: impl Into<std::borrow::Cow<'static, str>>) -> Problem {
    Problem::new(ProblemKind::InvalidFilter, detail)
}

impl<'t> Parser<'t> {
    fn new(names: Names, text: &'t str) -> Result<Self, Problem> {
        if text.len() > LONGEST {
            return Err(invalid("A filter has at most 8 KiB"));
        }
        Ok(Self { names, rest: text, terms: 0 })
    }

    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start_matches(' ');
    }

    fn unexpected(&self) -> Problem {
        if self.rest.is_empty() {
            invalid("The filter ends too early")
        } else {
            invalid(format!("The filter cannot be read at {:?}", shortened(self.rest)))
        }
    }

    fn expect(&mut self, wanted: char) -> Result<(), Problem> {
        self.skip_space();
        match self.rest.strip_prefix(wanted) {
            Some(rest) => {
                self.rest = rest;
                Ok(())
            }
            None => Err(self.unexpected()),
        }
    }

    /// Takes `word`, which a space or a parenthesis must follow.
    fn take_word(&mut self, word: &str) -> bool {
        let trimmed = self.rest.trim_start_matches(' ');
        let Some((start, rest)) = trimmed.split_at_checked(word.len()) else { return false };
        if start.eq_ignore_ascii_case(word) && rest.starts_with([' ', '(']) {
            self.rest = rest;
            return true;
        }
        false
    }

    /// `or` binds less than `and`.
    fn either(&mut self, depth: usize) -> Result<Filter, Problem> {
        let first = self.both(depth)?;
        let mut all = vec![first];
        while self.take_word("or") {
            all.push(self.both(depth)?);
        }
        Ok(single(all, Filter::Or))
    }

    fn both(&mut self, depth: usize) -> Result<Filter, Problem> {
        let first = self.term(depth)?;
        let mut all = vec![first];
        while self.take_word("and") {
            all.push(self.term(depth)?);
        }
        Ok(single(all, Filter::And))
    }

    fn term(&mut self, depth: usize) -> Result<Filter, Problem> {
        if depth > DEEPEST {
            return Err(invalid("A filter is nested at most 10 deep"));
        }
        self.skip_space();
        if self.take_word("not") {
            self.expect('(')?;
            let inner = self.either(depth.saturating_add(1))?;
            self.expect(')')?;
            return Ok(Filter::Not(Box::new(inner)));
        }
        if let Some(rest) = self.rest.strip_prefix('(') {
            self.rest = rest;
            let inner = self.either(depth.saturating_add(1))?;
            self.expect(')')?;
            return Ok(inner);
        }
        self.count()?;
        let path = self.path()?;
        if let Some(rest) = self.rest.strip_prefix('[') {
            return self.entry(path, rest, depth);
        }
        self.comparison(path)
    }

    /// Counts one more comparison.
    fn count(&mut self) -> Result<(), Problem> {
        self.terms = self.terms.saturating_add(1);
        if self.terms > MOST_TERMS {
            return Err(invalid("A filter has at most 100 comparisons"));
        }
        Ok(())
    }

    /// What is in brackets after an attribute.
    fn entry(&mut self, path: AttributePath, rest: &'t str, depth: usize) -> Result<Filter, Problem> {
        let Names::Of(_) = self.names else { return Err(self.unexpected()) };
        if path.attribute.kind != Kind::Complex || path.sub.is_some() {
            return Err(invalid(format!("{} has no entries to select", path.attribute.name)));
        }
        let outside = std::mem::replace(&mut self.names, Names::Within(path.attribute));
        self.rest = rest;
        let mut inner = self.either(depth.saturating_add(1))?;
        self.expect(']')?;
        // Entra compares a part of the entries that it selects: `emails[type eq "work"].value eq "…"`.
        if let Some(rest) = self.rest.strip_prefix('.') {
            self.rest = rest;
            self.count()?;
            let part = self.path()?;
            inner = Filter::And(vec![inner, self.comparison(part)?]);
        }
        self.names = outside;
        Ok(Filter::Entry(path, Box::new(inner)))
    }

    fn path(&mut self) -> Result<AttributePath, Problem> {
        let end = self.rest.find([' ', '[', ']', '(', ')']).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at_checked(end).ok_or_else(|| self.unexpected())?;
        let path = match self.names {
            Names::Of(of) => AttributePath::parse(of, name),
            Names::Within(parent) => AttributePath::within(parent, name),
        };
        let path = path.ok_or_else(|| {
            if name.is_empty() {
                self.unexpected()
            } else {
                invalid(format!("There is no attribute {:?}", shortened(name)))
            }
        })?;
        self.rest = rest;
        Ok(path)
    }

    fn comparison(&mut self, path: AttributePath) -> Result<Filter, Problem> {
        self.skip_space();
        let end = self.rest.find([' ', ')', ']']).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at_checked(end).ok_or_else(|| self.unexpected())?;
        if word.eq_ignore_ascii_case("pr") {
            self.rest = rest;
            return Ok(Filter::Present(path));
        }
        let comparison = Comparison::parse(word).ok_or_else(|| self.unexpected())?;
        self.rest = rest;
        self.skip_space();
        let literal = self.literal()?;
        let compared =
            path.compared().ok_or_else(|| invalid(format!("{} cannot be compared as a whole", path.attribute.name)))?;
        let is_equality = matches!(comparison, Comparison::Eq | Comparison::Ne);
        if !is_equality && (compared.kind == Kind::Boolean || !matches!(literal, Literal::Text(_))) {
            return Err(invalid(format!("{} can only be compared by eq and ne", compared.name)));
        }
        Ok(Filter::Compare(path, comparison, literal))
    }

    /// A value of JSON that is neither array nor object.
    fn literal(&mut self) -> Result<Literal, Problem> {
        let mut values = serde_json::Deserializer::from_str(self.rest).into_iter::<serde_json::Value>();
        // A text is all that may contain what ends a term.
        let (literal, length) = if self.rest.starts_with('"') {
            let Some(Ok(serde_json::Value::String(text))) = values.next() else { return Err(self.unexpected()) };
            if text.contains('\0') {
                return Err(self.unexpected());
            }
            (Literal::Text(text), values.byte_offset())
        } else {
            let end = self.rest.find([' ', ')', ']']).unwrap_or(self.rest.len());
            let word = self.rest.get(..end).unwrap_or_default();
            let literal = match word {
                _ if word.eq_ignore_ascii_case("true") => Literal::Flag(true),
                _ if word.eq_ignore_ascii_case("false") => Literal::Flag(false),
                _ if word.eq_ignore_ascii_case("null") => Literal::Null,
                _ if serde_json::from_str::<serde_json::Number>(word).is_ok() => Literal::Number,
                _ => return Err(self.unexpected()),
            };
            (literal, end)
        };
        self.rest = self.rest.get(length..).unwrap_or_default();
        Ok(literal)
    }
}

fn single(mut all: Vec<Filter>, many: fn(Vec<Filter>) -> Filter) -> Filter {
    match (all.len(), all.pop()) {
        (1, Some(only)) => only,
        (_, Some(last)) => {
            all.push(last);
            many(all)
        }
        (_, None) => many(all),
    }
}
