//! The large templates of the macros. A proc macro validates, fills one in and calls it.

/// `Reads` of an action: one reference per field, and `__READS` as a mask.
#[doc(hidden)]
#[macro_export]
macro_rules! __reads {
    (($vis:vis struct) $state:ty {}) => {
        /// Reads nothing.
        #[allow(dead_code, reason = "an action that reads nothing may not take `Reads`")]
        type Reads<'a> = $crate::__private::NoReads<'a>;

        const __READS: $crate::__private::FieldSet = $crate::__private::FieldSet::EMPTY;
    };
    (($vis:vis struct) $state:ty { $($field:ident $name:literal,)+ }) => {
        /// The fields that the action reads.
        #[derive(Clone, Copy)]
        #[allow(dead_code, reason = "an action may declare more than it uses")]
        $vis struct Reads<'a> {
            $($vis $field: &'a $crate::__value!($state, $name),)+
        }

        $crate::__debug! { [<'a>] Reads "Reads" { $($field $name,)+ } }

        const __READS: $crate::__private::FieldSet = $crate::__private::set_of(
            <$state as $crate::__private::State>::FIELDS,
            &[$($name),+],
        );

        impl<'a> Reads<'a> {
            fn __of(__state: &'a $state) -> ::core::result::Result<Self, $crate::__private::UnsetSlot> {
                #[allow(unused_imports, reason = "slots have the method inherently")]
                use $crate::__private::PlainField as _;
                ::core::result::Result::Ok(Self {
                    $($field: match (*__state).$field.__read() {
                        ::core::option::Option::Some(__value) => __value,
                        ::core::option::Option::None => {
                            return ::core::result::Result::Err($crate::__private::UnsetSlot($name));
                        }
                    },)+
                })
            }
        }
    };
}

/// `__Copies` of a blocking action: what it reads, owned, for its thread.
#[doc(hidden)]
#[macro_export]
macro_rules! __copies {
    (($vis:vis struct) $state:ty { $($field:ident $name:literal,)* }) => {
        $vis struct __Copies {
            $($field: $crate::__value!($state, $name),)*
        }

        #[allow(clippy::unused_self, unused_variables, reason = "an action may read nothing")]
        impl __Copies {
            fn __of(__reads: Reads<'_>) -> Self {
                Self { $($field: ::core::clone::Clone::clone(__reads.$field),)* }
            }

            fn __borrow(&self) -> Reads<'_> {
                $crate::__borrowed!(self { $($field)* })
            }
        }
    };
}

/// `Reads` that borrow from `__Copies`.
#[doc(hidden)]
#[macro_export]
macro_rules! __borrowed {
    ($copies:ident {}) => {
        $crate::__private::NoReads::__none()
    };
    ($copies:ident { $($field:ident)+ }) => {
        Reads { $($field: &$copies.$field,)+ }
    };
}

/// `Debug` for a struct, whatever its fields have.
#[doc(hidden)]
#[macro_export]
macro_rules! __debug {
    ([$($generics:tt)*] $type:ident $text:literal { $($field:ident $name:literal,)* }) => {
        impl $($generics)* ::core::fmt::Debug for $type $($generics)* {
            fn fmt(&self, __f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                #[allow(unused_imports, reason = "for fields without `Debug`")]
                use $crate::__private::NotShown as _;
                __f.debug_struct($text)
                    $(.field($name, $crate::__private::Shown(&self.$field).debug()))*
                    .finish()
            }
        }
    };
}

/// `Writes` of an action: one value per field, and `__WRITES` as a mask.
#[doc(hidden)]
#[macro_export]
macro_rules! __writes {
    (($vis:vis struct) ($($state_item:tt)*) $state:ty { $($field:ident $name:literal,)* }) => {
        /// New values for the fields that the action writes.
        #[allow(dead_code, reason = "whoever runs the graph may not look at them")]
        $vis struct Writes {
            $($vis $field: $crate::__value!($state, $name),)*
        }

        $crate::__debug! { [] Writes "Writes" { $($field $name,)* } }

        #[allow(dead_code, reason = "an action that writes nothing has nothing to undo")]
        $vis struct __Undo {
            $($field: $crate::__stored!($state, $name),)*
        }

        #[allow(dead_code, reason = "not used beside an error")]
        const __WRITES: $crate::__private::FieldSet = $crate::__private::set_of(
            <$state as $crate::__private::State>::FIELDS,
            &[$($name),*],
        );

        #[allow(unused_variables, unused_mut, unused_imports, clippy::useless_conversion, reason = "fields differ")]
        impl $crate::__private::Writes for Writes {
            $($state_item)*
            type Undo = __Undo;

            fn apply(self, __state: &mut $state) -> __Undo {
                __Undo {
                    $($field: ::core::mem::replace(
                        &mut (*__state).$field,
                        ::core::convert::From::from(self.$field),
                    ),)*
                }
            }

            // swapped, so that no destructor runs before every field has its old value again
            fn undo(mut __undo: __Undo, __state: &mut $state) {
                $(::core::mem::swap(&mut (*__state).$field, &mut __undo.$field);)*
            }

            fn patches(
                __undo: &__Undo,
                __state: &$state,
            ) -> ::core::option::Option<
                ::core::result::Result<$crate::__private::FieldPatches, $crate::__private::PatchFailed>,
            > {
                use $crate::__private::PlainField as _;
                ::core::option::Option::Some(
                    $crate::__private::Patches::new()
                        $(.and::<$state, {
                            $crate::__private::index_of(<$state as $crate::__private::State>::FIELDS, $name)
                        }>(&__undo.$field, &(*__state).$field, |__field| __field.__read().is_some()))*
                        .finish(),
                )
            }

            fn of(__state: &$state) -> Self {
                use $crate::__private::PlainField as _;
                Self {
                    $($field: ::core::clone::Clone::clone((*__state).$field.__get()),)*
                }
            }
        }
    };
}

/// The type of a field's value.
#[doc(hidden)]
#[macro_export]
macro_rules! __value {
    ($state:ty, $name:literal) => {
        $crate::__private::Value<
            $state,
            { $crate::__private::index_of(<$state as $crate::__private::State>::FIELDS, $name) },
        >
    };
}

/// The type of a field in the struct.
#[doc(hidden)]
#[macro_export]
macro_rules! __stored {
    ($state:ty, $name:literal) => {
        $crate::__private::Stored<
            $state,
            { $crate::__private::index_of(<$state as $crate::__private::State>::FIELDS, $name) },
        >
    };
}

/// `__Args` of an action: its inputs and resources, by reference or, for a thread, owned.
#[doc(hidden)]
#[macro_export]
macro_rules! __args {
    (
        ($vis:vis struct) borrowed
        inputs { $($input:ident $input_name:literal $input_hash:literal: $input_ty:ty,)* }
        resources { $($resource:ident $resource_name:literal $resource_hash:literal: $resource_ty:ty,)* }
    ) => {
        $vis struct __Args<'a> {
            $($input: &'a $input_ty,)*
            $($resource: &'a $resource_ty,)*
        }

        $crate::__collect! {
            inputs { $($input $input_name $input_hash: $input_ty,)* }
            resources { $($resource $resource_name $resource_hash: $resource_ty,)* }
            (__inputs, __resources) {
                $($input: match <S as $crate::__private::HasInput<$input_hash, $input_ty>>::input(__inputs) {
                    ::core::option::Option::Some(__value) => __value,
                    ::core::option::Option::None => {
                        return ::core::result::Result::Err($crate::__private::Missing($input_name));
                    }
                },)*
                $($resource: match <S as $crate::__private::HasResource<$resource_hash, $resource_ty>>::resource(__resources) {
                    ::core::option::Option::Some(__value) => __value,
                    ::core::option::Option::None => {
                        return ::core::result::Result::Err($crate::__private::Missing($resource_name));
                    }
                },)*
            }
        }
    };
    (
        ($vis:vis struct) owned
        inputs { $($input:ident $input_name:literal $input_hash:literal: $input_ty:ty,)* }
        resources { $($resource:ident $resource_name:literal $resource_hash:literal: $resource_ty:ty,)* }
    ) => {
        $vis struct __Args<'a> {
            $($input: $input_ty,)*
            $($resource: $crate::__private::Held<$resource_ty>,)*
            __scope: ::core::marker::PhantomData<&'a ()>,
        }

        $crate::__collect! {
            inputs { $($input $input_name $input_hash: $input_ty,)* }
            resources { $($resource $resource_name $resource_hash: $resource_ty,)* }
            (__inputs, __resources) {
                $($input: match <S as $crate::__private::HasInput<$input_hash, $input_ty>>::input(__inputs) {
                    ::core::option::Option::Some(__value) => ::core::clone::Clone::clone(__value),
                    ::core::option::Option::None => {
                        return ::core::result::Result::Err($crate::__private::Missing($input_name));
                    }
                },)*
                $($resource: $crate::__private::hold::<$resource_hash, $resource_ty, S>(__resources),)*
                __scope: ::core::marker::PhantomData,
            }
        }
    };
}

/// `Collect` for `__Args`.
#[doc(hidden)]
#[macro_export]
macro_rules! __collect {
    (
        inputs { $($input:ident $input_name:literal $input_hash:literal: $input_ty:ty,)* }
        resources { $($resource:ident $resource_name:literal $resource_hash:literal: $resource_ty:ty,)* }
        ($inputs:ident, $resources:ident) { $($fields:tt)* }
    ) => {
        #[allow(unused_variables, private_bounds, reason = "either may be empty")]
        impl<'a, S> $crate::__private::Collect<'a, S> for __Args<'a>
        where
            S: $crate::__private::Scope
                $(+ $crate::__private::HasInput<$input_hash, $input_ty>)*
                $(+ $crate::__private::HasResource<$resource_hash, $resource_ty>)*,
        {
            fn collect(
                $inputs: &'a S::Inputs,
                $resources: &'a ::std::sync::Arc<S::Resources>,
            ) -> ::core::result::Result<Self, $crate::__private::Missing> {
                ::core::result::Result::Ok(Self { $($fields)* })
            }

            fn missing($inputs: &S::Inputs) -> ::core::option::Option<&'static str> {
                $(if <S as $crate::__private::HasInput<$input_hash, $input_ty>>::input($inputs).is_none() {
                    return ::core::option::Option::Some($input_name);
                })*
                ::core::option::Option::None
            }
        }
    };
}

