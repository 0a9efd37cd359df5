//! Recording of a demo session of the kiosk.

use crate::kiosk::{Kiosk, KioskInputs, KioskResources, Prices};
use burdock::{Log, log::SessionId};
use std::{error::Error, sync::Arc};

/// Records three runs: two sales, and an order that fails.
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
//! Tests generated from the steps of a session by `record`; only the prices were added by hand.
//!
//! `BLESS=1 cargo test -p record && cargo fmt` generates them again.

use super::*;
";

    #[tokio::test]
    async fn the_tests_in_the_kiosk_are_up_to_date() -> Result<(), Box<dyn Error>> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/kiosk");
        let mut file = HEAD.to_owned();
        for fixture in fixtures().await? {
            let mut made = fixture.test(&Kiosk::TOPOLOGY)?;
            made = made.resource("prices", r#"Prices::of([("tea", 2.5), ("coffee", 3.2)])"#);
            // one of each: a fixture in a file, and in the source
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
    async fn a_missing_resource_is_a_compile_error() -> Result<(), Box<dyn Error>> {
        let fixtures = fixtures().await?;
        let fixture = fixtures.iter().find(|found| found.node == "sell").ok_or("nothing sold")?;
        let test = fixture.test(&Kiosk::TOPOLOGY)?.to_string();
        let marked = r#".resource::<Prices>("prices", compile_error!("a log keeps no resources: write a `Prices` here"))"#;
        assert!(test.contains(marked), "{test}");
        Ok(())
    }

    /// Returns the fixtures of the session's steps, except the first two, which the second run repeats.
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

    /// Compares a file with the expected text, ignoring line breaks by rustfmt; writes it if `BLESS` is set.
    fn same(path: &Path, expected: &str) -> Result<(), Box<dyn Error>> {
        if env::var_os("BLESS").is_some() {
            return Ok(fs::write(path, expected)?);
        }
        let plain = |text: &str| text.split_whitespace().collect::<String>().replace(",)", ")");
        let found = fs::read_to_string(path)?;
        if plain(&found) == plain(expected) {
            return Ok(());
        }
        Err(format!("{} is out of date; expected:\n{expected}", path.display()).into())
    }
}
