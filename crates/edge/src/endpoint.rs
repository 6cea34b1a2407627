//! An endpoint as one value. The router, the OpenAPI document and the middleware's lookup are made from the same values,
//! so none of them can know an endpoint that another does not.

use std::borrow::Cow;
use std::future::Future;
use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::extract::{Request, State};
use axum::handler::Handler;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{self, MethodFilter, MethodRouter};
use http::{Method, StatusCode};
use sigma_core::params::Params;
use utoipa::openapi::path::{HttpMethod, Operation, ParameterIn};
use utoipa::openapi::schema::Schema;
use utoipa::openapi::{OpenApi, PathItem, RefOr};

use crate::api_error::ApiError;
use crate::document;
use crate::policy::Policy;

/// What answers one method at one path and its aliases, and by which policy.
pub struct Endpoint<S> {
    declaration: Declaration,
    /// Boxed, since it has a place for every method.
    handler: Box<MethodRouter<S>>,
}

/// An endpoint without its handler.
pub struct Declaration {
    methods: Vec<Method>,
    paths: Vec<Cow<'static, str>>,
    policy: Policy,
    description: Option<Describe>,
    /// What a wrapper adds to the description.
    addition: Option<fn(&mut Operation)>,
}

/// Schemas, by their names.
type Schemas = Vec<(String, RefOr<Schema>)>;
/// Makes the description of an endpoint and the schemas that it names: only for the OpenAPI document, because they are large.
type Describe = fn() -> (Operation, Schemas);

/// A handler, and what `utoipa::path` says of it.
pub struct Described<S> {
    path: String,
    methods: Vec<Method>,
    handler: MethodRouter<S>,
    describe: Describe,
}

impl<S: Clone + Send + Sync + 'static> Described<S> {
    /// For the macro `routes`.
    #[doc(hidden)]
    pub fn new<H: Handler<T, S>, T: 'static>(
        path: String,
        methods: &[HttpMethod],
        handler: &H,
        describe: Describe,
    ) -> Self {
        let methods: Vec<Method> = methods.iter().map(method).collect();
        let filters = methods.iter().filter_map(|method| MethodFilter::try_from(method.clone()).ok());
        let handler = filters.fold(MethodRouter::new(), |router, filter| router.on(filter, handler.clone()));
        Self { path, methods, handler, describe }
    }
}

/// A handler annotated with `utoipa::path`, as [`Endpoint::new`] takes it. The description is made when the OpenAPI document is.
#[macro_export]
macro_rules! routes {
    ($handler:ident) => {
        $crate::paste! {
            $crate::Described::new(
                <[<__path_ $handler>] as ::utoipa::Path>::path(),
                &<[<__path_ $handler>] as ::utoipa::Path>::methods(),
                &$handler,
                || {
                    let mut operation = <[<__path_ $handler>] as ::utoipa::Path>::operation();
                    let tags = <[<__path_ $handler>] as ::utoipa::__dev::Tags>::tags();
                    operation.tags.get_or_insert_default().extend(tags.into_iter().map(String::from));
                    let mut schemas = Vec::new();
                    <[<__path_ $handler>] as ::utoipa::__dev::SchemaReferences>::schemas(&mut schemas);
                    (operation, schemas)
                },
            )
        }
    };
}

