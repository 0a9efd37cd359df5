//! Rules for the files of the repository: modules import only earlier modules in the order of ARCHITECTURE.md,
//! items for expansions have one public path, each macro guards against its own panics, and each file of tests
//! is part of a program.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "a test")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};
use syn::{
    ItemMod, ItemUse, UseTree,
    visit_mut::{self, VisitMut},
};

#[test]
fn modules_import_only_earlier_modules() {
    let page = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let (_, block) = page.split_once("```text order\n").unwrap();
    let (block, _) = block.split_once("```").unwrap();
    let orders = orders(block);
    let packages: Vec<&str> = orders.keys().map(String::as_str).collect();
    assert_eq!(packages, ["core", "macros", "serve", "sqlite"]);
    for (package, order) in orders {
        let modules = modules(&root().join(&package).join("src"));
        let named: BTreeSet<&str> = order.keys().map(String::as_str).collect();
        let there: BTreeSet<&str> = modules.keys().map(String::as_str).collect();
        assert_eq!(named, there, "the modules of `{package}`");
        for (module, imports) in &modules {
            for (import, file) in imports.iter().filter(|(import, _)| *import != module) {
                assert!(
                    order[import] <= order[module],
                    "{}: `{module}` imports `{import}`, which is not listed before it",
                    file.display()
                );
            }
        }
    }
}

#[test]
fn items_for_expansions_are_public_only_in_private() {
    let src = root().join("core/src");
    let mut public = Public::default();
    public.file(&src.join("lib.rs"), &src);
    assert!(public.reexported.contains("OrdMap") && public.reexported.contains("NodeInfo"));
    assert_eq!(
        public.hidden,
        ["mod __private"],
        "hidden items that are public outside of `__private`"
    );
    let mut defined = BTreeSet::new();
    for file in files(&src) {
        let items = parse(&file).items;
        defined.extend(items.iter().filter(|item| is_hidden(attrs(item))).filter_map(name));
    }
    assert!(defined.contains("PlainPatch"));
    for item in parse(&src.join("__private.rs")).items {
        let syn::Item::Use(item) = item else { continue };
        for path in paths(&item.tree) {
            // a path of three segments names a public item of a module
            if path.len() > 3 {
                defined.extend(path.last().cloned());
            }
        }
    }
    assert!(defined.contains("ActionFacts") && !defined.contains("Action"));
    let both: Vec<&String> = defined.intersection(&public.reexported).collect();
    assert!(both.is_empty(), "{both:?} have a public path outside of `__private`");
}

#[test]
fn each_file_of_tests_is_part_of_a_program() {
    let tests = root().join("tests");
    for (folder, program, manifest) in
        [("tests", "tests/all.rs", "Cargo.toml"), ("ui/pass", "ui/pass/main.rs", "ui/Cargo.toml")]
    {
        let program = tests.join(program);
        let manifest = fs::read_to_string(tests.join(manifest)).unwrap();
        let mut declared = Imports::default();
        declared.visit_file_mut(&mut parse(&program));
        for file in fs::read_dir(tests.join(folder)).unwrap().map(|entry| entry.unwrap().path()) {
            let name = file.file_stem().unwrap().to_string_lossy().into_owned();
            let listed = declared.declared.contains(&name)
                || manifest.contains(&format!("name = \"{name}\""))
                || file == program;
            // in `ui/pass` a folder is a module of files
            let files = if file.is_dir() { files(&file) } else { Vec::new() };
            let inside = files.iter().all(|file| {
                declared.declared.contains(&*file.file_stem().unwrap().to_string_lossy())
            });
            assert!(
                listed || (file.is_dir() && inside),
                "{} is not part of a program",
                file.display()
            );
        }
    }
}

#[test]
fn every_macro_guards_against_its_own_panics() {
    for package in ["macros", "llm/macros"] {
        let lib = fs::read_to_string(root().join(package).join("src/lib.rs")).unwrap();
        let macros: Vec<&str> = lib.split("\n#[proc_macro").skip(1).collect();
        assert!(!macros.is_empty(), "{package}");
        for function in macros {
            assert!(function.contains("\n    guarded("), "{package}: {function}");
        }
    }
}

