//! The requests of an editor.

use crate::{
    client::Client,
    document::{Document, Edit},
    error::Error,
};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// An editor in which the workspace is open.
pub(crate) struct Editor {
    client: Client,
    root: PathBuf,
    /// The version of each open document.
    versions: BTreeMap<&'static str, u64>,
}

/// An error or a warning.
pub(crate) struct Diagnostic {
    pub(crate) line: u64,
    pub(crate) message: String,
}

impl Editor {
    /// Starts rust-analyzer, and waits until it has loaded the workspace. It builds the macros in a target directory
    /// of its own.
    pub(crate) fn start(root: &Path, target: &Path) -> Result<Self, Error> {
        fs::create_dir_all(target)?;
        let mut client = Client::start(root, &target.join("rust-analyzer.log"))?;
        let uri = uri(root);
        client.request(
            "initialize",
            &json!({
                "processId": std::process::id(),
                "rootUri": uri,
                "workspaceFolders": [{ "uri": uri, "name": "burdock" }],
                "capabilities": {
                    "experimental": { "serverStatusNotification": true },
                    "textDocument": { "diagnostic": {}, "definition": {}, "completion": {} },
                },
                "initializationOptions": options(target),
            }),
        )?;
        client.notify("initialized", &json!({}))?;
        let status = client.wait_for(|message| {
            let (method, status) = (&message["method"], &message["params"]);
            method == "experimental/serverStatus"
                && (status["quiescent"] == true || status["health"] == "error")
        })?;
        if status["params"]["health"] != "ok" {
            return Err(Error::Load(status["params"]["message"].to_string()));
        }
        Ok(Self { client, root: root.to_owned(), versions: BTreeMap::new() })
    }

    /// Opens a file with a changed text, or changes its text again.
    pub(crate) fn edit(&mut self, edit: Edit) -> Result<Document, Error> {
        let document = edit.apply(&self.root)?;
        self.show(document.file, &document.text)?;
        Ok(document)
    }

    /// Sets the text of a file to that on disk.
    pub(crate) fn revert(&mut self, file: &'static str) -> Result<(), Error> {
        let text = fs::read_to_string(self.root.join(file))?;
        self.show(file, &text)
    }

    /// Returns the labels that completion offers at a cursor, in the order of their relevance.
    pub(crate) fn complete(&mut self, document: &Document) -> Result<Vec<String>, Error> {
        let mut list = self.ask("textDocument/completion", document, document.cursors[0])?;
        let items = if list.is_array() { list.take() } else { list["items"].take() };
        let mut items: Vec<Value> = items.as_array().cloned().unwrap_or_default();
        items.sort_by(|a, b| a["sortText"].as_str().cmp(&b["sortText"].as_str()));
        let label = |item: &Value| item["label"].as_str().unwrap_or_default().to_owned();
        Ok(items.iter().map(label).collect())
    }

    /// Returns the files that define the name at an offset.
    pub(crate) fn definitions(
        &mut self,
        document: &Document,
        offset: usize,
    ) -> Result<Vec<String>, Error> {
        let found = self.ask("textDocument/definition", document, offset)?;
        let root = format!("{}/", uri(&self.root));
        let targets = found.as_array().cloned().unwrap_or_default();
        let file = |target: &Value| {
            let uri =
                target.get("targetUri").unwrap_or(&target["uri"]).as_str().unwrap_or_default();
            uri.strip_prefix(&root).unwrap_or(uri).to_owned()
        };
        Ok(targets.iter().map(file).collect())
    }

    /// Returns the errors and warnings in a file.
    pub(crate) fn diagnostics(&mut self, file: &str) -> Result<Vec<Diagnostic>, Error> {
        let uri = uri(&self.root.join(file));
        let report = self
            .client
            .request("textDocument/diagnostic", &json!({ "textDocument": { "uri": uri } }))?;
        let items = report["items"].as_array().ok_or(Error::Protocol)?;
        // the others are hints, for example about code of another feature
        let shown = items.iter().filter(|item| item["severity"].as_u64().is_some_and(|it| it < 3));
        let diagnostic = |item: &Value| Diagnostic {
            line: item["range"]["start"]["line"].as_u64().unwrap_or_default() + 1,
            message: item["message"].as_str().unwrap_or_default().to_owned(),
        };
        Ok(shown.map(diagnostic).collect())
    }

    /// Shuts rust-analyzer down.
    pub(crate) fn stop(self) -> Result<(), Error> {
        self.client.stop()
    }

    fn show(&mut self, file: &'static str, text: &str) -> Result<(), Error> {
        let uri = uri(&self.root.join(file));
        let version = self.versions.entry(file).or_default();
        *version += 1;
        let (version, is_new) = (*version, *version == 1);
        if is_new {
            let document =
                json!({ "uri": uri, "languageId": "rust", "version": version, "text": text });
            self.client.notify("textDocument/didOpen", &json!({ "textDocument": document }))
        } else {
            let document = json!({ "uri": uri, "version": version });
            let params = json!({ "textDocument": document, "contentChanges": [{ "text": text }] });
            self.client.notify("textDocument/didChange", &params)
        }
    }

    /// Sends a request about an offset.
    fn ask(
        &mut self,
        method: &'static str,
        document: &Document,
        offset: usize,
    ) -> Result<Value, Error> {
        let uri = uri(&self.root.join(document.file));
        let position = document.position(offset);
        self.client
            .request(method, &json!({ "textDocument": { "uri": uri }, "position": position }))
    }
}

/// The settings of rust-analyzer. The diagnostics are those of `rust-analyzer diagnostics`. Names that would have to
/// be imported are not completed.
fn options(target: &Path) -> Value {
    json!({
        "cachePriming": { "enable": false },
        "cargo": { "targetDir": target, "buildScripts": { "enable": true } },
        "checkOnSave": false,
        "completion": { "autoimport": { "enable": false }, "postfix": { "enable": false } },
        "diagnostics": { "enable": true, "experimental": { "enable": true } },
        "procMacro": { "enable": true },
    })
}

fn uri(path: &Path) -> String {
    format!("file://{}", path.display())
}
