//! The parser of the entries in `nodes`.

use proc_macro2::Group;
use syn::parse::ParseStream;
use syn::{Attribute, Ident, Path, PathSegment, Token, token};

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
        if input.peek(Token![::]) {
            let rest = self.reported(input.call(Path::parse_mod_style))?;
            let first = std::mem::replace(&mut node.action, rest);
            node.action.segments.insert(0, PathSegment::from(node.name.clone()));
            node.action.leading_colon = first.leading_colon;
            if let Some(last) = node.action.segments.last() {
                node.name = last.ident.clone();
            }
            self.diagnostics
                .error(&node.action, "a node whose action has a path needs a name")
                .help(format!("write `{}: ` before the path", node.name));
            self.places.action(Some(&node.action));
        } else if input.peek(Token![:]) {
            skip(input);
            let Ok(action) = input.call(Path::parse_mod_style) else {
                self.places.action(None);
                node.action = unparsed().into();
                return Err(self.expected(input, "expected the path of an action"));
            };
            self.places.action(Some(&action));
            node.action = action;
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
}
