// A condition took in everything after it when it ended inside of a group without delimiters.
graph! {
Main (Chat) { nodes { count } start count ; count -> if matches __none { ! (state . cuont , 0 .. 3) { count } else { end } ; } }
}
