//! Flawed ids and listings.

use super::Flaw;
use burdock::log::{SessionFilter, SessionId, SessionInfo};

/// Returns the id under which a flawed log stores a session.
pub(super) fn stored(flaw: Flaw, id: &SessionId) -> SessionId {
    let text = id.as_str();
    let stored = match flaw {
        Flaw::FoldsCase => text.to_ascii_lowercase(),
        Flaw::TrimsSpaces => text.trim_end_matches(' ').to_owned(),
        Flaw::TruncatesIds => {
            text.char_indices().take_while(|(at, _)| *at < 512).map(|(_, c)| c).collect()
        }
        Flaw::ComposesAccents => text.replace("e\u{301}", "é"),
        _ => return id.clone(),
    };
    SessionId::new(stored).unwrap()
}

/// Lists sessions with a flaw.
pub(super) fn list(
    flaw: Flaw,
    filter: &SessionFilter,
    mut all: Vec<SessionInfo>,
) -> Vec<SessionInfo> {
    let SessionFilter { prefix, graphs, after, limit } = filter;
    let has_prefix = |id: &str| match flaw {
        Flaw::PrefixIsAPattern => like(id, prefix),
        Flaw::PrefixIgnoresCase => id.to_lowercase().starts_with(&prefix.to_lowercase()),
        Flaw::PrefixEndsInTheBasicPlane => {
            id >= prefix.as_str() && *id < *format!("{prefix}\u{ffff}")
        }
        _ => id.starts_with(prefix.as_str()),
    };
    all.retain(|info| has_prefix(info.id.as_str()));
    let is_after = |info: &SessionInfo| match (after, flaw) {
        (None, _) => true,
        (Some(after), Flaw::RepeatsTheLastSession) => info.id >= *after,
        (Some(after), Flaw::ListsInUtf16Order) => utf16(&info.id) > utf16(after),
        (Some(after), _) => info.id > *after,
    };
    if flaw == Flaw::ListsInUtf16Order {
        all.sort_by_key(|info| utf16(&info.id));
    }
    if flaw == Flaw::ListsAtMostAThousand {
        all.truncate(1000);
    }
    let named = |graph: &str| match flaw {
        Flaw::GraphIsAPattern => graphs.iter().any(|pattern| like(graph, pattern)),
        Flaw::GraphIgnoresCase => {
            graphs.iter().any(|known| known.to_lowercase() == graph.to_lowercase())
        }
        _ => graphs.iter().any(|known| **known == *graph),
    };
    let belongs = |info: &SessionInfo| {
        graphs.is_empty()
            || flaw == Flaw::IgnoresTheGraphFilter
            || info.graph.as_deref().is_some_and(named)
    };
    if flaw == Flaw::FiltersByGraphAfterTheLimit {
        return all.into_iter().filter(is_after).take(*limit).filter(belongs).collect();
    }
    if flaw == Flaw::ListsInGraphOrder {
        let index =
            |info: &SessionInfo| graphs.iter().position(|known| Some(known) == info.graph.as_ref());
        all.sort_by_key(index);
    }
    all.into_iter().filter(is_after).filter(belongs).take(*limit).collect()
}

/// Lists sessions with a flaw that concerns children.
pub(super) fn list_children(
    flaw: Flaw,
    filter: &SessionFilter,
    all: Vec<SessionInfo>,
) -> Vec<SessionInfo> {
    let SessionFilter { prefix, graphs, after, limit } = filter;
    let belongs = |info: &SessionInfo| {
        graphs.is_empty() || info.graph.as_ref().is_some_and(|graph| graphs.contains(graph))
    };
    let selected = all.into_iter().filter(|info| {
        info.id.as_str().starts_with(prefix.as_str())
            && after.as_ref().is_none_or(|after| info.id > *after)
            && belongs(info)
    });
    let hidden = |info: &SessionInfo| info.id.is_child() && !filter.has_children();
    match flaw {
        Flaw::ListsChildren => selected.take(*limit).collect(),
        Flaw::FiltersChildrenAfterTheLimit => {
            selected.take(*limit).filter(|info| !hidden(info)).collect()
        }
        Flaw::StopsAtChildren => selected.take_while(|info| !hidden(info)).take(*limit).collect(),
        _ => selected.filter(|info| !info.id.is_child()).take(*limit).collect(),
    }
}

fn utf16(id: &SessionId) -> Vec<u16> {
    id.as_str().encode_utf16().collect()
}

/// Matches a pattern like SQL's `LIKE`.
pub(super) fn like(id: &str, pattern: &str) -> bool {
    let mut rest = pattern.chars();
    match rest.next() {
        None => true,
        Some('%') => id
            .char_indices()
            .map(|(at, _)| at)
            .chain([id.len()])
            .any(|at| like(&id[at..], rest.as_str())),
        Some(first) => id
            .strip_prefix(|c| c == first || first == '_')
            .is_some_and(|id| like(id, rest.as_str())),
    }
}
