//! Templates of `graph!`.

/// The enum of a graph's nodes.
#[doc(hidden)]
#[macro_export]
macro_rules! __nodes {
    // A graph whose enum has errors. It is a case of this template so that an editor finds the places where it
    // finds them in a graph without errors.
    (
        // The state of the graph.
        $state:path
        // The places of names, for an editor.
        { $($places:tt)* }
        // The known nodes.
        enum { $($node:ident)* }
    ) => {
        $crate::__editor! { $state { $($places)* } enum { $($node)* } }
    };
    (
        // The state of the graph.
        $state:path
        // The places of names, for an editor.
        { $($places:tt)* }
        // The visibility of the graph.
        ($vis:vis struct)
        // The docs of the enum.
        #[$docs:meta]
        // The enum, and the name of the graph for the error about an unknown node.
        $type:ident $graph:literal
        // The nodes in the order of their declaration: the attributes of each, its identifier and its name.
        { $($(#[$node_docs:meta])* $node:ident $name:literal,)+ }
    ) => {
        $crate::__editor! { $state { $($places)* } type $type }

        #[$docs]
        #[allow(non_camel_case_types, reason = "named after nodes")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $vis enum $type {
            $($(#[$node_docs])* $node,)+
        }

        const _: () = {
            const __NAMES: &[&str] = &[$($name),+];

            impl $type {
                /// All nodes in the order of their declaration.
                #[allow(dead_code, reason = "a program may not need it")]
                $vis const ALL: &'static [Self] = &[$(Self::$node),+];

                /// The node's name.
                #[allow(dead_code, reason = "a program may not need it")]
                $vis const fn name(self) -> &'static str {
                    __NAMES[self as usize]
                }
            }

            impl $crate::__private::Sealed for $type {}
            impl $crate::__private::Node for $type {
                const ALL: &'static [Self] = Self::ALL;
                const NAMES: &'static [&'static str] = __NAMES;

                fn name(self) -> &'static str {
                    __NAMES[self as usize]
                }

                fn index(self) -> usize {
                    self as usize
                }
            }

            impl ::core::fmt::Display for $type {
                fn fmt(&self, __f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    __f.pad(__NAMES[*self as usize])
                }
            }

            impl $crate::__private::serde::Serialize for $type {
                fn serialize<S: $crate::__private::serde::Serializer>(
                    &self,
                    __serializer: S,
                ) -> ::core::result::Result<S::Ok, S::Error> {
                    __serializer.serialize_str(__NAMES[*self as usize])
                }
            }

            impl<'de> $crate::__private::serde::Deserialize<'de> for $type {
                fn deserialize<D: $crate::__private::serde::Deserializer<'de>>(
                    __deserializer: D,
                ) -> ::core::result::Result<Self, D::Error> {
                    $crate::__private::deserialize_node(__deserializer, $graph, __NAMES, Self::ALL)
                }
            }
        };
    };
}

/// The struct of a run's inputs.
#[doc(hidden)]
#[macro_export]
macro_rules! __inputs {
    (
        // The visibility of the graph, and `struct`.
        ($($head:tt)*)
        // The docs of the struct.
        #[$docs:meta]
        // The path of serde, for its derives.
        $serde:literal
        // `Default` if all inputs are optional.
        [$($default:path)?]
        // The struct.
        $type:ident
        // Its fields, each with attributes, visibility and type.
        { $($fields:tt)* }
    ) => {
        #[$docs]
        #[derive(
            ::core::clone::Clone,
            $crate::__private::serde::Serialize,
            $crate::__private::serde::Deserialize,
            $($default)?
        )]
        #[serde(crate = $serde)]
        $($head)* $type { $($fields)* }
    };
}