/// The position of each module in the order of its package. Modules in parentheses share one, and may import
/// each other.
fn orders(block: &str) -> BTreeMap<String, BTreeMap<String, usize>> {
    let mut orders = BTreeMap::new();
    for order in block.split("\n\n") {
        let (package, modules) = order.split_once(':').unwrap();
        let (mut places, mut place, mut together) = (BTreeMap::new(), 0, false);
        for word in modules.split_whitespace() {
            together |= word.starts_with('(');
            let module = word.trim_matches(['(', ')']);
            assert_eq!(places.insert(module.to_owned(), place), None, "`{module}` is listed twice");
            together &= !word.ends_with(')');
            place += usize::from(!together);
        }
        orders.insert(package.trim().to_owned(), places);
    }
    orders
}

/// The imports of each module, each with the file that imports it.
fn modules(src: &Path) -> BTreeMap<String, BTreeMap<String, PathBuf>> {
    let mut roots = Imports::default();
    roots.visit_file_mut(&mut parse(&src.join("lib.rs")));
    let mut modules: BTreeMap<String, BTreeMap<String, PathBuf>> =
        roots.declared.iter().map(|module| (module.clone(), BTreeMap::new())).collect();
    for (module, imports) in &mut modules {
        let (file, folder) = (src.join(format!("{module}.rs")), src.join(module));
        let mut files = files(&folder);
        files.extend(file.is_file().then_some(file));
        assert!(!files.is_empty(), "module `{module}` has no file");
        for file in files {
            let mut found = Imports::default();
            found.visit_file_mut(&mut parse(&file));
            for path in found.of_crate {
                // an item that the crate re-exports from one of its modules
                let import = roots.reexported.get(&path).unwrap_or(&path);
                if roots.declared.contains(import) {
                    imports.insert(import.clone(), file.clone());
                }
            }
        }
    }
    modules
}

fn parse(file: &Path) -> syn::File {
    let text = fs::read_to_string(file).unwrap();
    syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// The Rust files under a folder, except for tests.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy();
        if name.starts_with("tests") {
            continue;
        }
        if path.is_dir() {
            files.extend(self::files(&path));
        } else if path.extension().is_some_and(|end| end == "rs") {
            files.push(path);
        }
    }
    files
}

/// The modules that a file declares, the items that it re-exports from them, and the paths that start with
/// `crate`.
#[derive(Default)]
struct Imports {
    declared: BTreeSet<String>,
    reexported: BTreeMap<String, String>,
    of_crate: BTreeSet<String>,
}

impl VisitMut for Imports {
    fn visit_item_mod_mut(&mut self, module: &mut ItemMod) {
        if is_test(&module.attrs) {
            return;
        }
        if module.content.is_none() {
            self.declared.insert(module.ident.to_string());
        }
        visit_mut::visit_item_mod_mut(self, module);
    }

    fn visit_item_use_mut(&mut self, item: &mut ItemUse) {
        if !is_test(&item.attrs) {
            self.tree(&[], &item.tree);
        }
    }

    fn visit_path_mut(&mut self, path: &mut syn::Path) {
        let mut segments = path.segments.iter().map(|segment| segment.ident.to_string());
        if segments.next().is_some_and(|first| first == "crate") {
            self.of_crate.extend(segments.next());
        }
        visit_mut::visit_path_mut(self, path);
    }
}

impl Imports {
    fn tree(&mut self, before: &[String], tree: &UseTree) {
        let end = |name: String| {
            let mut path = before.to_vec();
            path.push(name);
            path
        };
        let path = match tree {
            UseTree::Path(path) => return self.tree(&end(path.ident.to_string()), &path.tree),
            UseTree::Group(group) => {
                return group.items.iter().for_each(|tree| self.tree(before, tree));
            }
            UseTree::Name(name) => end(name.ident.to_string()),
            UseTree::Rename(rename) => end(rename.ident.to_string()),
            UseTree::Glob(_) => end("*".into()),
        };
        match &path[..] {
            [first, module, ..] if first == "crate" => drop(self.of_crate.insert(module.clone())),
            [first, module, .., name] if first == "self" => {
                self.reexported.insert(name.clone(), module.clone());
            }
            _ => {}
        }
    }
}

