//! The syntax tree of `graph!`: what the user wrote, with its tokens and spans.
//!
//! Nothing here is checked. A tree can be incomplete: `parse` keeps what it understood, reports the rest,
//! and says in [`Unread`] what is missing, so that later stages report no follow-up errors.

use proc_macro2::{Ident, Span, TokenStream};
use syn::{Attribute, Expr, LitStr, Pat, Path, Token, Type, TypePath, Visibility, token};

/// A whole `graph!` call.
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
    pub(crate) unread: Unread,
}

/// One `name: Type` of `inputs` or `resources`.
#[derive(Clone)]
pub(crate) struct Binding {
    /// All but `#[public]`.
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
    /// Docs, nothing else.
    pub(crate) attrs: Vec<Attribute>,
    /// The argument of `#[timeout(…)]`.
    pub(crate) timeout: Option<Expr>,
    /// The argument of `#[retry(…)]`.
    pub(crate) retry: Option<Expr>,
    pub(crate) name: Ident,
    /// The action's path; the node's own name when none was given.
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

/// Where a transition leads.
pub(crate) enum TargetSyntax {
    Node(Ident),
    Pause(PauseSyntax),
    /// The word `end`.
    End(Ident),
    If(Box<IfSyntax>),
    Match(Box<MatchSyntax>),
    /// Could not be read; the error is already reported.
    Unread,
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
    /// The user's tokens, `state.field` included.
    pub(crate) condition: TokenStream,
    pub(crate) then: TargetSyntax,
    pub(crate) otherwise: TargetSyntax,
}

/// `match scrutinee { arms }`.
pub(crate) struct MatchSyntax {
    pub(crate) match_token: Token![match],
    /// The user's tokens, `state.field` included.
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

/// The name of what could not be read, where an expansion needs one: nobody defines it, and beside
/// an error of ours rustc keeps silent about it and about all that follows from it.
pub(crate) fn unread() -> Ident {
    Ident::new("__unread", Span::call_site())
}

/// The type of what could not be read.
pub(crate) fn unread_type() -> Type {
    Type::Path(TypePath { attrs: Vec::new(), qself: None, path: unread().into() })
}

/// What could not be read, so that its absence is no news.
#[derive(Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a thing of its own")]
pub(crate) struct Unread {
    /// A node's name is missing: an unknown name may be the one.
    pub(crate) nodes: bool,
    /// A statement is missing: it may have been any section or transition.
    pub(crate) statements: bool,
    /// A part of a target is missing: it may have led anywhere.
    pub(crate) targets: bool,
    /// An entry of `inputs` or `resources` is missing.
    pub(crate) bindings: bool,
}