impl<S: Clone + Send + Sync + 'static> Endpoint<S> {
    /// An endpoint with an OpenAPI description, from which its method and path are taken: `Endpoint::new(POLICY,
    /// routes!(handler))`.
    pub fn new(policy: Policy, described: Described<S>) -> Self {
        let Described { path, methods, handler, describe } = described;
        let declaration =
            Declaration { methods, paths: vec![path.into()], policy, description: Some(describe), addition: None };
        Self { declaration, handler: Box::new(handler) }
    }

    /// An endpoint for our own pages, without a description.
    pub fn get<H: Handler<T, S>, T: 'static>(policy: Policy, path: &'static str, handler: H) -> Self {
        Self::undocumented(policy, Method::GET, path, routing::get(handler))
    }

    /// Like [`Endpoint::get`], for what a form sends.
    pub fn post<H: Handler<T, S>, T: 'static>(policy: Policy, path: &'static str, handler: H) -> Self {
        Self::undocumented(policy, Method::POST, path, routing::post(handler))
    }

    /// Answers HEAD where the answer differs from that of GET; otherwise the endpoint of GET does.
    pub fn head<H: Handler<T, S>, T: 'static>(policy: Policy, path: &'static str, handler: H) -> Self {
        Self::undocumented(policy, Method::HEAD, path, routing::head(handler))
    }

    fn undocumented(policy: Policy, method: Method, path: &'static str, handler: MethodRouter<S>) -> Self {
        let declaration =
            Declaration { methods: vec![method], paths: vec![path.into()], policy, description: None, addition: None };
        Self { declaration, handler: Box::new(handler) }
    }

    /// The same endpoint at further paths.
    #[must_use]
    pub fn aliases<const N: usize>(mut self, paths: [&'static str; N]) -> Self {
        self.declaration.paths.extend(paths.into_iter().map(Cow::Borrowed));
        self
    }

    /// Has `wrap` answer, which may call the handler; `addition` completes the description.
    #[must_use]
    pub fn around<W, F>(self, wrap: W, addition: fn(&mut Operation)) -> Self
    where
        W: Fn(Request, S, Inner<S>) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Response> + Send + 'static,
    {
        let Self { declaration, handler } = self.wrapped(wrap);
        Self { declaration: Declaration { addition: Some(addition), ..declaration }, handler }
    }

    /// Has `refuse` answer a query with a parameter that the description does not name, so that one which is misspelt is noticed. It is
    /// told the name, and those that are known.
    #[must_use]
    pub fn with_known_query(self, refuse: fn(&str, &[String]) -> Response) -> Self {
        let Some(describe) = self.declaration.description else { return self };
        // A description is large: it is made when the first query comes.
        let known: Arc<OnceLock<Vec<String>>> = Arc::default();
        self.wrapped(move |request: Request, _, handler: Inner<S>| {
            let known = Arc::clone(&known);
            async move {
                if let Some(query) = request.uri().query() {
                    let known = known.get_or_init(|| query_parameters(&describe().0));
                    if let Some((name, _)) = Params::parse(query).pairs().iter().find(|(name, _)| !known.contains(name))
                    {
                        return refuse(name, known);
                    }
                }
                handler.call(request).await
            }
        })
    }

    fn wrapped<W, F>(self, wrap: W) -> Self
    where
        W: Fn(Request, S, Inner<S>) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Response> + Send + 'static,
    {
        let Self { declaration, handler } = self;
        let filters = declaration.methods.iter().filter_map(|method| MethodFilter::try_from(method.clone()).ok());
        let wrapped = move |State(state): State<S>, request: Request| {
            wrap(request, state.clone(), Inner { handler: (*handler).clone(), state })
        };
        let handler = filters.fold(MethodRouter::new(), |router, filter| router.on(filter, wrapped.clone()));
        Self { declaration, handler: Box::new(handler) }
    }

    /// Its methods and paths, and how it is treated.
    pub const fn declaration(&self) -> &Declaration {
        &self.declaration
    }

    fn mount(self, router: Router<S>) -> Router<S> {
        self.declaration.paths().fold(router, |router, path| router.route(path, (*self.handler).clone()))
    }
}

/// The names of the parameters in a query that a description has.
fn query_parameters(operation: &Operation) -> Vec<String> {
    let parameters = operation.parameters.iter().flatten().filter_map(|parameter| match parameter {
        RefOr::T(parameter) => Some(parameter),
        RefOr::Ref(_) => None,
    });
    parameters.filter(|one| one.parameter_in == ParameterIn::Query).map(|one| one.name.clone()).collect()
}

/// The handler of an endpoint, for what was put around it.
pub struct Inner<S> {
    handler: MethodRouter<S>,
    state: S,
}

impl<S: Clone + Send + Sync + 'static> Inner<S> {
    /// Has the handler answer.
    pub async fn call(self, request: Request) -> Response {
        Handler::call(self.handler, request, self.state).await
    }
}

impl Declaration {
    /// Its methods: one, unless its description names several.
    pub fn methods(&self) -> &[Method] {
        &self.methods
    }

    /// Its paths, as patterns of the router (`/account/{id}`); aliases follow the documented one.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.paths.iter().map(AsRef::as_ref)
    }

    /// Its policy.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    fn describe(&self, document: &mut OpenApi) {
        let (Some(describe), Some(path)) = (self.description, self.paths().next()) else { return };
        let components = document.components.get_or_insert_with(Default::default);
        let (mut operation, schemas) = describe();
        if let Some(add) = self.addition {
            add(&mut operation);
        }
        components.schemas.extend(schemas);
        let error = document::error_schema(components, self.policy.errors);
        let mut item = PathItem::default();
        for method in &self.methods {
            let mut operation = operation.clone();
            document::complete(&mut operation, method, &self.policy, &error);
            item.merge_operations(PathItem::new(described(method), operation));
        }
        match document.paths.paths.get_mut(path) {
            Some(known) => known.merge_operations(item),
            None => {
                document.paths.paths.insert(path.to_owned(), item);
            }
        }
    }
}

