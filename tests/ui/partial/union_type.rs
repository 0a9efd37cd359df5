use burdock_llm::Partial;

#[derive(Partial)]
pub union Bits { //~ union
    whole: u32,
}

fn main() {}
