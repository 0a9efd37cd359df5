//! The `rename_all` rules of serde.

/// A rule of `rename_all`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rename {
    /// The unchanged name.
    #[default]
    Keep,
    /// `lowercase`
    Lower,
    /// `UPPERCASE`
    Upper,
    /// `PascalCase`
    Pascal,
    /// `camelCase`
    Camel,
    /// `snake_case`
    Snake,
    /// `SCREAMING_SNAKE_CASE`
    ScreamingSnake,
    /// `kebab-case`
    Kebab,
    /// `SCREAMING-KEBAB-CASE`
    ScreamingKebab,
}

impl Rename {
    /// Parses a rule. An unknown rule counts as [`Keep`](Self::Keep), because serde reports it.
    pub fn of(rule: &str) -> Self {
        match rule {
            "lowercase" => Self::Lower,
            "UPPERCASE" => Self::Upper,
            "PascalCase" => Self::Pascal,
            "camelCase" => Self::Camel,
            "snake_case" => Self::Snake,
            "SCREAMING_SNAKE_CASE" => Self::ScreamingSnake,
            "kebab-case" => Self::Kebab,
            "SCREAMING-KEBAB-CASE" => Self::ScreamingKebab,
            _ => Self::Keep,
        }
    }

    /// Applies the rule to the name of a field, which is in snake case.
    pub fn field(self, name: &str) -> String {
        match self {
            Self::Keep | Self::Lower | Self::Snake => name.to_owned(),
            Self::Upper | Self::ScreamingSnake => name.to_ascii_uppercase(),
            Self::Pascal => pascal(name),
            Self::Camel => uncapitalised(&pascal(name)),
            Self::Kebab => name.replace('_', "-"),
            Self::ScreamingKebab => name.to_ascii_uppercase().replace('_', "-"),
        }
    }

    /// Applies the rule to the name of a variant, which is in Pascal case.
    pub fn variant(self, name: &str) -> String {
        match self {
            Self::Keep | Self::Pascal => name.to_owned(),
            Self::Lower => name.to_ascii_lowercase(),
            Self::Upper => name.to_ascii_uppercase(),
            Self::Camel => uncapitalised(name),
            Self::Snake => snake(name),
            Self::ScreamingSnake => snake(name).to_ascii_uppercase(),
            Self::Kebab => snake(name).replace('_', "-"),
            Self::ScreamingKebab => snake(name).to_ascii_uppercase().replace('_', "-"),
        }
    }
}

fn uncapitalised(name: &str) -> String {
    let mut letters = name.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_ascii_lowercase().to_string() + letters.as_str())
}

fn snake(name: &str) -> String {
    let mut snake = String::new();
    for (index, letter) in name.char_indices() {
        if index > 0 && letter.is_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

fn pascal(name: &str) -> String {
    let mut pascal = String::new();
    let mut capital = true;
    for letter in name.chars() {
        if letter == '_' {
            capital = true;
        } else {
            pascal.push(if capital { letter.to_ascii_uppercase() } else { letter });
            capital = false;
        }
    }
    pascal
}

#[cfg(test)]
mod tests {
    use super::Rename;

    #[test]
    fn names_are_the_same_as_in_serde_derive() {
        for (rule, field, variant) in [
            ("lowercase", "very_tasty", "verytasty"),
            ("UPPERCASE", "VERY_TASTY", "VERYTASTY"),
            ("PascalCase", "VeryTasty", "VeryTasty"),
            ("camelCase", "veryTasty", "veryTasty"),
            ("snake_case", "very_tasty", "very_tasty"),
            ("SCREAMING_SNAKE_CASE", "VERY_TASTY", "VERY_TASTY"),
            ("kebab-case", "very-tasty", "very-tasty"),
            ("SCREAMING-KEBAB-CASE", "VERY-TASTY", "VERY-TASTY"),
        ] {
            assert_eq!(Rename::of(rule).field("very_tasty"), field, "{rule}");
            assert_eq!(Rename::of(rule).variant("VeryTasty"), variant, "{rule}");
        }
        for (rule, outcome, a, z42) in [
            ("lowercase", "outcome", "a", "z42"),
            ("UPPERCASE", "OUTCOME", "A", "Z42"),
            ("PascalCase", "Outcome", "A", "Z42"),
            ("camelCase", "outcome", "a", "z42"),
            ("snake_case", "outcome", "a", "z42"),
            ("SCREAMING_SNAKE_CASE", "OUTCOME", "A", "Z42"),
            ("kebab-case", "outcome", "a", "z42"),
            ("SCREAMING-KEBAB-CASE", "OUTCOME", "A", "Z42"),
        ] {
            let made = ["outcome", "a", "z42"].map(|name| Rename::of(rule).field(name));
            assert_eq!(made, [outcome, a, z42], "{rule}");
        }
        assert_eq!(Rename::Camel.field("_größe__x"), "größeX");
        assert_eq!(Rename::Camel.field("_"), "");
        assert_eq!(Rename::Snake.variant("A1B"), "a1_b");
    }
}