/// So that an endpoint can stand where several can.
impl<S> IntoIterator for Endpoint<S> {
    type Item = Self;
    type IntoIter = std::iter::Once<Self>;

    fn into_iter(self) -> Self::IntoIter {
        std::iter::once(self)
    }
}

/// The endpoints that belong together, and how requests are treated that reach none of them.
pub struct Surface<S> {
    endpoints: Vec<Endpoint<S>>,
    prefixes: Vec<(&'static str, Policy)>,
}

impl<S: Clone + Send + Sync + 'static> Default for Surface<S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S: Clone + Send + Sync + 'static> Surface<S> {
    /// Without endpoints.
    pub const fn new() -> Self {
        Self { endpoints: Vec::new(), prefixes: Vec::new() }
    }

    /// Applies `policy` to requests for `prefix`, and for every path below it, that no endpoint answers.
    #[must_use]
    pub fn below(mut self, prefix: &'static str, policy: Policy) -> Self {
        self.prefixes.push((prefix, policy));
        self
    }

    /// With this endpoint, or these.
    #[must_use]
    pub fn with(mut self, endpoints: impl IntoIterator<Item = Endpoint<S>>) -> Self {
        self.endpoints.extend(endpoints);
        self
    }

    /// With each of its endpoints as `change` returns it.
    #[must_use]
    pub fn each(mut self, change: impl Fn(Endpoint<S>) -> Endpoint<S>) -> Self {
        self.endpoints = self.endpoints.into_iter().map(change).collect();
        self
    }

    /// Adds its endpoints to a router.
    pub fn mount(self, router: Router<S>) -> Router<S> {
        self.endpoints.into_iter().fold(router, |router, endpoint| endpoint.mount(router))
    }
}

/// The endpoints of all surfaces, whatever state they have, without their handlers; and the surfaces' defaults.
#[derive(Default)]
pub struct Declarations {
    endpoints: Vec<Declaration>,
    prefixes: Vec<(&'static str, Policy)>,
}

impl Declarations {
    /// The endpoints.
    pub fn endpoints(&self) -> &[Declaration] {
        &self.endpoints
    }

    /// The prefixes that surfaces claim, with the policy of what they do not answer there.
    pub(super) fn prefixes(&self) -> &[(&'static str, Policy)] {
        &self.prefixes
    }

    /// Adds all described endpoints to an OpenAPI document, each with the errors that the middleware may return.
    pub fn describe(&self, document: &mut OpenApi) {
        for endpoint in &self.endpoints {
            endpoint.describe(document);
        }
    }
}

impl<S> Extend<Surface<S>> for Declarations {
    fn extend<I: IntoIterator<Item = Surface<S>>>(&mut self, surfaces: I) {
        for surface in surfaces {
            self.prefixes.extend(surface.prefixes);
            self.endpoints.extend(surface.endpoints.into_iter().map(|endpoint| endpoint.declaration));
        }
    }
}

impl<S> FromIterator<Surface<S>> for Declarations {
    fn from_iter<I: IntoIterator<Item = Surface<S>>>(surfaces: I) -> Self {
        let mut all = Self::default();
        all.extend(surfaces);
        all
    }
}

/// Completes the router of all surfaces: what no endpoint answers is a 404 or 405.
pub fn complete(router: Router) -> Router {
    router
        .fallback(async || -> Response {
            ApiError::new(StatusCode::NOT_FOUND, "not_found", "No such endpoint").into_response()
        })
        .method_not_allowed_fallback(async || -> Response {
            ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "Method not allowed").into_response()
        })
}

fn method(described: &HttpMethod) -> Method {
    match described {
        HttpMethod::Get => Method::GET,
        HttpMethod::Post => Method::POST,
        HttpMethod::Put => Method::PUT,
        HttpMethod::Delete => Method::DELETE,
        HttpMethod::Options => Method::OPTIONS,
        HttpMethod::Head => Method::HEAD,
        HttpMethod::Patch => Method::PATCH,
        HttpMethod::Trace => Method::TRACE,
    }
}

fn described(method: &Method) -> HttpMethod {
    match *method {
        Method::POST => HttpMethod::Post,
        Method::PUT => HttpMethod::Put,
        Method::DELETE => HttpMethod::Delete,
        Method::OPTIONS => HttpMethod::Options,
        Method::HEAD => HttpMethod::Head,
        Method::PATCH => HttpMethod::Patch,
        Method::TRACE => HttpMethod::Trace,
        _ => HttpMethod::Get,
    }
}
