//! The parser of `graph!`, from tokens to a [`GraphSyntax`].
//!
//! An error skips one statement, one list entry or one match arm: it is reported, the parser continues after
//! the next `;`, `,` or closing brace, and [`Unparsed`] records what kind of item is missing.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::parse::{ParseBuffer, ParseStream, Parser as _};
use syn::{Attribute, Ident, LitStr, Meta, Path, Token, Visibility, token};

use super::editor::Places;
use super::parser::{
    Comma, PResult, Parser, Reported, braces, drain, parentheses, skip, starts_statement,
};
use super::syntax::{
    Binding, GraphSyntax, StartSyntax, TransitionSyntax, Unparsed, YieldsSyntax, unparsed,
    unparsed_type,
};
use crate::diagnostics::Diagnostics;
use crate::{
    names,
    sized::{Unsized, unsized_type},
    text,
};

/// The words that start a section.
const SECTIONS: [&str; 5] = ["inputs", "resources", "yields", "nodes", "start"];

/// Parses the valid parts. Returns `None` if the graph has no name.
pub(crate) fn parse_graph(
    tokens: TokenStream,
    diagnostics: &mut Diagnostics,
) -> Option<GraphSyntax> {
    let mut graph = None;
    let read = |input: ParseStream<'_>| {
        let mut parser = Parser {
            diagnostics,
            unparsed: Unparsed::default(),
            sections: Vec::new(),
            places: Places::default(),
        };
        graph = parser.graph(input).ok();
        drain(input);
        Ok(())
    };
    // syn reports the rest of a partly parsed group, such as an attribute, at the end
    if let Err(error) = read.parse2(tokens)
        && diagnostics.is_empty()
    {
        diagnostics.syntax_error(error);
    }
    graph
}

