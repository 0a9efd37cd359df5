//! Endpoints of requests.

use genai::{ServiceTarget, adapter::AdapterKind, resolver::Endpoint};

/// Namespaces whose endpoint is hard-coded in two adapters of `genai`.
const NAMESPACES: &[(&str, AdapterKind, &str)] = &[
    ("zai_coding", AdapterKind::OpenAI, "https://api.z.ai/api/coding/paas/v4/"),
    ("baidu-coding-openai", AdapterKind::OpenAI, "https://qianfan.baidubce.com/v2/coding/"),
    (
        "baidu-coding-anthropic",
        AdapterKind::Anthropic,
        "https://qianfan.baidubce.com/anthropic/coding/",
    ),
];

/// Returns a target whose endpoint is used. The adapters of Z.ai and Baidu ignore it, and otherwise
/// equal the protocols that they use.
pub(super) fn addressed(mut target: ServiceTarget) -> ServiceTarget {
    if !matches!(target.model.adapter_kind, AdapterKind::Zai | AdapterKind::Baidu) {
        return target;
    }
    let namespace = target.model.model_name.namespace();
    let known = NAMESPACES.iter().find(|(name, ..)| namespace == Some(name));
    target.model.adapter_kind = known.map_or(AdapterKind::OpenAI, |(_, kind, _)| *kind);
    if let Some((_, _, url)) = known {
        target.endpoint = Endpoint::from_static(url);
    }
    target
}

#[cfg(test)]
mod tests {
    use super::addressed;
    use genai::{
        ModelIden, ServiceTarget,
        adapter::AdapterKind,
        resolver::{AuthData, Endpoint},
    };

    #[test]
    fn endpoint_of_each_namespace_is_known() {
        for (kind, model, expected, url) in [
            (AdapterKind::Zai, "glm-5", AdapterKind::OpenAI, "http://h/"),
            (
                AdapterKind::Zai,
                "zai_coding::glm-5",
                AdapterKind::OpenAI,
                "https://api.z.ai/api/coding/paas/v4/",
            ),
            (AdapterKind::Baidu, "baidu::ernie", AdapterKind::OpenAI, "http://h/"),
            (
                AdapterKind::Baidu,
                "baidu-coding-anthropic::x",
                AdapterKind::Anthropic,
                "https://qianfan.baidubce.com/anthropic/coding/",
            ),
            (AdapterKind::Gemini, "zai_coding::x", AdapterKind::Gemini, "http://h/"),
        ] {
            let target = addressed(ServiceTarget {
                endpoint: Endpoint::from_static("http://h/"),
                auth: AuthData::from_single("key"),
                model: ModelIden::new(kind, model),
            });
            assert_eq!((target.model.adapter_kind, target.endpoint.base_url()), (expected, url));
        }
    }
}
