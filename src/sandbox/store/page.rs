//! One page of a listing.

use std::collections::BTreeMap;
use std::ops::Bound;

use super::Object;

/// Where a page begins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::sandbox) enum After {
    /// At the first key.
    #[default]
    Nothing,
    /// Behind this key.
    Key(String),
    /// Behind every key that begins so.
    Group(String),
}

/// One page.
#[derive(Clone, Debug, Default)]
pub(in crate::sandbox) struct Page {
    /// Keys with their objects.
    pub(in crate::sandbox) objects: Vec<(String, Object)>,
    /// The beginnings, delimiter included, under which keys were rolled up.
    pub(in crate::sandbox) groups: Vec<String>,
    /// Where the next page begins, if there is one.
    pub(in crate::sandbox) next: Option<After>,
}

pub(super) fn page(
    objects: &BTreeMap<String, Object>,
    prefix: &str,
    delimiter: Option<&str>,
    after: &After,
    limit: usize,
) -> Page {
    let first = match after {
        After::Key(key) if key.as_str() >= prefix => Bound::Excluded(key.clone()),
        After::Group(group) if group.as_str() >= prefix => behind(group),
        After::Nothing | After::Key(_) | After::Group(_) => Bound::Included(prefix.to_owned()),
    };
    let mut page = Page::default();
    let mut last = After::Nothing;
    let mut range = objects.range((first, Bound::Unbounded));
    while let Some((key, object)) = range.next() {
        let Some(rest) = key.strip_prefix(prefix) else {
            break;
        };
        if page.objects.len() + page.groups.len() >= limit {
            page.next = (limit > 0).then_some(last);
            break;
        }
        let group = delimiter
            .filter(|delimiter| !delimiter.is_empty())
            .and_then(|delimiter| {
                rest.split_once(delimiter)
                    .map(|(head, _)| (head, delimiter))
            });
        if let Some((head, delimiter)) = group {
            let group = format!("{prefix}{head}{delimiter}");
            range = objects.range((behind(&group), Bound::Unbounded));
            page.groups.push(group.clone());
            last = After::Group(group);
        } else {
            page.objects.push((key.clone(), object.clone()));
            last = After::Key(key.clone());
        }
    }
    page
}

/// The place behind every text that begins so: the same text with its last character made greater.
fn behind(group: &str) -> Bound<String> {
    let mut text = group.to_owned();
    while let Some(last) = text.pop() {
        let next = match last {
            '\u{D7FF}' => Some('\u{E000}'),
            last => char::from_u32(u32::from(last) + 1),
        };
        if let Some(next) = next {
            text.push(next);
            return Bound::Included(text);
        }
    }
    Bound::Unbounded
}