/// The enum of the nodes' writes, with one variant per node.
#[doc(hidden)]
#[macro_export]
macro_rules! __written {
    (
        // The visibility of the graph.
        ($vis:vis enum)
        // The docs of the enum.
        #[$docs:meta]
        // The enum.
        $type:ident
        // The nodes, each with its name and the `Writes` of its action.
        { $($node:ident $name:literal: $writes:ty,)+ }
    ) => {
        #[$docs]
        #[allow(
            non_camel_case_types, private_interfaces, dead_code,
            reason = "named after nodes, whose actions may be private"
        )]
        $vis enum $type {
            $(
                #[doc = ::core::concat!("The writes of `", $name, "`.")]
                $node($writes),
            )+
        }
    };
}

/// The inherent items of a graph's type.
#[doc(hidden)]
#[macro_export]
macro_rules! __entry {
    (
        @items
        // The visibility of the graph.
        ($vis:vis fn)
        // The type of the graph.
        $graph:ident
        // The other generic arguments of the `AppBuilder`, if they are not the default ones.
        ($($built:tt)*)
        // The calls that set the resources.
        ($($resources:tt)*)
    ) => {
        #[allow(dead_code, reason = "a program may use only some of it")]
        impl $graph {
            /// The nodes, the edges and their declarations.
            $vis const TOPOLOGY: $crate::__private::Topology =
                <Self as $crate::__private::Graph>::TOPOLOGY;

            /// Creates a builder for an app of this graph.
            $vis fn app() -> $crate::__private::AppBuilder<Self $($built)*> {
                $crate::__private::AppBuilder::new()$($resources)*
            }
        }
    };
    (
        // The visibility of the graph.
        ($vis:vis fn)
        // The type of a graph with resources, which the program must set.
        $graph:ident
    ) => {
        $crate::__entry! { @items ($vis fn) $graph () () }
    };
    (
        // The visibility of the graph.
        ($vis:vis fn)
        // The type of the graph.
        $graph:ident
        // The struct of its resources, which has no fields.
        $resources:ident {}
    ) => {
        $crate::__entry! {
            @items ($vis fn) $graph
            (, $crate::__private::Provided<$resources>) (.resources($resources {}))
        }
    };
}

/// The facts about the actions of a graph, its nodes, and the data flow over its edges.
#[doc(hidden)]
#[macro_export]
macro_rules! __tables {
    (
        // The check of the state.
        state [$($check_state:tt)*];
        // The index of the first node.
        start $start:literal;
        // The distinct actions.
        actions { $($action:ident,)+ }
        // The nodes: the name of each, the path of its action as text, the index of its action, its bound
        // parameters with their values as text, and the fields that the conditions of its transition and
        // of its error edge read.
        nodes {
            $($node:literal: $path:literal $place:literal
                $({ $($param:literal: $value:literal,)+ })?
                $(if [$($condition:literal),+])?
                $(on error [$($error_condition:literal),+])?,)+
        }
    ) => {
        const __FIELDS: &[$crate::__private::FieldInfo] = <__State as $crate::__private::StateFields>::FIELDS;
        const __FACTS: &[$crate::__private::Fact] =
            &[$($crate::__private::ActionFacts::<$action, __State>::FACT),+];
        const __INFOS: &[$crate::__private::ActionInfo] =
            &[$($crate::__private::ActionFacts::<$action, __State>::INFO),+];
        const __OTHER: bool = $crate::__private::all_differ(__FACTS, __INFOS);
        const _: () = $($check_state)*;
        const __NODES: &[$crate::__private::NodeInfo] =
            &$crate::__private::node_infos(__FACTS, [$(
                $crate::__private::Declared {
                    name: $node,
                    action: $path,
                    fact: $place,
                    params: &[$($($crate::__private::BoundParam::new($param, $value)),+)?],
                    conditions: $crate::__private::known_of(__FIELDS, &[$($($condition),+)?]),
                    error_conditions:
                        $crate::__private::known_of(__FIELDS, &[$($($error_condition),+)?]),
                }
            ),+]);
        const __CHECKED: $crate::__private::Checked<{ __NODES.len() }> =
            $crate::__private::Checked::new(
                __FIELDS,
                __FACTS,
                __NODES,
                __EDGES,
                $start,
            );
    };
}

