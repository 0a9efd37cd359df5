//! Templates of `#[action]` and `#[streaming_action]`.

/// `Reads` of an action, with one reference per field, and the mask `__READS`.
#[doc(hidden)]
#[macro_export]
macro_rules! __reads {
    (
        // The visibility of the action, and the struct, which rustc names in errors.
        ($vis:vis struct $reads:ident)
        // The state of the action.
        $state:ty
        // No fields.
        {}
    ) => {
        #[allow(unexpected_cfgs, reason = "rust-analyzer sets it")]
        const __READS: $crate::__private::FieldSet = {
            #[cfg(rust_analyzer)]
            $crate::__fields! { $state {  } }
            $crate::__private::FieldSet::EMPTY
        };

        /// The action reads no fields.
        #[allow(dead_code, reason = "an action that reads nothing may not take `Reads`")]
        type Reads<'a> = $crate::__private::NoReads<'a>;
    };
    (
        // The visibility of the action, and the struct, which rustc names in errors.
        ($vis:vis struct $reads:ident)
        // The state of the action.
        $state:ty
        // The fields after `reads`.
        { $($field:ident $name:literal $hash:literal,)+ }
    ) => {
        #[allow(unexpected_cfgs, reason = "rust-analyzer sets it")]
        const __READS: $crate::__private::FieldSet = {
            #[cfg(rust_analyzer)]
            $crate::__fields! { $state { $($field)+ } }
            $crate::__private::known_of(
                <$state as $crate::__private::StateFields>::FIELDS,
                &[$($name),+],
            )
        };

        /// The fields that the action reads.
        #[allow(dead_code, unexpected_cfgs, reason = "an action may declare more than it uses")]
        $vis struct $reads<'a> {
            $(
                #[cfg(not(rust_analyzer))]
                $vis $field: &'a $crate::__value!($state, $name),
                #[cfg(rust_analyzer)]
                $vis $field: &'a <$state as $crate::__private::NamedField<$hash>>::Value,
            )+
        }

        /// The fields that the action reads.
        #[allow(dead_code, reason = "an action may not take `Reads`")]
        type Reads<'a> = $reads<'a>;

        // not derived, because rustc would report the `cfg` of the fields in spite of the attribute
        impl ::core::marker::Copy for $reads<'_> {}
        #[allow(clippy::expl_impl_clone_on_copy, reason = "for the `cfg`")]
        impl ::core::clone::Clone for $reads<'_> {
            fn clone(&self) -> Self {
                *self
            }
        }

        $crate::__debug! { [<'a>] $reads "Reads" { $($field $name,)+ } }

        impl<'a> $reads<'a> {
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

/// `__Copies` of a blocking action: owned copies of the fields that it reads, for its thread.
#[doc(hidden)]
#[macro_export]
macro_rules! __copies {
    (
        // The visibility of the action.
        ($vis:vis struct)
        // The state of the action.
        $state:ty
        // The fields after `reads`.
        { $($field:ident $name:literal $hash:literal,)* }
    ) => {
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
    (
        // The `__Copies`.
        $copies:ident
        // No fields.
        {}
    ) => {
        $crate::__private::NoReads::__none()
    };
    (
        // The `__Copies`.
        $copies:ident
        // The fields that it owns.
        { $($field:ident)+ }
    ) => {
        Reads { $($field: &$copies.$field,)+ }
    };
}

/// `Debug` for a struct, whether its fields implement it or not.
#[doc(hidden)]
#[macro_export]
macro_rules! __debug {
    (
        // The generics of the struct, which are those of the `impl`: `<'a>` or none.
        [$($generics:tt)*]
        // The struct, and its name in the output.
        $type:ident $text:literal
        // Its fields.
        { $($field:ident $name:literal,)* }
    ) => {
        impl $($generics)* ::core::fmt::Debug for $type $($generics)* {
            fn fmt(&self, __f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                #[allow(unused_imports, reason = "for fields without `Debug`")]
                use $crate::__private::DebugFallback as _;
                __f.debug_struct($text)
                    $(.field($name, $crate::__private::DebugField(&self.$field).debug()))*
                    .finish()
            }
        }
    };
}

/// `Writes` of an action, with one value per field, and the mask `__WRITES`.
#[doc(hidden)]
#[macro_export]
macro_rules! __writes {
    (
        // The visibility of the action, and the struct, which rustc names in errors.
        ($vis:vis struct $writes:ident)
        // `type State = …;` of `impl Writes`, with the span that rustc labels if the type is not a state.
        ($($state_item:tt)*)
        // The state of the action.
        $state:ty
        // The fields of `writes(field)`.
        { $($field:ident $name:literal $hash:literal,)* }
        // The fields of `writes(field?)`, if there are any: `None` leaves the field as it is.
        $(optional { $($optional:ident $optional_name:literal $optional_hash:literal,)+ })?
        // The fields of `appends(field)`, if there are any, with the new elements.
        $(appends { $($list:ident $list_name:literal $list_hash:literal,)+ })?
    ) => {
        #[allow(unexpected_cfgs, dead_code, reason = "rust-analyzer sets the first; not used if there is an error")]
        const __WRITES: $crate::__private::FieldSet = {
            #[cfg(rust_analyzer)]
            $crate::__fields! { $state { $($field)* $($($optional)+)? $($($list)+)? } }
            $crate::__private::known_of(
                <$state as $crate::__private::StateFields>::FIELDS,
                &[$($name,)* $($($optional_name,)+)? $($($list_name,)+)?],
            )
        };

        /// New values for the fields that the action writes.
        #[allow(dead_code, unexpected_cfgs, reason = "a program may not use them")]
        $vis struct $writes {
            $(
                #[cfg(not(rust_analyzer))]
                $vis $field: $crate::__value!($state, $name),
                #[cfg(rust_analyzer)]
                $vis $field: <$state as $crate::__private::NamedField<$hash>>::Value,
            )*
            $($(
                #[cfg(not(rust_analyzer))]
                $vis $optional: ::core::option::Option<$crate::__value!($state, $optional_name)>,
                #[cfg(rust_analyzer)]
                $vis $optional: ::core::option::Option<
                    <$state as $crate::__private::NamedField<$optional_hash>>::Value,
                >,
            )+)?
            $($(
                #[cfg(not(rust_analyzer))]
                $vis $list: $crate::__private::NewElements<$crate::__value!($state, $list_name)>,
                #[cfg(rust_analyzer)]
                $vis $list: $crate::__private::NewElements<
                    <$state as $crate::__private::NamedField<$list_hash>>::Value,
                >,
            )+)?
        }

        /// New values for the fields that the action writes.
        #[allow(dead_code, reason = "not used if there is an error")]
        type Writes = $writes;

        $crate::__debug! {
            [] $writes "Writes" {
                $($field $name,)*
                $($($optional $optional_name,)+)?
                $($($list $list_name,)+)?
            }
        }

        #[allow(dead_code, reason = "an action that writes nothing has nothing to undo")]
        $vis struct __Undo {
            $($field: $crate::__stored!($state, $name),)*
            $($($optional: ::core::option::Option<$crate::__stored!($state, $optional_name)>,)+)?
            // a copy, which shares its elements
            $($($list: $crate::__stored!($state, $list_name),)+)?
        }

        #[allow(unused_variables, unused_mut, unused_imports, clippy::useless_conversion, reason = "fields differ")]
        impl $crate::__private::Writes for $writes {
            $($state_item)*
            type Undo = __Undo;

            fn apply(self, __state: &mut $state) -> __Undo {
                __Undo {
                    $($field: ::core::mem::replace(
                        &mut (*__state).$field,
                        ::core::convert::From::from(self.$field),
                    ),)*
                    $($($optional: match self.$optional {
                        ::core::option::Option::Some(__value) => {
                            ::core::option::Option::Some(::core::mem::replace(
                                &mut (*__state).$optional,
                                ::core::convert::From::from(__value),
                            ))
                        }
                        ::core::option::Option::None => ::core::option::Option::None,
                    },)+)?
                    $($($list: {
                        let __list = $crate::__private::Append::appended(&(*__state).$list, self.$list);
                        ::core::mem::replace(&mut (*__state).$list, __list)
                    },)+)?
                }
            }

            // swap, so that no destructor runs before all fields have their old values again
            fn undo(mut __undo: __Undo, __state: &mut $state) {
                $(::core::mem::swap(&mut (*__state).$field, &mut __undo.$field);)*
                $($(if let ::core::option::Option::Some(__old) = &mut __undo.$optional {
                    ::core::mem::swap(&mut (*__state).$optional, __old);
                })+)?
                $($(::core::mem::swap(&mut (*__state).$list, &mut __undo.$list);)+)?
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
                        $(.and::<$state, { $crate::__index!($state, $name) }>(
                            &__undo.$field,
                            &(*__state).$field,
                            |__field| __field.__read().is_some(),
                        ))*
                        $($(.and_if_written::<$state, { $crate::__index!($state, $optional_name) }>(
                            __undo.$optional.as_ref(),
                            &(*__state).$optional,
                            |__field| __field.__read().is_some(),
                        ))+)?
                        $($(.and::<$state, { $crate::__index!($state, $list_name) }>(
                            &__undo.$list,
                            &(*__state).$list,
                            |__field| __field.__read().is_some(),
                        ))+)?
                        .finish(),
                )
            }

            fn of(__state: &$state) -> Self {
                <Self as $crate::__private::Writes>::of_step(__state, &$crate::__private::WriteExtent::new())
            }

            fn of_step(__state: &$state, __extent: &$crate::__private::WriteExtent) -> Self {
                use $crate::__private::PlainField as _;
                Self {
                    $($field: ::core::clone::Clone::clone((*__state).$field.__get()),)*
                    $($($optional: if __extent.is_written($crate::__index!($state, $optional_name)) {
                        ::core::option::Option::Some(::core::clone::Clone::clone((*__state).$optional.__get()))
                    } else {
                        ::core::option::Option::None
                    },)+)?
                    $($($list: match __extent.kept($crate::__index!($state, $list_name)) {
                        ::core::option::Option::Some(__kept) => {
                            $crate::__private::Append::tail(&(*__state).$list, __kept)
                        }
                        ::core::option::Option::None => ::core::default::Default::default(),
                    },)+)?
                }
            }

            fn extent(__undo: &__Undo) -> $crate::__private::WriteExtent {
                $crate::__private::WriteExtent::new()
                    $($(.optional($crate::__index!($state, $optional_name), __undo.$optional.is_some()))+)?
                    $($(.appended(
                        $crate::__index!($state, $list_name),
                        $crate::__private::Append::length(&__undo.$list),
                    ))+)?
            }
        }
    };
}

/// The index of a field, in a constant.
#[doc(hidden)]
#[macro_export]
macro_rules! __index {
    (
        // The state.
        $state:ty,
        // The name of the field.
        $name:literal
    ) => {
        const { $crate::__private::index_of(<$state as $crate::__private::StateFields>::FIELDS, $name) }
    };
}

/// The type of a field's value.
#[doc(hidden)]
#[macro_export]
macro_rules! __value {
    (
        // The state.
        $state:ty,
        // The name of the field.
        $name:literal
    ) => {
        $crate::__private::Value<
            $state,
            { $crate::__private::index_of(<$state as $crate::__private::StateFields>::FIELDS, $name) },
        >
    };
}

/// The type of a field in the struct.
#[doc(hidden)]
#[macro_export]
macro_rules! __stored {
    (
        // The state.
        $state:ty,
        // The name of the field.
        $name:literal
    ) => {
        $crate::__private::Stored<
            $state,
            { $crate::__private::index_of(<$state as $crate::__private::StateFields>::FIELDS, $name) },
        >
    };
}

/// `__Args` of an action: its inputs and resources, as references or, for a blocking action, owned.
#[doc(hidden)]
#[macro_export]
macro_rules! __args {
    (
        // The visibility of the action.
        ($vis:vis struct)
        // The arguments are references, because the action runs in the task of its run.
        borrowed
        // The `#[input]` arguments, each with its name, the hash of its name, and its type without the
        // reference.
        inputs { $($input:ident $input_name:literal $input_hash:literal: $input_ty:ty,)* }
        // The `#[resource]` arguments, in the same way.
        resources { $($resource:ident $resource_name:literal $resource_hash:literal: $resource_ty:ty,)* }
        // The `#[graph]` arguments, each with its name and its graph.
        $(graphs { $($child:ident: $graph:ty,)+ })?
    ) => {
        $vis struct __Args<'a> {
            $($input: &'a $input_ty,)*
            $($resource: &'a $resource_ty,)*
            $($($child: $crate::__private::ChildResources<'a, $graph>,)+)?
        }

        $crate::__collect! {
            inputs { $($input $input_name $input_hash: $input_ty,)* }
            resources { $($resource $resource_name $resource_hash: $resource_ty,)* }
            graphs { $($($graph,)+)? }
            (__inputs, __resources) {
                $($($child: $crate::__private::ChildResources::within::<S>(__resources)?,)+)?
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
        // The visibility of the action.
        ($vis:vis struct)
        // The arguments are owned, because the action runs on its own thread.
        owned
        // The `#[input]` arguments, each with its name, the hash of its name, and its type without the
        // reference.
        inputs { $($input:ident $input_name:literal $input_hash:literal: $input_ty:ty,)* }
        // The `#[resource]` arguments, in the same way.
        resources { $($resource:ident $resource_name:literal $resource_hash:literal: $resource_ty:ty,)* }
    ) => {
        $vis struct __Args<'a> {
            $($input: $input_ty,)*
            $($resource: $crate::__private::OwnedResource<$resource_ty>,)*
            __scope: ::core::marker::PhantomData<&'a ()>,
        }

        $crate::__collect! {
            inputs { $($input $input_name $input_hash: $input_ty,)* }
            resources { $($resource $resource_name $resource_hash: $resource_ty,)* }
            graphs {}
            (__inputs, __resources) {
                $($input: match <S as $crate::__private::HasInput<$input_hash, $input_ty>>::input(__inputs) {
                    ::core::option::Option::Some(__value) => ::core::clone::Clone::clone(__value),
                    ::core::option::Option::None => {
                        return ::core::result::Result::Err($crate::__private::Missing($input_name));
                    }
                },)*
                $($resource: $crate::__private::own_resource::<$resource_hash, $resource_ty, S>(__resources),)*
                __scope: ::core::marker::PhantomData,
            }
        }
    };
}

/// The `Collect` impl of `__Args`.
#[doc(hidden)]
#[macro_export]
macro_rules! __collect {
    (
        // The inputs of `__args`.
        inputs { $($input:ident $input_name:literal $input_hash:literal: $input_ty:ty,)* }
        // The resources of `__args`.
        resources { $($resource:ident $resource_name:literal $resource_hash:literal: $resource_ty:ty,)* }
        // The graphs that run as children.
        graphs { $($graph:ty,)* }
        // The names of the inputs and resources of the run in the expressions below.
        ($inputs:ident, $resources:ident)
        // The fields of `__Args` with their expressions.
        { $($fields:tt)* }
    ) => {
        #[allow(unused_variables, private_bounds, reason = "either may be empty")]
        impl<'a, S> $crate::__private::Collect<'a, S> for __Args<'a>
        where
            S: $crate::__private::Scope
                $(+ $crate::__private::HasInput<$input_hash, $input_ty>)*
                $(+ $crate::__private::HasResource<$resource_hash, $resource_ty>)*,
            $($graph: $crate::__private::Within<S>,)*
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

/// The parameters of an action, which a graph binds at a node.
#[doc(hidden)]
#[macro_export]
macro_rules! __params {
    (
        // The visibility of the action, and the struct, which rustc names in errors.
        ($vis:vis struct $params:ident)
        // The arguments without an attribute, with their types.
        $($param:ident: $ty:ty,)+
    ) => {
        /// The parameters of the action; `None` if a parameter is not bound.
        $vis struct $params {
            $($vis $param: ::core::option::Option<$ty>,)+
        }

        impl ::core::default::Default for $params {
            fn default() -> Self {
                Self { $($param: ::core::option::Option::None,)+ }
            }
        }
    };
}