impl Parser<'_> {
    fn graph(&mut self, input: ParseStream<'_>) -> PResult<GraphSyntax> {
        let attrs = self.reported(input.call(Attribute::parse_outer)).unwrap_or_else(|Reported| {
            // an incomplete attribute skips the attributes, not the graph
            while !input.is_empty() && !input.peek(Ident) && !input.peek(Token![pub]) {
                skip(input);
            }
            Vec::new()
        });
        let (attrs, former_names) = self.former_names(attrs);
        let mut vis = self.parse(input)?;
        let mut name: Ident = self.expect(input, "the graph's name")?;
        if input.peek(Ident) && input.peek2(token::Paren) {
            self.diagnostics.error(&name, "expected a visibility or the graph's name");
            vis = Visibility::Public(Token![pub](name.span()));
            name = self.parse(input)?;
        }
        let state = self.state(input, &name);
        let mut graph = GraphSyntax {
            attrs,
            former_names,
            vis,
            state: state.as_ref().map_or_else(|_| unparsed().into(), Path::clone),
            name,
            inputs: Vec::new(),
            resources: Vec::new(),
            yields: None,
            nodes: Vec::new(),
            start: None,
            transitions: Vec::new(),
            error_edges: Vec::new(),
            unparsed: Unparsed::default(),
            places: Places::default(),
        };
        if let Ok((_, body)) = braces(input) {
            self.statements(&body, &mut graph);
            if !input.is_empty() {
                self.expected(input, "unexpected token after the graph");
            }
        } else {
            self.unparsed =
                Unparsed { nodes: true, statements: true, targets: true, bindings: true };
            if state.is_ok() {
                self.diagnostics
                    .error(&graph.name, "the graph has no body")
                    .help(format!("write `{}(…) {{ nodes {{ … }} … }}`", graph.name));
            }
        }
        graph.unparsed = self.unparsed;
        graph.places = std::mem::take(&mut self.places);
        Ok(graph)
    }

    /// Splits `#[renamed_from(…)]` from the other attributes of the graph.
    fn former_names(&mut self, attrs: Vec<Attribute>) -> (Vec<Attribute>, Vec<LitStr>) {
        let (renames, attrs): (Vec<_>, Vec<_>) =
            attrs.into_iter().partition(|attr| attr.path().is_ident("renamed_from"));
        let names = renames.iter().filter_map(|attr| {
            let name = attr.parse_args::<LitStr>().ok();
            if name.is_none() {
                let argument = match &attr.meta {
                    Meta::List(list) if !list.tokens.is_empty() => list.tokens.clone(),
                    meta => meta.path().to_token_stream(),
                };
                self.diagnostics
                    .error(&argument, "expected the graph's former name as a string")
                    .help("write `#[renamed_from(\"Name\")]`, once for each former name");
            }
            name
        });
        let names = names.collect();
        (attrs, names)
    }

    fn state(&mut self, input: ParseStream<'_>, name: &Ident) -> PResult<Path> {
        let Ok(inside) = parentheses(input) else {
            self.diagnostics
                .error(name, "the graph has no state")
                .help(format!("write `{name}(State) {{ … }}`"));
            return Err(Reported);
        };
        let Ok(state) = inside.call(Path::parse_mod_style) else {
            return Err(self.expected(&inside, "expected the path of the state"));
        };
        if !inside.is_empty() {
            self.expected(&inside, "unexpected token after the state");
            drain(&inside);
        }
        Ok(state)
    }

    fn statements(&mut self, input: ParseStream<'_>, graph: &mut GraphSyntax) {
        while !input.is_empty() {
            let before = input.cursor();
            if input.parse::<Option<Token![;]>>().is_ok_and(|token| token.is_some()) {
                continue;
            }
            if self.statement(input, graph).is_err() {
                self.unparsed.statements = true;
                self.skip_statement(input);
            }
            if input.cursor() == before {
                skip(input);
            }
        }
    }

    fn statement(&mut self, input: ParseStream<'_>, graph: &mut GraphSyntax) -> PResult<()> {
        for attr in self.reported(input.call(Attribute::parse_outer))? {
            self.diagnostics.error(
                attr.path(),
                "attributes are allowed only on the graph, a node, an input or a resource",
            );
        }
        let Ok(word) = input.parse::<Ident>() else {
            return Err(self.expected(input, "expected a section or a transition"));
        };
        if input.peek(Token![->]) || input.peek(Token![|]) {
            graph.transitions.extend(self.transition(input, word)?);
            return Ok(());
        }
        let keyword = self.keyword(input, &word)?;
        let repeated = self.record_section(&word, &keyword);
        match keyword.as_str() {
            "inputs" | "resources" if repeated => self.bindings(input, &word, &mut Vec::new()),
            "inputs" => self.bindings(input, &word, &mut graph.inputs),
            "resources" => self.bindings(input, &word, &mut graph.resources),
            "nodes" => {
                self.unparsed.nodes |= !input.peek(token::Brace);
                let body = self.body(input, &word)?;
                let mut nodes = Vec::new();
                let separated = self.list(&body, |parser, input| parser.node(input, &mut nodes));
                self.unparsed.statements |= !separated;
                // a repeated section is already reported, so the nodes that it repeats are not reported again
                nodes.retain(|node| graph.nodes.iter().all(|known| known.name != node.name));
                graph.nodes.extend(nodes);
                Ok(())
            }
            "yields" => {
                let ty = self.expect(input, "a type");
                let ty = self.terminated(input, ty).unwrap_or_else(unparsed_type);
                graph.yields = graph.yields.take().or(Some(YieldsSyntax { keyword: word, ty }));
                Ok(())
            }
            "start" => {
                let name = self.node_name(input);
                self.unparsed.statements |= name.is_err();
                let name = self.terminated(input, name);
                graph.start = graph.start.take().or(name.map(|name| StartSyntax { name }));
                Ok(())
            }
            "error" => {
                self.error_edge(input, None, graph);
                Ok(())
            }
            _ => {
                let source = self.after_on(input, &word);
                self.error_edge(input, source, graph);
                Ok(())
            }
        }
    }

    /// Parses the word after `on`. If it is not `error`, it is reported, and returned if it can be the source.
    fn after_on(&mut self, input: ParseStream<'_>, on: &Ident) -> Option<Ident> {
        let word = input.parse::<Ident>().ok();
        if word.as_ref().is_some_and(|word| word == "error") {
            return None;
        }
        self.diagnostics
            .error(on, "expected `error` after `on`")
            .help("an error edge is written `on error node -> target;`");
        word.filter(|_| input.peek(Token![->]) || input.peek(Token![|]))
    }

    /// Returns the keyword of a statement that starts with `word`. An unknown word is reported, and counts as the
    /// keyword of the section that it resembles if the next tokens match.
    fn keyword(&mut self, input: ParseStream<'_>, word: &Ident) -> PResult<String> {
        let written = word.to_string();
        let sections = SECTIONS.map(String::from);
        if written == "on" || sections.contains(&written) {
            return Ok(written);
        }
        let error = self.diagnostics.error(word, "expected a section or a transition");
        let next = input.cursor().ident();
        if written == "error" || next.is_some_and(|(next, _)| next == "error") {
            error.help("an error edge is written `on error node -> target;`");
            return Ok(if written == "error" { written } else { "on".to_owned() });
        }
        let Some(section) = names::closest(&written, &sections) else {
            error.help(format!("a transition is written `{written} -> target;`"));
            return Err(Reported);
        };
        error.help(format!("did you mean `{section}`"));
        let fits = match section {
            "start" => input.peek(Ident) && input.peek2(Token![;]),
            "yields" => input.peek(Ident),
            _ => input.peek(token::Brace),
        };
        let new = !self.sections.iter().any(|seen| seen == section);
        if fits && new { Ok(section.to_owned()) } else { Err(Reported) }
    }

    /// Records the section. Reports it and returns `true` if it is repeated.
    fn record_section(&mut self, word: &Ident, name: &str) -> bool {
        let repeated = self.sections.iter().any(|seen| seen == name);
        if repeated {
            self.diagnostics
                .error(word, format!("`{name}` is given twice"))
                .help("merge it into the first one");
        } else if SECTIONS.contains(&name) {
            self.sections.push(name.to_owned());
        }
        repeated
    }

    fn body<'a>(&mut self, input: &ParseBuffer<'a>, word: &Ident) -> PResult<ParseBuffer<'a>> {
        let Ok((_, body)) = braces(input) else {
            self.diagnostics.error(word, format!("expected `{{ … }}` after `{word}`"));
            return Err(Reported);
        };
        Ok(body)
    }

    fn bindings(
        &mut self,
        input: ParseStream<'_>,
        word: &Ident,
        bindings: &mut Vec<Binding>,
    ) -> PResult<()> {
        let mut parsed: Vec<Binding> = Vec::new();
        let body = self.body(input, word)?;
        let before = self.diagnostics.len();
        self.list(&body, |parser, input| {
            let attrs = parser.reported(input.call(Attribute::parse_outer))?;
            parser.reject_cfg(&attrs);
            let (public, attrs): (Vec<_>, _) =
                attrs.into_iter().partition(|attr| attr.path().is_ident("public"));
            let public = parser.public(word, &public);
            let name = parser.expect(input, "a name")?;
            names::reject_reserved(
                &name,
                if word == "inputs" { "input" } else { "resource" },
                parser.diagnostics,
            );
            parser.parse::<Token![:]>(input)?;
            let mut ty = parser.expect(input, "a type")?;
            if let Some(Unsized { ty: token, written, instead }) = unsized_type(&ty) {
                parser
                    .diagnostics
                    .error(token, format!("`{written}` is unsized, so a graph cannot store it"))
                    .help(format!("write `{instead}`"));
                ty = unparsed_type();
            }
            parsed.push(Binding { attrs, public, name, ty });
            Ok(Comma::Needed)
        });
        self.unparsed.bindings |= self.diagnostics.len() > before;
        parsed.retain(|entry| bindings.iter().all(|known| known.name != entry.name));
        bindings.extend(parsed);
        Ok(())
    }

    /// Returns whether a binding has `#[public]`, which only an input can have, once and without arguments.
    fn public(&mut self, section: &Ident, attrs: &[Attribute]) -> bool {
        for (index, attr) in attrs.iter().enumerate() {
            if section != "inputs" {
                self.diagnostics
                    .error(attr.path(), "`public` is not allowed on a resource")
                    .help("only inputs can be public: readers of a session then see their values");
            } else if let Err(error) = attr.meta.require_path_only() {
                self.diagnostics.syntax_error(error);
            } else if index > 0 {
                self.diagnostics.error(attr.path(), "`public` is given twice").help("remove one");
            }
        }
        !attrs.is_empty()
    }

    /// Rejects `cfg`: an input or a resource cannot be absent for some actions.
    fn reject_cfg(&mut self, attrs: &[Attribute]) {
        for attr in attrs.iter().filter(|attr| text::is_cfg(attr)) {
            self.diagnostics
                .error(attr.path(), "`cfg` is not allowed on an input or a resource")
                .help("put it on the graph, in two versions: with the input or resource and without it");
        }
    }

    /// Parses the rest of an error edge. If it is invalid, skips it, so that it does not count as a transition.
    fn error_edge(
        &mut self,
        input: ParseStream<'_>,
        source: Option<Ident>,
        graph: &mut GraphSyntax,
    ) {
        let source = source.map_or_else(|| self.expect(input, "a node"), Ok);
        let edge = source.and_then(|source| self.transition(input, source));
        if let Ok(edge) = edge {
            graph.error_edges.extend(edge);
            return;
        }
        self.unparsed.statements = true;
        while !input.is_empty() && !input.peek(Token![;]) {
            skip(input);
        }
    }

    fn transition(
        &mut self,
        input: ParseStream<'_>,
        source: Ident,
    ) -> PResult<Option<TransitionSyntax>> {
        self.places.node(Some(&source));
        let mut sources = vec![source];
        while input.parse::<Option<Token![|]>>().is_ok_and(|token| token.is_some()) {
            sources.push(self.node_name(input)?);
        }
        if !input.peek(Token![->]) {
            return Err(self.expected(input, "expected `->`"));
        }
        self.parse::<Token![->]>(input)?;
        let target = self.target(input);
        let is_complete = input.peek(Token![;]) || input.is_empty() || starts_statement(input);
        let target = self.terminated(input, target).filter(|_| is_complete);
        let target = target.unwrap_or_else(|| self.unparsed_target());
        Ok(Some(TransitionSyntax { sources, target }))
    }

    /// Parses the `;` after a statement, or skips the rest of an invalid one.
    fn terminated<T>(&mut self, input: ParseStream<'_>, read: PResult<T>) -> Option<T> {
        if read.is_ok() && !input.peek(Token![;]) {
            self.expected(input, "expected `;`");
        }
        if read.is_err() || !input.peek(Token![;]) {
            self.skip_statement(input);
        } else {
            skip(input);
        }
        read.ok()
    }
}