/// The inputs and resources that a graph offers to its actions.
#[doc(hidden)]
#[macro_export]
macro_rules! __scope {
    (
        // The type of the graph.
        $graph:ident
        // The struct of its inputs. Each input has the hash of its name and its type, and after `some` the type
        // inside of an `Option`, which actions may also take.
        $inputs:ident { $($input:ident $input_hash:literal: $input_ty:ty $(, some $some_ty:ty)?;)* }
        // The struct of its resources, each with its name, the hash of its name, its type, and its type as written.
        $resources:ident {
            $($resource:ident $resource_name:literal $resource_hash:literal:
                $resource_ty:ty, $resource_text:literal;)*
        }
    ) => {
        impl $crate::__private::Sealed for $graph {}
        impl $crate::__private::Scope for $graph {
            type Inputs = $inputs;
            type Resources = $resources;
            const RESOURCES: &'static [$crate::__private::BindingInfo] =
                &[$($crate::__private::BindingInfo::required($resource_name, $resource_text)),*];
        }

        impl<__S> $crate::__private::Within<__S> for $graph
        where
            __S: $crate::__private::Scope
                $(+ $crate::__private::CloneResource<$resource_hash, $resource_ty>)*,
        {
            fn resources_within(
                __parent: &__S::Resources,
            ) -> ::core::result::Result<$resources, $crate::__private::Missing> {
                ::core::result::Result::Ok($resources {
                    $($resource: <__S as $crate::__private::CloneResource<
                        $resource_hash,
                        $resource_ty,
                    >>::clone_resource(__parent, $resource_name)?,)*
                })
            }
        }

        $(
            impl $crate::__private::HasInput<$input_hash, $input_ty> for $graph {
                fn input(__inputs: &$inputs) -> ::core::option::Option<&$input_ty> {
                    ::core::option::Option::Some(&__inputs.$input)
                }
            }

            $(
                impl $crate::__private::HasInput<$input_hash, $some_ty> for $graph {
                    fn input(__inputs: &$inputs) -> ::core::option::Option<&$some_ty> {
                        __inputs.$input.as_ref()
                    }
                }
            )?
        )*

        $(
            impl $crate::__private::HasResource<$resource_hash, $resource_ty> for $graph {
                fn resource(__resources: &$resources) -> ::core::option::Option<&$resource_ty> {
                    ::core::option::Option::Some(&__resources.$resource)
                }
            }
        )*
    };
}

/// The methods of `Graph` that call the action of a node, read an item back, and cache the graph's mark.
#[doc(hidden)]
#[macro_export]
macro_rules! __node_methods {
    (
        // The type of the graph, and the enum of its nodes.
        $graph:ident: $type:ident
        // The names of the state and of the extent of the writes in the expressions below.
        $state:ident $extent:ident
        // The enum of the nodes' writes.
        -> $writes:ident
        // The nodes: each with the alias of its `NodeAction`, and the expression of its writes.
        { $($node:ident $visit:ident: $written:expr,)+ }
    ) => {
        fn missing_input(
            __node: $type,
            __inputs: &Self::Inputs,
        ) -> ::core::option::Option<&'static str> {
            match __node {
                $($type::$node => $visit::missing_input(__inputs),)+
            }
        }

        fn writes(
            __node: $type,
            $state: &Self::State,
            $extent: &$crate::__private::WriteExtent,
        ) -> $writes {
            match __node {
                $($type::$node => $written,)+
            }
        }

        fn check_item(
            __json: &$crate::__private::serde_json::Value,
        ) -> ::core::result::Result<(), $crate::__private::serde_json::Error> {
            $crate::__private::ReadBack::<<Self as $crate::__private::Graph>::Item>::json(__json)
                .map($crate::__private::dropped)
        }

        fn mark() -> &'static $crate::__private::GraphMark {
            static __MARK: ::std::sync::LazyLock<$crate::__private::GraphMark> =
                ::std::sync::LazyLock::new($crate::__private::GraphMark::of::<$graph>);
            &__MARK
        }
    };
}
