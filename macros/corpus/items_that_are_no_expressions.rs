// `parse_quote!` panicked on each of these items, and the actions vanished.
#[streaming_action(state = Chat, yields(u32))]
async fn comma() -> Result<Writes> { yield_!(1,); Ok(Writes {}) }

#[streaming_action(state = Chat, yields(u32))]
async fn half_a_field(word: u32) -> Result<Writes> { yield_!(word.); Ok(Writes {}) }

#[streaming_action(state = Chat, yields(u32))]
async fn two() -> Result<Writes> { let flow = yield_!(1, 2); Ok(Writes {}) }

#[streaming_action(state = Chat, yields(u32))]
async fn operator() -> Result<Writes> { if yield_!(1 +).is_stop() { return Ok(Writes {}); } Ok(Writes {}) }

#[streaming_action(state = Chat, yields(u32), blocking)]
fn statement() -> Result<Writes> { yield_!(let x = 1;); Ok(Writes {}) }

#[streaming_action(state = Chat, yields(u32))]
async fn in_a_macro() -> Result<Writes> { select! { _ = later => { yield_!(word.); } } Ok(Writes {}) }

#[streaming_action(state = Chat, yields(u32))]
async fn nested() -> Result<Writes> { yield_!(yield_!(,)); yield_![#]; yield_!{'a} Ok(Writes {}) }
