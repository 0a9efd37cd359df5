//! The parser of the entries in `nodes`.

use proc_macro2::Group;
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::punctuated::Punctuated;
use syn::{
    AngleBracketedGenericArguments, Attribute, Ident, Path, PathArguments, PathSegment, Token,
    token,
};

use super::parser::{Comma, PResult, Parser, braces, skip};
use super::syntax::{NodeSyntax, ParameterSyntax, unparsed};
use crate::{names, text};

/// Words with a meaning in targets or conditions.
const RESERVED: [&str; 3] = ["pause", "end", "state"];

impl Parser<'_> {
    pub(super) fn node(
        &mut self,
        input: ParseStream<'_>,
        nodes: &mut Vec<NodeSyntax>,
    ) -> PResult<Comma> {
        let read = input.call(Attribute::parse_outer);
        let attrs = self.reported(read).inspect_err(|_| self.unparsed.nodes = true)?;
        let name: Ident =
            self.expect(input, "a node").inspect_err(|_| self.unparsed.nodes = true)?;
        if RESERVED.iter().any(|word| name == word) {
            self.diagnostics
                .error(&name, format!("`{name}` is reserved and cannot be used as a node name"))
                .help("give the node another name: `name: path::to::action`");
            self.unparsed.nodes = true;
            self.unparsed.statements = true;
        }
        if name == "ALL" {
            self.diagnostics
                .error(&name, "`ALL` is reserved for the list of all nodes")
                .help("give the node another name: `name: path::to::action`");
            self.unparsed.nodes = true;
        }
        self.unparsed.nodes |= names::reject_reserved(&name, "node", self.diagnostics);
        let action = name.clone().into();
        let mut node = NodeSyntax {
            attrs: Vec::new(),
            timeout: None,
            retry: None,
            name,
            action,
            parameters: Vec::new(),
        };
        self.node_attributes(attrs, &mut node);
        let rest = self.node_rest(input, &mut node);
        nodes.push(node);
        rest.map(|()| Comma::Needed)
    }

    fn node_attributes(&mut self, attrs: Vec<Attribute>, node: &mut NodeSyntax) {
        for attr in attrs {
            let name = attr.path().get_ident().map(Ident::to_string).unwrap_or_default();
            let place = match name.as_str() {
                "timeout" => &mut node.timeout,
                "retry" => &mut node.retry,
                "doc" => {
                    node.attrs.push(attr);
                    continue;
                }
                _ => {
                    self.diagnostics
                        .error(attr.path(), "this attribute is not allowed on a node")
                        .help("a node takes only `#[timeout(…)]`, `#[retry(…)]` and doc comments");
                    continue;
                }
            };
            if place.is_some() {
                self.diagnostics
                    .error(attr.path(), format!("`{name}` is given twice"))
                    .help("remove one");
            } else {
                match attr.parse_args() {
                    Ok(value) => *place = Some(value),
                    Err(error) => self.diagnostics.syntax_error(error),
                }
            }
        }
    }

    fn node_rest(&mut self, input: ParseStream<'_>, node: &mut NodeSyntax) -> PResult<()> {
        if input.peek(Token![::]) || input.peek(Token![<]) {
            let first = PathSegment::from(node.name.clone());
            node.action = self.action_path_after(first, None, input)?;
            if let Some(last) = node.action.segments.last() {
                node.name = last.ident.clone();
            }
            self.diagnostics
                .error(&node.action, "a node whose action has a path needs a name")
                .help(format!("write `{}: ` before the path", node.name));
            self.places.action(Some(&node.action));
        } else if input.peek(Token![:]) {
            skip(input);
            let action = self.action_path(input);
            self.places.action(action.as_ref().ok());
            node.action = action.inspect_err(|_| node.action = unparsed().into())?;
        } else {
            self.places.action(Some(&node.action));
        }
        if input.peek(token::Paren) {
            let list: Group = self.parse(input)?;
            self.diagnostics
                .error(&list, "parameters are written in braces")
                .help(format!("write `{{ {} }}`", text::written(&list.stream())));
            self.unparsed.nodes = true;
            return Ok(());
        }
        if let Ok((_, body)) = braces(input) {
            self.list(&body, |parser, input| {
                let name = parser.expect(input, "a name");
                parser.places.parameter(&node.action, name.as_ref().ok());
                let name = name?;
                parser.parse::<Token![:]>(input)?;
                node.parameters
                    .push(ParameterSyntax { name, value: parser.expect(input, "an expression")? });
                Ok(Comma::Needed)
            });
            self.places.parameter(&node.action, None);
        }
        Ok(())
    }

    /// Parses the path of an action, with generic arguments as in a type. Unlike in a type, parentheses are not part
    /// of it: they are reported as parameters.
    fn action_path(&mut self, input: ParseStream<'_>) -> PResult<Path> {
        let leading_colon = self.parse(input)?;
        let first = self.path_segment(input)?;
        self.action_path_after(first, leading_colon, input)
    }

    /// Parses the rest of a path after its first name.
    fn action_path_after(
        &mut self,
        first: PathSegment,
        leading_colon: Option<Token![::]>,
        input: ParseStream<'_>,
    ) -> PResult<Path> {
        let mut path = Path { leading_colon, segments: Punctuated::new() };
        path.segments.push_value(first);
        loop {
            if let Some(last) = path.segments.last_mut() {
                last.arguments = self.reported(generic_arguments(input))?;
            }
            if !input.peek(Token![::]) {
                return Ok(path);
            }
            path.segments.push_punct(self.parse(input)?);
            path.segments.push_value(self.path_segment(input)?);
        }
    }

    fn path_segment(&mut self, input: ParseStream<'_>) -> PResult<PathSegment> {
        let is_keyword = input.peek(Token![crate])
            || input.peek(Token![self])
            || input.peek(Token![super])
            || input.peek(Token![Self]);
        if is_keyword || input.peek(Ident) {
            return self.reported(input.call(Ident::parse_any)).map(PathSegment::from);
        }
        Err(self.expected(input, "expected the path of an action"))
    }
}

/// Parses `::<…>` or `<…>`, and returns it with the `::`, so that equal paths have equal tokens.
fn generic_arguments(input: ParseStream<'_>) -> syn::Result<PathArguments> {
    let mut arguments: AngleBracketedGenericArguments = if input.peek(Token![<]) {
        input.parse()?
    } else if input.peek(Token![::]) && input.peek3(Token![<]) {
        AngleBracketedGenericArguments::parse_turbofish(input)?
    } else {
        return Ok(PathArguments::None);
    };
    arguments.colon2_token.get_or_insert(Token![::](arguments.lt_token.span));
    Ok(PathArguments::AngleBracketed(arguments))
}
