//! A name of the user may be any that the expansion uses, in every position.

macro_rules! programs {
    ($($name:ident)*) => {
        $(programs! { @one $name })*

        fn main() {
            $(let _ = ($name::Main::app().resources($name::MainResources { $name: 1 }), $name::MainNode::ALL);)*
        }
    };
    (@one $name:ident) => {
        #[allow(non_snake_case)]
        mod $name {
            use ::burdock::{Context, Failure, prelude::*};
            use ::serde::{Deserialize, Serialize};

            #[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
            pub struct Data {
                pub $name: u32,
                pub other: Slot<String>,
            }

            /// As an action, its reads and a field.
            #[action(state = Data, reads($name), writes($name, other))]
            pub async fn $name($name: Reads<'_>) -> Result<Writes> {
                Ok(Writes { $name: *$name.$name, other: String::new() })
            }

            /// As an input.
            #[action(state = Data, reads($name))]
            async fn input1(a: Reads<'_>, #[input] $name: u32, #[context] cx: &Context) -> Result<Writes> {
                let _ = (a.$name, $name, cx);
                Ok(Writes {})
            }

            /// As a resource.
            #[action(state = Data)]
            async fn resource1(#[resource] $name: &u64) -> Result<Writes> {
                let _ = $name;
                Ok(Writes {})
            }

            /// As a parameter.
            #[action(state = Data)]
            async fn param1($name: u32, #[param(default = 3)] other: u32) -> Result<Writes> {
                let _ = ($name, other);
                Ok(Writes {})
            }

            #[action(state = Data)]
            async fn context1(#[context] $name: &Context) -> Result<Writes> {
                let _ = $name;
                Ok(Writes {})
            }

            #[streaming_action(state = Data, reads($name), writes($name), yields(u32))]
            async fn stream1(a: Reads<'_>, #[input] $name: &u32, #[param(default = 3)] other: u32) -> Result<Writes> {
                yield_!(*$name + other);
                Ok(Writes { $name: *a.$name })
            }

            /// The same on a thread.
            #[action(state = Data, reads($name, other), writes($name), blocking)]
            fn input2(a: Reads<'_>, #[input] $name: u32, #[context] cx: &Context) -> Result<Writes> {
                let _ = (a.other, cx);
                Ok(Writes { $name: $name + a.$name })
            }

            #[action(state = Data, blocking)]
            fn resource2(#[resource] $name: &u64) -> Result<Writes> {
                let _ = $name;
                Ok(Writes {})
            }

            #[action(state = Data, blocking)]
            fn param2($name: u32, #[param(default = 3)] other: u32) -> Result<Writes> {
                let _ = ($name, other);
                Ok(Writes {})
            }

            #[action(state = Data, blocking)]
            fn failure2(#[error] $name: &Failure) -> Result<Writes> {
                let _ = $name;
                Ok(Writes {})
            }

            #[streaming_action(state = Data, reads($name), yields(u32), blocking)]
            fn stream2(a: Reads<'_>, #[input] $name: &u32, #[context] cx: &Context) -> Result<Writes> {
                yield_!(*$name + *a.$name);
                let _ = cx;
                Ok(Writes {})
            }

            mod threads {
                use super::Data;
                use ::burdock::prelude::*;

                #[action(state = Data, reads($name), blocking)]
                pub fn $name($name: Reads<'_>) -> Result<Writes> {
                    let _ = $name.$name;
                    Ok(Writes {})
                }
            }

            graph! {
                pub Main(Data) {
                    inputs { $name: u32 }
                    resources { $name: u64 }
                    yields u32;
                    nodes {
                        $name: $name, input1, resource1, param1 { $name: 1 }, context1, stream1, input2, resource2,
                        param2 { $name: 2 }, failure2, stream2, on_a_thread: threads::$name,
                    }
                    start $name;
                    $name -> if state.$name > 3 { $name } else { input1 };
                    input1 -> resource1;
                    resource1 -> param1;
                    param1 -> context1;
                    context1 -> stream1;
                    stream1 -> input2;
                    input2 -> resource2;
                    resource2 -> param2;
                    param2 -> stream2;
                    stream2 -> on_a_thread;
                    failure2 -> on_a_thread;
                    on_a_thread -> pause $name;
                    on error input2 -> failure2;
                }
            }
        }
    };
}

programs! {
    scope inputs resources call reads writes args params context failure item items yielder copies undo
    node nodes step names name index value values text all input resource param error on start yields
    visits written entry tables public private fits action graph app test run produce update apply of
    patches info docs fmt clone default debug serialize deserialize serializer deserializer de from into
    map_err emit held hold bound given missing collect check main this r#type r#match r#loop r#async
    r#fn READS WRITES INFO NAMES MARK FIELDS TOPOLOGY START Undo Node Graph Action Call S A T N
    burdock core std serde serde_json u32_ _x x_
}
