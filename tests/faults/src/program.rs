//! The programs with faults, and the compilation of a copy of one.
//!
//! `cargo check` runs once; then rustc is called directly with the arguments from its output, which takes a third
//! of a second per fault.

use crate::clarity::Message;
use serde_json::Value;
use std::{
    collections::BTreeMap,
    ffi::OsStr,
    fs, io,
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// Errors before the first fault is tried.
#[derive(Debug)]
pub(crate) enum Error {
    Io(PathBuf, io::Error),
    Run(String, io::Error),
    Cargo(String),
    DoesNotCompile(String, String),
    /// A row of `mistakes.md` that does not apply.
    Mistake(String),
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Io(path, error) => write!(f, "{}: {error}", path.display()),
            Self::Run(program, error) => write!(f, "cannot run `{program}`: {error}"),
            Self::Mistake(reason) => write!(f, "mistakes.md: {reason}"),
            Self::Cargo(text) => write!(f, "`cargo` failed:\n{text}"),
            Self::DoesNotCompile(name, text) => {
                write!(f, "`{name}` does not compile without a fault:\n{text}")
            }
        }
    }
}

impl std::error::Error for Error {}

/// The workspace, as reported by cargo.
pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
    /// The folder for copies and the report.
    pub(crate) scratch: PathBuf,
    pub(crate) programs: Vec<Program>,
}

/// One crate.
pub(crate) struct Program {
    pub(crate) name: String,
    /// The folder of the crate.
    pub(crate) folder: PathBuf,
    /// Its Rust files, relative to the folder.
    pub(crate) files: Vec<PathBuf>,
    targets: Vec<Target>,
    /// `--extern`, `--cfg` and the folders of dependencies.
    arguments: Vec<String>,
    variables: BTreeMap<String, String>,
}

/// The library or a binary of a program.
struct Target {
    name: String,
    kind: &'static str,
    edition: String,
    root: PathBuf,
}

impl Workspace {
    /// Reads the packages in these folders from cargo, and checks them and their dependencies.
    pub(crate) fn load(folders: &[&str]) -> Result<Self, Error> {
        let text = cargo(&["metadata", "--format-version", "1"])?;
        let metadata: Value = serde_json::from_str(&text).unwrap_or_default();
        let root = PathBuf::from(string(&metadata["workspace_root"]));
        let target = PathBuf::from(string(&metadata["target_directory"]));
        let packages: Vec<&Value> = list(&metadata["packages"])
            .iter()
            .filter(|package| {
                let manifest = Path::new(string(&package["manifest_path"]));
                folders.iter().any(|folder| manifest.starts_with(root.join(folder)))
            })
            .collect();
        let mut arguments = vec!["check", "--message-format", "json"];
        for package in &packages {
            arguments.extend(["-p", string(&package["name"])]);
        }
        let messages: Vec<Value> = cargo(&arguments)?
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .filter(|message: &Value| message["reason"] == "compiler-artifact")
            .collect();
        let nodes = list(&metadata["resolve"]["nodes"]);
        let programs = packages
            .into_iter()
            .map(|package| {
                let node = nodes.iter().find(|node| node["id"] == package["id"]);
                Program::new(package, node.unwrap_or(&Value::Null), &messages, &target)
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { root, scratch: target.join("faults"), programs })
    }
}

impl Program {
    fn new(
        package: &Value,
        node: &Value,
        messages: &[Value],
        target: &Path,
    ) -> Result<Self, Error> {
        let manifest = Path::new(string(&package["manifest_path"]));
        let folder = manifest.parent().unwrap_or(manifest).to_owned();
        let mut files = Vec::new();
        rust_files(&folder.join("src"), &folder, &mut files)?;
        files.sort();
        let mut arguments = vec![format!("-Ldependency={}", target.join("debug/deps").display())];
        for dependency in list(&node["deps"]) {
            if let Some(file) = artifact(&dependency["pkg"], messages) {
                arguments.push(format!("--extern={}={file}", string(&dependency["name"])));
            }
        }
        let own = messages.iter().find(|message| message["package_id"] == package["id"]);
        for feature in own.map(|message| list(&message["features"])).unwrap_or_default() {
            arguments.push(format!("--cfg=feature=\"{}\"", string(feature)));
        }
        let mut targets: Vec<Target> = list(&package["targets"])
            .iter()
            .filter_map(|target| {
                let kind = ["lib", "bin"]
                    .into_iter()
                    .find(|kind| list(&target["kind"]).iter().any(|known| known == kind))?;
                Some(Target {
                    name: string(&target["name"]).replace('-', "_"),
                    kind,
                    edition: string(&target["edition"]).to_owned(),
                    root: Path::new(string(&target["src_path"]))
                        .strip_prefix(&folder)
                        .ok()?
                        .to_owned(),
                })
            })
            .collect();
        // the library first, because programs depend on it
        targets.sort_by_key(|target| target.kind != "lib");
        let name = string(&package["name"]).to_owned();
        let variables = BTreeMap::from([
            ("CARGO_MANIFEST_DIR".to_owned(), folder.display().to_string()),
            ("CARGO_PKG_NAME".to_owned(), name.clone()),
            ("CARGO_PKG_VERSION".to_owned(), string(&package["version"]).to_owned()),
        ]);
        Ok(Self { name, folder, files, targets, arguments, variables })
    }

