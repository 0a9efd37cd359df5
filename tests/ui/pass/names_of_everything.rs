//! Names that the expansion uses can be names of the user, in every position.

/// Defines a program for each name: it and the three names after it are used in the positions of a signature.
macro_rules! programs {
    ($a:ident $b:ident $c:ident $d:ident $($later:ident)*) => {
        programs! { @one $a $b $c $d }
        programs! { $b $c $d $($later)* }
    };
    ($b:ident $c:ident $d:ident) => {};
    (@one $a:ident $b:ident $c:ident $d:ident) => {
        #[allow(non_snake_case)]
        mod $a {
            use ::burdock::{Context, Failure, prelude::*};
            use ::serde::{Deserialize, Serialize};

            #[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
            pub struct Data {
                pub $a: u32,
                pub other: Slot<String>,
            }

            /// As an action, its reads and a field.
            #[action(state = Data, reads($a), writes($a, other))]
            pub async fn $a($a: Reads<'_>) -> Result<Writes> {
                Ok(Writes { $a: *$a.$a, other: String::new() })
            }

            /// As an input, a resource, a parameter and the context.
            #[action(state = Data, reads($a))]
            async fn given1(
                a: Reads<'_>,
                #[input] $a: u32,
                #[resource] $b: &u64,
                $c: u32,
                #[context] $d: &Context,
            ) -> Result<Writes> {
                let _ = (a.$a, $a, $b, $c, $d);
                Ok(Writes {})
            }

            #[streaming_action(state = Data, reads($a), writes($a), yields(u32))]
            async fn stream1(
                a: Reads<'_>,
                #[input] $a: &u32,
                #[resource] $b: &u64,
                #[param(default = 3)] $c: u32,
                #[context] $d: &Context,
            ) -> Result<Writes> {
                let _ = ($b, $d);
                yield_!(*$a + $c);
                Ok(Writes { $a: *a.$a })
            }

            /// The same in a blocking action.
            #[action(state = Data, reads($a, other), writes($a), blocking)]
            fn given2(
                a: Reads<'_>,
                #[input] $a: u32,
                #[resource] $b: &u64,
                #[param(default = 3)] $c: u32,
                #[context] $d: &Context,
            ) -> Result<Writes> {
                let _ = (a.other, $b, $d);
                Ok(Writes { $a: $a + $c + a.$a })
            }

            #[streaming_action(state = Data, reads($a), yields(u32), blocking)]
            fn stream2(
                a: Reads<'_>,
                #[input] $a: &u32,
                #[resource] $b: &u64,
                $c: u32,
                #[context] $d: &Context,
            ) -> Result<Writes> {
                yield_!(*$a + $c + *a.$a);
                let _ = ($b, $d);
                Ok(Writes {})
            }

            /// As the failure.
            #[action(state = Data, blocking)]
            fn failure2(#[error] $a: &Failure) -> Result<Writes> {
                let _ = $a;
                Ok(Writes {})
            }

            mod threads {
                use super::Data;
                use ::burdock::prelude::*;

                #[action(state = Data, reads($a), blocking)]
                pub fn $a($a: Reads<'_>) -> Result<Writes> {
                    let _ = $a.$a;
                    Ok(Writes {})
                }
            }

            graph! {
                pub Main(Data) {
                    inputs { $a: u32 }
                    resources { $b: u64 }
                    yields u32;
                    nodes {
                        $a: $a, given1 { $c: 1 }, stream1, given2, stream2 { $c: 2 }, failure2,
                        on_a_thread: threads::$a,
                    }
                    start $a;
                    $a -> if state.$a > 3 { $a } else { given1 };
                    given1 -> stream1;
                    stream1 -> given2;
                    given2 -> stream2;
                    stream2 -> on_a_thread;
                    failure2 -> on_a_thread;
                    on_a_thread -> pause $a;
                    on error given2 -> failure2;
                }
            }

            #[test]
            fn it_runs() {
                let _ = (Main::app().resources(MainResources { $b: 1 }), MainNode::ALL);
            }
        }
    };
}

// the first three are repeated at the end, so that each name is used in each position
programs! {
    scope inputs resources attempt reads writes args params context failure item items yielder copies
    undo node nodes step names name index value values text all input resource param error on start
    yields node_methods written entry tables public private fits action graph app test run produce update
    apply of patches info docs fmt clone default debug serialize deserialize serializer deserializer
    de from into map_err emit as_resource own_resource bound given missing collect check main this
    r#type r#match r#loop r#async r#fn READS WRITES INFO NAMES MARK FIELDS TOPOLOGY START Undo Node
    Graph Action Attempt S A T N burdock core std serde serde_json u32_ _x x_ scope inputs resources
}
