//! The syntax tree of `graph!`, with the tokens and spans of the user.
//!
//! The tree is not checked, and it can be incomplete: `parse` keeps the valid parts, reports the rest, and records
//! in [`Unparsed`] what is missing, so that later stages report no follow-up errors.

use super::editor::Places;
use proc_macro2::{Ident, Span, TokenStream};
use syn::{Attribute, Expr, LitStr, Pat, Path, Token, Type, TypePath, Visibility, token};

/// A `graph!` call.
pub(crate) struct GraphSyntax {
    /// Docs, `cfg` and other attributes before the name.
    pub(crate) attrs: Vec<Attribute>,
    /// The arguments of `#[renamed_from(…)]`.
    pub(crate) former_names: Vec<LitStr>,
    pub(crate) vis: Visibility,
    pub(crate) name: Ident,
    /// The state, in parentheses after the name.
    pub(crate) state: Path,
    pub(crate) inputs: Vec<Binding>,
    pub(crate) resources: Vec<Binding>,
    pub(crate) yields: Option<YieldsSyntax>,
    pub(crate) nodes: Vec<NodeSyntax>,
    pub(crate) start: Option<StartSyntax>,
    pub(crate) transitions: Vec<TransitionSyntax>,
    /// `on error a | b -> target;`
    pub(crate) error_edges: Vec<TransitionSyntax>,
    pub(crate) unparsed: Unparsed,
    pub(crate) places: Places,
}

/// One `name: Type` of `inputs` or `resources`.
#[derive(Clone)]
pub(crate) struct Binding {
    /// All attributes except `#[public]`.
    pub(crate) attrs: Vec<Attribute>,
    /// Whether an input has `#[public]`.
    pub(crate) public: bool,
    pub(crate) name: Ident,
    pub(crate) ty: Type,
}

/// `yields Type;`
#[derive(Clone)]
pub(crate) struct YieldsSyntax {
    /// The word `yields`.
    pub(crate) keyword: Ident,
    pub(crate) ty: Type,
}

/// `start node;`
pub(crate) struct StartSyntax {
    pub(crate) name: Ident,
}

/// One entry of `nodes`.
pub(crate) struct NodeSyntax {
    /// Doc comments.
    pub(crate) attrs: Vec<Attribute>,
    /// The argument of `#[timeout(…)]`.
    pub(crate) timeout: Option<Expr>,
    /// The argument of `#[retry(…)]`.
    pub(crate) retry: Option<Expr>,
    pub(crate) name: Ident,
    /// The path of the action. Defaults to the name of the node.
    pub(crate) action: Path,
    pub(crate) parameters: Vec<ParameterSyntax>,
}

/// One `parameter: expr` of a node.
#[derive(Clone)]
pub(crate) struct ParameterSyntax {
    pub(crate) name: Ident,
    pub(crate) value: Expr,
}

/// `a | b -> target;`, with or without `on error` before it.
pub(crate) struct TransitionSyntax {
    pub(crate) sources: Vec<Ident>,
    pub(crate) target: TargetSyntax,
}

/// The target of a transition.
pub(crate) enum TargetSyntax {
    Node(Ident),
    Pause(PauseSyntax),
    /// The word `end`.
    End(Ident),
    If(Box<IfSyntax>),
    Match(Box<MatchSyntax>),
    /// A target that could not be parsed. The error is already reported.
    Unparsed,
}

/// `pause` or `pause node`.
pub(crate) struct PauseSyntax {
    /// The word `pause`.
    pub(crate) keyword: Ident,
    pub(crate) node: Option<Ident>,
}

/// `if condition { then } else { otherwise }`; `else if` is an `If` in `otherwise`.
pub(crate) struct IfSyntax {
    pub(crate) if_token: Token![if],
    /// The user's tokens, in which `state.field` is not rewritten.
    pub(crate) condition: TokenStream,
    pub(crate) then: TargetSyntax,
    pub(crate) otherwise: TargetSyntax,
}

/// `match scrutinee { arms }`.
pub(crate) struct MatchSyntax {
    pub(crate) match_token: Token![match],
    /// The user's tokens, in which `state.field` is not rewritten.
    pub(crate) scrutinee: TokenStream,
    pub(crate) brace: token::Brace,
    pub(crate) arms: Vec<ArmSyntax>,
}

/// `pattern if guard => target,`
pub(crate) struct ArmSyntax {
    pub(crate) pattern: Pat,
    pub(crate) guard: Option<GuardSyntax>,
    pub(crate) arrow: Token![=>],
    pub(crate) target: TargetSyntax,
}

/// `if condition` after a pattern.
pub(crate) struct GuardSyntax {
    pub(crate) if_token: Token![if],
    pub(crate) condition: TokenStream,
}

/// Returns the name that replaces one that could not be parsed. It is undefined, but rustc does not report that if
/// the macro has reported an error.
pub(crate) fn unparsed() -> Ident {
    Ident::new("__unparsed", Span::call_site())
}

/// Returns the type that replaces one that could not be parsed.
pub(crate) fn unparsed_type() -> Type {
    Type::Path(TypePath { attrs: Vec::new(), qself: None, path: unparsed().into() })
}

/// The parts that could not be parsed, whose absence is already reported.
#[derive(Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "the flags are independent")]
pub(crate) struct Unparsed {
    /// The name of a node is missing: an unknown name may be that one.
    pub(crate) nodes: bool,
    /// A statement is missing: any section or transition.
    pub(crate) statements: bool,
    /// A part of a target is missing, which could lead to any node.
    pub(crate) targets: bool,
    /// An entry of `inputs` or `resources` is missing.
    pub(crate) bindings: bool,
}
