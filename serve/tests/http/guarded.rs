//! Access control: tokens, origins, and the policy of the page.

use crate::client::{problem, serve, serve_with};
use burdock::log::MemoryLog;
use tower::ServiceExt as _;

#[tokio::test]
async fn page_is_served_under_a_path_with_and_without_a_trailing_slash() {
    let routes = serve().await.server.chat_router();
    let nested = axum::Router::new()
        .nest("/a/b", routes.clone())
        .nest("/a/{any}", routes.clone())
        .nest_service("/c", routes);
    let get = async |path: &str| {
        let request = axum::http::Request::get(path).body(axum::body::Body::empty()).unwrap();
        let answer = nested.clone().oneshot(request).await.unwrap();
        let status = answer.status().as_u16();
        let body = axum::body::to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    };
    for (path, assets) in
        [("/a/b", "./b/assets/"), ("/c", "./c/assets/"), ("/c/", "assets/"), ("/c/?x=1", "assets/")]
    {
        let (status, page) = get(path).await;
        assert_eq!(status, 200, "{path}");
        assert!(
            page.contains(&format!("<script type=\"module\" src=\"{assets}main.js\"")),
            "{path}"
        );
    }
    for path in ["/a/b/assets/main.js", "/c/assets/main.js", "/a/b/sessions", "/c/health"] {
        assert_eq!(get(path).await.0, 200, "{path}");
    }
    for path in ["/a/b/nothing", "/c/nothing", "/a/\"onload=alert()\""] {
        assert_eq!(get(path).await.0, 404, "{path}");
    }
}

#[tokio::test]
async fn requests_without_the_token_are_unauthorized() {
    let served = serve_with(MemoryLog::new(), |server| server.bearer_token("s3cret")).await;
    let sessions = format!("{}/sessions", served.url);
    for token in ["", "Bearer wrong", "Bearer s3cre", "Basic s3cret"] {
        let response = served.client.get(&sessions).header("authorization", token).send().await;
        assert_eq!(problem(response.unwrap()).await, (401, "unauthorized".into()), "{token}");
    }
    let authorized = served.client.get(&sessions).bearer_auth("s3cret").send().await.unwrap();
    assert_eq!(authorized.status(), 200);
    // the page is loaded before it has the token
    assert_eq!(served.get("/").await.status(), 200);
}

#[tokio::test]
async fn cross_origin_requests_are_rejected_unless_the_origin_is_allowed() {
    let served =
        serve_with(MemoryLog::new(), |server| server.allow_origin("https://good.example")).await;
    let sessions = format!("{}/sessions", served.url);
    let get =
        |name: &'static str, value: String| served.client.get(&sessions).header(name, value).send();
    for (name, value) in [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")] {
        let response = get(name, value.into()).await.unwrap();
        assert_eq!(problem(response).await, (403, "foreign_origin".into()), "{name}");
    }
    let own = get("origin", served.url.clone()).await.unwrap();
    assert_eq!(
        (own.status().as_u16(), own.headers().get("access-control-allow-origin")),
        (200, None)
    );
    let good = get("origin", "https://good.example".into()).await.unwrap();
    assert_eq!(good.headers()["access-control-allow-origin"], "https://good.example");
    let host = get("host", "evil.example".into()).await.unwrap();
    assert_eq!(problem(host).await, (421, "foreign_host".into()));
}

#[tokio::test]
async fn page_has_a_strict_content_security_policy() {
    let served = serve().await;
    let page = served.get("/").await;
    let policy = page.headers()["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    assert_eq!(page.headers()["x-content-type-options"], "nosniff");
    assert_eq!(problem(served.get("/nothing").await).await, (404, "not_found".into()));
    let wrong = served.client.put(format!("{}/sessions", served.url)).send().await.unwrap();
    assert_eq!(problem(wrong).await, (405, "method_not_allowed".into()));
}