/// `__Params` of an action: what a graph binds where it names the node.
#[doc(hidden)]
#[macro_export]
macro_rules! __params {
    (($vis:vis struct) $($param:ident: $ty:ty,)+) => {
        /// The parameters of the action; `None` stands for one that is not bound.
        $vis struct __Params {
            $($vis $param: ::core::option::Option<$ty>,)+
        }

        impl ::core::default::Default for __Params {
            fn default() -> Self {
                Self { $($param: ::core::option::Option::None,)+ }
            }
        }
    };
}

/// The enum of a graph's nodes.
#[doc(hidden)]
#[macro_export]
macro_rules! __nodes {
    (($vis:vis struct) #[$docs:meta] $type:ident $graph:literal { $($(#[$node_docs:meta])* $node:ident $name:literal,)+ }) => {
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

            impl $crate::__private::Node for $type {
                const ALL: &'static [Self] = Self::ALL;

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

/// What a run of a graph is given.
#[doc(hidden)]
#[macro_export]
macro_rules! __inputs {
    (($($head:tt)*) #[$docs:meta] $serde:literal $type:ident { $($fields:tt)* }) => {
        #[$docs]
        #[derive(
            ::core::clone::Clone,
            $crate::__private::serde::Serialize,
            $crate::__private::serde::Deserialize,
        )]
        #[serde(crate = $serde)]
        $($head)* $type { $($fields)* }
    };
}

/// What the nodes of a graph write: one variant per node.
#[doc(hidden)]
#[macro_export]
macro_rules! __written {
    (($vis:vis enum) #[$docs:meta] $type:ident { $($node:ident $name:literal: $writes:ty,)+ }) => {
        #[$docs]
        #[allow(
            non_camel_case_types, private_interfaces, dead_code,
            reason = "named after nodes, whose actions may be private"
        )]
        $vis enum $type {
            $(
                #[doc = ::core::concat!("What `", $name, "` wrote.")]
                $node($writes),
            )+
        }
    };
}