/// The public items of a crate.
#[derive(Default)]
struct Public {
    reexported: BTreeSet<String>,
    /// The public items that are not in the documentation.
    hidden: Vec<String>,
}

impl Public {
    /// Adds the items of a file whose modules are in `folder`.
    fn file(&mut self, file: &Path, folder: &Path) {
        for item in parse(file).items {
            let hidden = is_hidden(attrs(&item));
            match &item {
                syn::Item::Use(item) if is_public(&item.vis) => {
                    let names = paths(&item.tree).into_iter().filter_map(|mut path| path.pop());
                    let names: Vec<String> = names.collect();
                    if hidden {
                        self.hidden.push(format!("use {}", names.join(", ")));
                    }
                    self.reexported.extend(names);
                }
                syn::Item::Mod(item) if is_public(&item.vis) && hidden => {
                    self.hidden.push(format!("mod {}", item.ident));
                }
                syn::Item::Mod(item) if is_public(&item.vis) => {
                    let name = item.ident.to_string();
                    let (file, folder) = (folder.join(format!("{name}.rs")), folder.join(name));
                    let file = if file.is_file() { file } else { folder.join("mod.rs") };
                    self.file(&file, &folder);
                }
                item if hidden => self.hidden.extend(name(item)),
                _ => {}
            }
        }
    }
}

/// The paths that an import names.
fn paths(tree: &UseTree) -> Vec<Vec<String>> {
    match tree {
        UseTree::Path(path) => {
            let mut paths = self::paths(&path.tree);
            for inner in &mut paths {
                inner.insert(0, path.ident.to_string());
            }
            paths
        }
        UseTree::Group(group) => group.items.iter().flat_map(paths).collect(),
        UseTree::Name(name) => vec![vec![name.ident.to_string()]],
        UseTree::Rename(rename) => vec![vec![rename.rename.to_string()]],
        UseTree::Glob(_) => vec![vec!["*".into()]],
    }
}

/// The name of an item, if it is public.
fn name(item: &syn::Item) -> Option<String> {
    let (vis, ident) = match item {
        syn::Item::Const(item) => (&item.vis, &item.ident),
        syn::Item::Enum(item) => (&item.vis, &item.ident),
        syn::Item::Fn(item) => (&item.vis, &item.sig.ident),
        syn::Item::Static(item) => (&item.vis, &item.ident),
        syn::Item::Struct(item) => (&item.vis, &item.ident),
        syn::Item::Trait(item) => (&item.vis, &item.ident),
        syn::Item::Type(item) => (&item.vis, &item.ident),
        _ => return None,
    };
    is_public(vis).then(|| ident.to_string())
}

fn attrs(item: &syn::Item) -> &[syn::Attribute] {
    match item {
        syn::Item::Const(item) => &item.attrs,
        syn::Item::Enum(item) => &item.attrs,
        syn::Item::Fn(item) => &item.attrs,
        syn::Item::Mod(item) => &item.attrs,
        syn::Item::Static(item) => &item.attrs,
        syn::Item::Struct(item) => &item.attrs,
        syn::Item::Trait(item) => &item.attrs,
        syn::Item::Type(item) => &item.attrs,
        syn::Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

fn is_public(vis: &syn::Visibility) -> bool {
    matches!(vis, syn::Visibility::Public(_))
}

fn is_hidden(attrs: &[syn::Attribute]) -> bool {
    attrs.iter().any(|attr| {
        attr.path().is_ident("doc")
            && attr.parse_args::<syn::Ident>().is_ok_and(|argument| argument == "hidden")
    })
}

fn is_test(attrs: &[syn::Attribute]) -> bool {
    attrs.iter().any(|attr| {
        attr.path().is_ident("cfg")
            && attr.parse_args::<syn::Ident>().is_ok_and(|argument| argument == "test")
    })
}

/// The root of the repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
