//! Code in which an editor completes names. Only rust-analyzer sets `cfg(rust_analyzer)`, so rustc discards it.
//!
//! rust-analyzer expands a macro with and without an identifier at the cursor, and completes the first token of the
//! expansion that has the span of this identifier. Names are offered if both expansions are equal up to this
//! token. So this code comes before any text that contains names, and has a place for each missing name.

/// The names in a graph.
#[doc(hidden)]
#[macro_export]
macro_rules! __editor {
    (
        // The state of the graph.
        $state:path
        // The places of names in the order of the user's tokens.
        { $([$($place:tt)*])* }
        // `type` and the enum of the nodes, or `enum` and the nodes if the enum has errors.
        $($nodes:tt)*
    ) => {
        #[allow(unexpected_cfgs, reason = "rust-analyzer sets it")]
        const _: () = {
            #[cfg(rust_analyzer)]
            #[allow(non_camel_case_types, reason = "named after nodes")]
            fn __editor() {
                $($crate::__place! { $state, $($place)* })*
                $crate::__place! { $($nodes)* }
            }
        };
    };
}

/// A place for a name, which may be missing, in a function.
#[doc(hidden)]
#[macro_export]
macro_rules! __place {
    (type $nodes:ident) => { type __Node = $nodes; };
    (enum { $($node:ident)* }) => {
        enum __Node { $($node),* }
    };
    ($state:path, node) => { __Node::into; };
    ($state:path, node $name:ident) => { __Node::$name; };
    ($state:path, action) => { let _: (); };
    ($state:path, action $path:path) => { let _: $path; };
    ($state:path, param ($path:path)) => {
        |__params: <$path as $crate::__private::Action>::Params| &__params;
    };
    ($state:path, param ($path:path) $name:ident) => {
        |__params: <$path as $crate::__private::Action>::Params| &__params.$name;
    };
    ($state:path, field) => { |__state: &$state| &__state; };
    ($state:path, field $name:ident) => { |__state: &$state| &__state.$name; };
}

/// Places for the fields that an action reads or writes, in the body of a constant.
#[doc(hidden)]
#[macro_export]
macro_rules! __fields {
    (
        // The state of the action.
        $state:ty
        // The fields. One more may follow.
        { $($field:ident)* }
    ) => {
        |__state: &$state| {
            $(&__state.$field;)*
            &__state;
        };
    };
}