/// What the type of a graph offers by itself.
#[doc(hidden)]
#[macro_export]
macro_rules! __entry {
    (@items ($vis:vis fn) $graph:ident ($($built:tt)*) ($($resources:tt)*)) => {
        #[allow(dead_code, reason = "a program may use only some of it")]
        impl $graph {
            /// Nodes, edges and what they declare.
            $vis const TOPOLOGY: $crate::__private::Topology =
                <Self as $crate::__private::Graph>::TOPOLOGY;

            /// Begins an app of this graph.
            $vis fn app() -> $crate::__private::AppBuilder<Self $($built)*> {
                $crate::__private::AppBuilder::new()$($resources)*
            }
        }
    };
    (($vis:vis fn) $graph:ident) => {
        $crate::__entry! { @items ($vis fn) $graph () () }
    };
    // no resources to give
    (($vis:vis fn) $graph:ident $resources:ident {}) => {
        $crate::__entry! {
            @items ($vis fn) $graph
            (, $crate::__private::Provided<$resources>) (.resources($resources {}))
        }
    };
}

/// What a graph knows about its actions and nodes, and the flow over its edges.
#[doc(hidden)]
#[macro_export]
macro_rules! __tables {
    (
        fields $fields:expr;
        start $start:literal;
        actions { $($action:ident,)+ }
        nodes {
            $($node:literal: $path:literal $place:literal
                $({ $($param:literal: $value:literal,)+ })?
                $(if [$($condition:literal),+])?
                $(on error [$($error_condition:literal),+])?,)+
        }
    ) => {
        const __FACTS: &[$crate::__private::Fact] =
            &[$($crate::__private::Facts::<$action, __State>::FACT),+];
        const __NODES: &[$crate::__private::NodeInfo] =
            &$crate::__private::node_infos(__FACTS, [$(
                $crate::__private::Declared {
                    name: $node,
                    action: $path,
                    fact: $place,
                    params: &[$($($crate::__private::BoundParam { name: $param, value: $value }),+)?],
                    conditions: $crate::__private::set_of($fields, &[$($($condition),+)?]),
                    error_conditions:
                        $crate::__private::set_of($fields, &[$($($error_condition),+)?]),
                }
            ),+]);
        const __CHECKED: $crate::__private::Checked<{ __NODES.len() }> =
            $crate::__private::Checked::new(
                $fields,
                __FACTS,
                __NODES,
                __EDGES,
                $start,
            );
    };
}

/// What a graph offers to its actions: its state, its inputs and its resources.
#[doc(hidden)]
#[macro_export]
macro_rules! __scope {
    (
        $graph:ident
        $inputs:ident { $($input:ident $input_hash:literal: $input_ty:ty $(, some $some_ty:ty)?;)* }
        $resources:ident { $($resource:ident $resource_hash:literal: $resource_ty:ty;)* }
    ) => {
        impl $crate::__private::Scope for $graph {
            type Inputs = $inputs;
            type Resources = $resources;
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

/// The methods of `Graph` that ask the action of a node, read an item, and keep what is computed once.
#[doc(hidden)]
#[macro_export]
macro_rules! __visits {
    ($graph:ident: $type:ident $state:ident -> $writes:ident { $($node:ident $visit:ident: $written:expr,)+ }) => {
        fn missing_input(
            __node: $type,
            __inputs: &Self::Inputs,
        ) -> ::core::option::Option<&'static str> {
            match __node {
                $($type::$node => $visit::missing_input(__inputs),)+
            }
        }

        fn writes(__node: $type, $state: &Self::State) -> $writes {
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
