//! `#[prompt]`.

use proc_macro2::TokenStream;

pub(crate) fn prompt(_arguments: TokenStream, item: TokenStream) -> TokenStream {
    item
}
