//! `GET /v2/orgs/{orgId}/fields`: the fields that an org can use.

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use serde::Serialize;
use sigma_core::merits::{Direction, GLOBAL_FIELDS, PageRequest, Scope};
use sigma_platform::http::{Endpoint, routes};
use sigma_store::merits::Slice;
use sigma_store::merits::field::{self, Field};
use utoipa::ToSchema;

use super::own;
use crate::POLICY;
use crate::caller::OrgCaller;
use crate::error::MeritsError;
use crate::state::MeritsState;
use crate::wire::field::FieldView;
use crate::wire::paging::{ListQuery, Paging};

/// This endpoint.
pub fn endpoint() -> Endpoint<MeritsState> {
    Endpoint::new(POLICY, routes!(list))
}

/// A page of fields.
#[derive(Serialize, ToSchema)]
pub struct FieldPage {
    fields: Vec<FieldView>,
    paging: Paging,
}

/// Lists the org's own fields, newest first, then those that every org has.
#[utoipa::path(
    get,
    path = "/v2/orgs/{orgId}/fields",
    operation_id = "listMeritFields",
    tag = "Merits",
    security(("org_access_token" = [])),
    params(
        ("orgId" = String, Path, description = "The org that the app acts for"),
        ("limit" = Option<u32>, Query, description = "Default 10, at most 100"),
        ("starting_after" = Option<String>, Query, description = "The cursor `after` of the page before"),
        ("ending_before" = Option<String>, Query, description = "The cursor `before` of the page after"),
    ),
    responses(
        (status = 200, description = "A page of fields", body = FieldPage),
        (status = 400, description = "A malformed limit, or a cursor of another list"),
        (status = 401, description = "No valid token"),
        (status = 403, description = "The token is for another org"),
    )
)]
pub async fn list(
    State(sigma): State<MeritsState>,
    caller: OrgCaller,
    Path(org): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<FieldPage>, MeritsError> {
    let org_id = own(&sigma, &caller, &org).await?;
    let scope = Scope::of(&["fields", org_id.as_str()]);
    let page = ListQuery::read(query.as_deref(), None)?.page(scope)?;
    let wanted = page.clone();
    let slice = with_global(sigma.store.read(move |tx| field::list(tx, &org_id, &wanted)).await?, &page);
    let paging = Paging::of(&slice, scope, |field| field.id.digits());
    Ok(Json(FieldPage { fields: slice.items.into_iter().map(FieldView::from).collect(), paging }))
}

/// A page of the org's own fields, with the global ones in their place: their ids come before all others, so they are the oldest.
fn with_global(own: Slice<Field>, page: &PageRequest) -> Slice<Field> {
    let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
    let from = page.from.as_ref().map(|cursor| cursor.digits().to_owned());
    let is_asked = |field: &Field| match (&from, page.direction) {
        (None, _) => true,
        (Some(from), Direction::Older) => field.id.digits() < from.as_str(),
        (Some(from), Direction::Newer) => field.id.digits() > from.as_str(),
    };
    let mut global: Vec<Field> = GLOBAL_FIELDS.iter().map(Field::from).filter(is_asked).collect();
    global.sort_by(|one, next| one.id.cmp(&next.id));
    match page.direction {
        Direction::Older => {
            let mut items = own.items;
            if !own.has_next {
                items.extend(global.into_iter().rev());
            }
            let has_next = own.has_next || items.len() > limit;
            items.truncate(limit);
            Slice { items, has_next, has_previous: own.has_previous }
        }
        Direction::Newer => {
            global.extend(own.items.into_iter().rev());
            let has_previous = own.has_previous || global.len() > limit;
            global.truncate(limit);
            global.reverse();
            Slice { items: global, has_next: own.has_next, has_previous }
        }
    }
}

#[cfg(test)]
mod tests {
    use sigma_core::ids::FieldId;
    use sigma_core::merits::{Cursor, FieldType};

    use super::*;

    /// All fields of an org that has `own` of its own, newest first.
    fn all(own: u32) -> Vec<Field> {
        let id = |number| FieldId::parse(&format!("01234567{number:016x}")).unwrap();
        let field = |number| Field {
            id: id(number),
            is_global: false,
            name: String::new(),
            description: String::new(),
            kind: FieldType::ShortText,
        };
        (0..own).rev().map(field).collect()
    }

    /// What the store returns.
    fn stored(own: u32, page: &PageRequest) -> Slice<Field> {
        let limit = usize::try_from(page.limit).unwrap();
        let all = all(own);
        let from = page.from.as_ref().map(|cursor| cursor.digits().to_owned());
        match page.direction {
            Direction::Older => {
                let mut items: Vec<_> = all
                    .into_iter()
                    .filter(|it| from.as_ref().is_none_or(|from| it.id.digits() < from.as_str()))
                    .collect();
                let has_next = items.len() > limit;
                items.truncate(limit);
                Slice { items, has_next, has_previous: from.is_some() }
            }
            Direction::Newer => {
                let newer =
                    all.into_iter().filter(|it| from.as_ref().is_none_or(|from| it.id.digits() > from.as_str()));
                let mut items: Vec<_> = newer.collect();
                let has_previous = items.len() > limit;
                items = items.split_off(items.len().saturating_sub(limit));
                Slice { items, has_next: from.is_some(), has_previous }
            }
        }
    }

    #[test]
    fn walking_the_list_either_way_shows_every_field_once() {
        for (own, limit) in (0..5).flat_map(|own| (1..5).map(move |limit| (own, limit))) {
            let (mut page, mut seen) = (PageRequest::first(limit), Vec::new());
            loop {
                let slice = with_global(stored(own, &page), &page);
                seen.extend(slice.items.iter().map(|it| it.id.digits().to_owned()));
                if !slice.has_next {
                    break;
                }
                page.from = Some(Cursor::of(slice.items.last().unwrap().id.digits()));
            }
            assert_eq!(seen.len(), usize::try_from(own).unwrap() + GLOBAL_FIELDS.len(), "{own} {limit}");
            assert!(seen.is_sorted_by(|one, next| one > next), "{own} {limit}");
            let mut back = vec![seen.pop().unwrap()];
            page.direction = Direction::Newer;
            loop {
                page.from = Some(Cursor::of(back.last().unwrap()));
                let slice = with_global(stored(own, &page), &page);
                back.extend(slice.items.iter().rev().map(|it| it.id.digits().to_owned()));
                if !slice.has_previous {
                    break;
                }
            }
            assert_eq!(back.len(), usize::try_from(own).unwrap() + GLOBAL_FIELDS.len(), "{own} {limit}");
        }
    }
}