    /// Copies the crate to `to`.
    pub(crate) fn copy(&self, to: &Path) -> Result<(), Error> {
        copy(&self.folder, to)
    }

    /// Compiles the copy in `at` to metadata.
    ///
    /// The inner result has the errors of rustc if the copy does not compile.
    pub(crate) fn compile(&self, at: &Path) -> Result<Result<(), Vec<Message>>, Error> {
        let mut library = None;
        for target in &self.targets {
            let output = at.join(format!("lib{}-{}.rmeta", target.name, target.kind));
            let mut command = self.rustc(at, target, library.as_deref());
            command
                .args(["--emit=metadata", "--error-format=json", "-Awarnings", "-o"])
                .arg(&output);
            let done = run(&mut command)?;
            if !done.status.success() {
                return Ok(Err(Message::read(&String::from_utf8_lossy(&done.stderr))));
            }
            if target.kind == "lib" {
                library = Some(format!("--extern={}={}", target.name, output.display()));
            }
        }
        Ok(Ok(()))
    }

    /// Returns the text of the copy in `at` after macro expansion.
    ///
    /// The option for this is unstable. That is acceptable, because the text is only compared, for programs that
    /// the stable compiler accepts.
    pub(crate) fn expansion(&self, at: &Path) -> Result<String, Error> {
        let mut text = String::new();
        let mut library = None;
        for target in &self.targets {
            let mut command = self.rustc(at, target, library.as_deref());
            command.env("RUSTC_BOOTSTRAP", "1").args(["-Zunpretty=expanded", "-Awarnings"]);
            text.push_str(&String::from_utf8_lossy(&run(&mut command)?.stdout));
            if target.kind == "lib" {
                let metadata = at.join(format!("lib{}-lib.rmeta", target.name));
                library = Some(format!("--extern={}={}", target.name, metadata.display()));
            }
        }
        Ok(text)
    }

    fn rustc(&self, at: &Path, target: &Target, library: Option<&str>) -> Command {
        let mut command = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
        command
            .current_dir(at)
            .envs(&self.variables)
            .args(["--crate-name", &target.name, "--crate-type", target.kind])
            .args(["--edition", &target.edition])
            .args(&self.arguments)
            .args(library)
            .arg(&target.root);
        command
    }
}

/// Returns the output of `cargo check` for a dependency: metadata, or the library of a macro.
fn artifact<'m>(package: &Value, messages: &'m [Value]) -> Option<&'m str> {
    let is_library = |message: &&Value| {
        let kinds = list(&message["target"]["kind"]);
        kinds.iter().any(|kind| kind == "lib" || kind == "proc-macro" || kind == "rlib")
    };
    let mut found = None;
    for message in
        messages.iter().filter(|message| message["package_id"] == *package).filter(is_library)
    {
        let files: Vec<&str> = list(&message["filenames"]).iter().map(string).collect();
        // a dependency of a build script or a macro is built in full
        let full = files.iter().any(|file| is(file, "rlib"));
        let file = files
            .into_iter()
            .find(|file| is(file, "rmeta") || is(file, std::env::consts::DLL_EXTENSION));
        if file.is_some() && (found.is_none() || !full) {
            found = file;
        }
    }
    found
}

fn is(file: &str, extension: &str) -> bool {
    Path::new(file).extension() == Some(OsStr::new(extension))
}

fn string(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn cargo(arguments: &[&str]) -> Result<String, Error> {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(arguments);
    let output = run(&mut command)?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(Error::Cargo(String::from_utf8_lossy(&output.stderr).into_owned()))
}

fn run(command: &mut Command) -> Result<Output, Error> {
    command
        .output()
        .map_err(|error| Error::Run(command.get_program().to_string_lossy().into_owned(), error))
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let at = |error| Error::Io(folder.to_owned(), error);
    fs::read_dir(folder).map_err(at)?.map(|entry| Ok(entry.map_err(at)?.path())).collect()
}

fn rust_files(folder: &Path, root: &Path, files: &mut Vec<PathBuf>) -> Result<(), Error> {
    for path in entries(folder)? {
        if path.is_dir() {
            rust_files(&path, root, files)?;
        } else if path.extension() == Some(OsStr::new("rs")) {
            files.extend(path.strip_prefix(root).map(Path::to_owned));
        }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<(), Error> {
    fs::create_dir_all(to).map_err(|error| Error::Io(to.to_owned(), error))?;
    for path in entries(from)? {
        let Some(name) = path.file_name() else { continue };
        let target = to.join(name);
        if path.is_dir() {
            copy(&path, &target)?;
        } else {
            fs::copy(&path, &target).map_err(|error| Error::Io(path.clone(), error))?;
        }
    }
    Ok(())
}
