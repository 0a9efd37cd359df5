//! The command line.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// How to call the example.
pub const USAGE: &str = "\
A chat in the browser.

Usage: cargo run -p chatbot -- [--db PLACE] [--port PORT] [--host ADDRESS] [--token TOKEN]

  --db PLACE       keeps every session: a file, by default chatbot.db, or with `--features postgres` the
                   address of a database, `postgres://…`
  --port PORT      3000 unless said otherwise
  --host ADDRESS   127.0.0.1 unless said otherwise: only this machine
  --token TOKEN    what every request has to bring; open the page with `#&token=TOKEN` behind its address
  --help           shows this

Ctrl-C stops the answers under way at a commit, and then the server; the second one ends it at once.

A few rules answer, offline. For a model, add `--features providers` and set
  OPENAI_API_KEY, ANTHROPIC_API_KEY or GEMINI_API_KEY   a provider
  BURDOCK_MODEL                                         another model than its default
  BURDOCK_BASE_URL                                      a server with the protocol of OpenAI

RUST_LOG=debug reports more on the standard error than warnings and errors.
";

/// What the command line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Args {
    /// To serve.
    Serve(Options),
    /// To say how to call it.
    Help,
}

/// How to serve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The file or the database that keeps every session.
    pub db: String,
    /// Where to listen.
    pub address: SocketAddr,
    /// What every request has to bring.
    pub token: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        let address = (Ipv4Addr::LOCALHOST, 3000).into();
        Self { db: "chatbot.db".into(), address, token: None }
    }
}

/// Why a command line means nothing.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArgsError {
    /// An argument that is not known.
    #[error("unknown argument `{0}`")]
    Unknown(String),
    /// An argument without its value.
    #[error("`{0}` needs a value")]
    NoValue(String),
    /// A value that cannot be.
    #[error("`{0}` must be {1}")]
    Value(&'static str, &'static str),
    /// A server that everybody could use.
    #[error("`--host` {0} is open to the network and needs `--token`")]
    Open(IpAddr),
}

impl Args {
    /// Reads the arguments after the program's name.
    pub fn parse(mut args: impl Iterator<Item = String>) -> Result<Self, ArgsError> {
        let mut options = Options::default();
        while let Some(arg) = args.next() {
            let mut value = || args.next().ok_or_else(|| ArgsError::NoValue(arg.clone()));
            match arg.as_str() {
                "--db" => options.db = value()?,
                "--port" => options.address.set_port(parse("--port", &value()?, "a port")?),
                "--host" => options.address.set_ip(parse("--host", &value()?, "an IP address")?),
                "--token" => options.token = Some(value()?),
                "--help" | "-h" => return Ok(Self::Help),
                _ => return Err(ArgsError::Unknown(arg)),
            }
        }
        let host = options.address.ip();
        if !host.is_loopback() && options.token.is_none() {
            return Err(ArgsError::Open(host));
        }
        Ok(Self::Serve(options))
    }
}

fn parse<T: std::str::FromStr>(
    name: &'static str,
    text: &str,
    expected: &'static str,
) -> Result<T, ArgsError> {
    text.parse().map_err(|_| ArgsError::Value(name, expected))
}

#[cfg(test)]
mod tests {
    use super::{Args, ArgsError, Options};

    fn parse(line: &str) -> Result<Args, ArgsError> {
        Args::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn without_arguments_only_this_machine_is_served() {
        assert_eq!(parse(""), Ok(Args::Serve(Options::default())));
        assert!(Options::default().address.ip().is_loopback());
    }

    #[test]
    fn arguments_are_read() -> Result<(), Box<dyn std::error::Error>> {
        let options = Options { db: "a.db".into(), address: "[::1]:80".parse()?, token: None };
        assert_eq!(parse("--host ::1 --port 80 --db a.db"), Ok(Args::Serve(options)));
        assert_eq!(parse("--port 80 --help"), Ok(Args::Help));
        Ok(())
    }

    #[test]
    fn what_means_nothing_is_named() {
        assert_eq!(parse("--prot 1"), Err(ArgsError::Unknown("--prot".into())));
        assert_eq!(parse("--db"), Err(ArgsError::NoValue("--db".into())));
        assert_eq!(parse("--port many"), Err(ArgsError::Value("--port", "a port")));
        assert_eq!(parse("--host here"), Err(ArgsError::Value("--host", "an IP address")));
    }

    #[test]
    fn a_server_for_the_network_needs_a_token() {
        assert!(matches!(parse("--host 0.0.0.0"), Err(ArgsError::Open(_))));
        assert!(matches!(parse("--host 0.0.0.0 --token secret"), Ok(Args::Serve(_))));
    }
}
