//! What is done to ids, and how they are listed.

use super::Flaw;
use burdock::log::{SessionFilter, SessionId, SessionInfo};

/// Under which id a flawed log keeps a session.
pub(super) fn stored(flaw: Flaw, id: &SessionId) -> SessionId {
    let text = id.as_str();
    let stored = match flaw {
        Flaw::FoldsCase => text.to_ascii_lowercase(),
        Flaw::TrimsSpaces => text.trim_end_matches(' ').to_owned(),
        Flaw::CutsIds => {
            text.char_indices().take_while(|(at, _)| *at < 512).map(|(_, c)| c).collect()
        }
        Flaw::ComposesAccents => text.replace("e\u{301}", "é"),
        _ => return id.clone(),
    };
    SessionId::new(stored).unwrap()
}

/// Lists in a flawed way.
pub(super) fn list(
    flaw: Flaw,
    filter: &SessionFilter,
    mut all: Vec<SessionInfo>,
) -> Vec<SessionInfo> {
    let SessionFilter { prefix, graphs, after, limit } = filter;
    let begins = |id: &str| match flaw {
        Flaw::PrefixIsAPattern => like(id, prefix),
        Flaw::PrefixIgnoresCase => id.to_lowercase().starts_with(&prefix.to_lowercase()),
        Flaw::PrefixEndsInTheBasicPlane => {
            id >= prefix.as_str() && *id < *format!("{prefix}\u{ffff}")
        }
        _ => id.starts_with(prefix.as_str()),
    };
    all.retain(|info| begins(info.id.as_str()));
    let behind = |info: &SessionInfo| match (after, flaw) {
        (None, _) => true,
        (Some(after), Flaw::ListsTheLastAgain) => info.id >= *after,
        (Some(after), Flaw::ListsInUtf16) => utf16(&info.id) > utf16(after),
        (Some(after), _) => info.id > *after,
    };
    if flaw == Flaw::ListsInUtf16 {
        all.sort_by_key(|info| utf16(&info.id));
    }
    if flaw == Flaw::ListsAThousand {
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
            || flaw == Flaw::ListsEveryGraph
            || info.graph.as_deref().is_some_and(named)
    };
    if flaw == Flaw::ListsAPageOfAllGraphs {
        return all.into_iter().filter(behind).take(*limit).filter(belongs).collect();
    }
    if flaw == Flaw::ListsGraphByGraph {
        let place =
            |info: &SessionInfo| graphs.iter().position(|known| Some(known) == info.graph.as_ref());
        all.sort_by_key(place);
    }
    all.into_iter().filter(behind).filter(belongs).take(*limit).collect()
}

fn utf16(id: &SessionId) -> Vec<u16> {
    id.as_str().encode_utf16().collect()
}

/// As SQL does it.
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
