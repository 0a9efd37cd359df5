// the expansion is not valid Rust: expected identifier or integer
#[derive(State)]
pub struct Chat { pub _ : Slot < String >, pub safe : Slot < bool > }
