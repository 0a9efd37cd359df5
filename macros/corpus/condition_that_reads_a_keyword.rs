// the expansion is not valid Rust: expected identifier or integer
graph! {
Main (Chat) { nodes { count } start count ; count -> if matches ! (state . struct , 0 .(. 3)) { count } else { end } ; }
}
