//! Items: one streaming action, beside other ways to make a stream.

/// Defines the candidates for one type of item.
macro_rules! candidates {
    ($module:ident, $item:ty, $make:expr) => {
        pub mod $module {
            use crate::{Candidate, Work};
            use burdock::prelude::*;
            use futures_core::Stream;
            use futures_util::StreamExt as _;
            use serde::{Deserialize, Serialize};
            use std::{
                error::Error,
                hint::black_box,
                pin::Pin,
                task::{Context, Poll},
            };

            pub static CANDIDATES: [Candidate; 4] = [
                Candidate { name: "async-stream, boxed", work: with_async_stream },
                Candidate { name: "burdock", work: with_burdock },
                Candidate { name: "poll_next by hand", work: by_hand },
                Candidate { name: "channel of one", work: with_channel },
            ];

            /// The result that a consumer receives without burdock, with the error type of programs that define none
            /// of their own, and the smallest one.
            type Item = std::result::Result<$item, Box<dyn Error + Send + Sync>>;

            type Items = Pin<Box<dyn Stream<Item = Item> + Send>>;

            fn make(number: u64) -> $item {
                $make(number)
            }

            #[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
            pub struct Numbers {
                pub last: u64,
            }

            #[streaming_action(state = Numbers, reads(last), writes(last), yields($item))]
            async fn list(numbers: Reads<'_>) -> Result<Writes> {
                for number in 0..*numbers.last {
                    if yield_!(make(black_box(number))).is_stop() {
                        break;
                    }
                }
                Ok(Writes { last: *numbers.last })
            }

            graph! {
                pub Listing(Numbers) {
                    yields $item;
                    nodes { list }
                    start list;
                    list -> end;
                }
            }

            fn with_burdock(items: u64) -> Work {
                Box::pin(async move {
                    let state = Numbers { last: items };
                    let mut app = Listing::app().state(state).build().await.unwrap();
                    let mut run = app.run(ListingInputs {});
                    assert_eq!(drain(&mut run).await, items);
                })
            }

            fn with_async_stream(items: u64) -> Work {
                Box::pin(async move {
                    let mut stream: Items = Box::pin(async_stream::stream! {
                        for number in 0..items {
                            yield Ok(make(black_box(number)));
                        }
                    });
                    assert_eq!(drain(&mut stream).await, items);
                })
            }

            struct ByHand {
                number: u64,
                last: u64,
            }

            impl Stream for ByHand {
                type Item = Item;

                fn poll_next(
                    mut self: Pin<&mut Self>,
                    _: &mut Context<'_>,
                ) -> Poll<Option<Self::Item>> {
                    if self.number == self.last {
                        return Poll::Ready(None);
                    }
                    let number = self.number;
                    self.number += 1;
                    Poll::Ready(Some(Ok(make(black_box(number)))))
                }
            }

            fn by_hand(items: u64) -> Work {
                Box::pin(async move {
                    let mut stream: Items = Box::pin(ByHand { number: 0, last: items });
                    assert_eq!(drain(&mut stream).await, items);
                })
            }

            fn with_channel(items: u64) -> Work {
                Box::pin(async move {
                    let (sender, mut receiver) = tokio::sync::mpsc::channel::<Item>(1);
                    let sending = async move {
                        for number in 0..items {
                            if sender.send(Ok(make(black_box(number)))).await.is_err() {
                                break;
                            }
                        }
                    };
                    let receiving = async {
                        let mut count = 0;
                        while let Some(item) = receiver.recv().await {
                            black_box(&item);
                            count += 1;
                        }
                        count
                    };
                    let count = futures_util::future::join(sending, receiving).await.1;
                    assert_eq!(count, items);
                })
            }

            async fn drain<T, E>(
                stream: &mut (impl Stream<Item = std::result::Result<T, E>> + Unpin),
            ) -> u64 {
                let mut count = 0;
                while let Some(item) = stream.next().await {
                    black_box(item.ok());
                    count += 1;
                }
                count
            }
        }
    };
}

candidates!(small, u64, |number: u64| number);
candidates!(text, String, |number: u64| format!("word {number}"));
