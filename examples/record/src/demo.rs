//! A session of the kiosk, to have something recorded.

use crate::kiosk::{Kiosk, KioskInputs, KioskResources, Prices};
use burdock::{Log, log::SessionId};
use std::{error::Error, sync::Arc};

/// Sells two drinks and lacks a third.
pub async fn record(log: &Arc<dyn Log>, session: &SessionId) -> Result<(), Box<dyn Error>> {
    let resources = KioskResources { prices: Prices::of([("tea", 2.5), ("coffee", 3.2)]) };
    let app = Kiosk::app().id(session.as_str()).resources(resources).log(Arc::clone(log));
    let mut app = app.new_only().build().await?;
    for (drink, coupon) in [("tea", None), ("coffee", Some(0.1)), ("cocoa", None)] {
        app.run(KioskInputs { drink: drink.into(), coupon }).await?;
    }
    app.close().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::record;
    use crate::kiosk::Kiosk;
    use burdock::{
        log::{Log, MemoryLog, Offset, SessionId},
        testing::{self, Fixture, FixtureError},
    };
    use std::{env, error::Error, fmt::Write, fs, path::Path, sync::Arc};

    const HEAD: &str = "\
//! Steps of a session as tests, as `record` prints them; only the prices were written by hand.
//!
//! They are made anew by `BLESS=1 cargo test -p record && cargo fmt`.

use super::*;
";

    #[tokio::test]
    async fn the_tests_in_the_kiosk_are_those_that_its_session_gives() -> Result<(), Box<dyn Error>>
    {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/kiosk");
        let mut file = HEAD.to_owned();
        for fixture in fixtures().await? {
            let mut made = fixture.test(&Kiosk::TOPOLOGY)?;
            made = made.resource("prices", r#"Prices::of([("tea", 2.5), ("coffee", 3.2)])"#);
            // either way to keep a fixture
            if fixture.node == "apologise" {
                let json = format!("{}.json", made.name());
                same(&folder.join(&json), &fixture.to_json())?;
                made = made.file(json);
            }
            write!(file, "\n{made}")?;
        }
        same(&folder.join("recorded.rs"), &file)
    }

    #[tokio::test]
    async fn a_resource_that_nobody_wrote_is_an_error_of_the_compiler() -> Result<(), Box<dyn Error>>
    {
        let fixtures = fixtures().await?;
        let fixture = fixtures.iter().find(|found| found.node == "sell").ok_or("nothing sold")?;
        let test = fixture.test(&Kiosk::TOPOLOGY)?.to_string();
        let marked = r#".resource::<Prices>("prices", compile_error!("a log keeps no resources: write a `Prices` here"))"#;
        assert!(test.contains(marked), "{test}");
        Ok(())
    }

    /// The fixtures of the session's steps, but for the first two, which the second run repeats.
    async fn fixtures() -> Result<Vec<Fixture>, Box<dyn Error>> {
        let log: Arc<dyn Log> = Arc::new(MemoryLog::new());
        let session = SessionId::new("monday")?;
        record(&log, &session).await?;
        let mut fixtures = Vec::new();
        for offset in 0..log.info(&session).await?.next.0 {
            match testing::fixture(&log, &session, Offset(offset)).await {
                Ok(fixture) => fixtures.push(fixture),
                Err(FixtureError::NoAttempt { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(fixtures.split_off(2))
    }

    /// Compares a file with what it ought to be, but for the breaks that rustfmt makes; or writes it.
    fn same(path: &Path, expected: &str) -> Result<(), Box<dyn Error>> {
        if env::var_os("BLESS").is_some() {
            return Ok(fs::write(path, expected)?);
        }
        let plain = |text: &str| text.split_whitespace().collect::<String>().replace(",)", ")");
        let found = fs::read_to_string(path)?;
        if plain(&found) == plain(expected) {
            return Ok(());
        }
        Err(format!("{} is not what is recorded now:\n{expected}", path.display()).into())
    }
}
