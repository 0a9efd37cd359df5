//! The command line.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// The usage message.
pub const USAGE: &str = "\
A chat in the browser.

Usage: cargo run -p chatbot -- [--db PLACE] [--port PORT] [--host ADDRESS] [--token TOKEN]

  --db PLACE       where sessions are stored: a file, or with `--features postgres` the URL of a database,
                   `postgres://…`; defaults to chatbot.db
  --port PORT      defaults to 3000
  --host ADDRESS   defaults to 127.0.0.1, which accepts connections from this machine only
  --token TOKEN    required of every request; append `#&token=TOKEN` to the address of the page
  --help           shows this message

Ctrl-C stops the answers in progress at a commit, and then the server. A second Ctrl-C exits at once.

Answers are rule-based and offline. For a real model, add `--features providers` and set
  OPENAI_API_KEY, ANTHROPIC_API_KEY or GEMINI_API_KEY   the key of a provider
  BURDOCK_MODEL                                         a model other than the provider's default
  BURDOCK_BASE_URL                                      a server with the OpenAI protocol

RUST_LOG=debug writes more than warnings and errors to standard error.
";

/// The parsed command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Args {
    /// Starts the server.
    Serve(Options),
    /// Prints the usage message.
    Help,
}

/// Options of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The file or the URL of the database that stores the sessions.
    pub db: String,
    /// The address to listen on.
    pub address: SocketAddr,
    /// The bearer token required of every request.
    pub token: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        let address = (Ipv4Addr::LOCALHOST, 3000).into();
        Self { db: "chatbot.db".into(), address, token: None }
    }
}

/// An error in the command line.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArgsError {
    /// An unknown argument.
    #[error("unknown argument `{0}`")]
    Unknown(String),
    /// An argument without its value.
    #[error("`{0}` needs a value")]
    NoValue(String),
    /// An invalid value.
    #[error("`{0}` must be {1}")]
    Value(&'static str, &'static str),
    /// A server on the network without a token.
    #[error("`--host` {0} is open to the network and needs `--token`")]
    Open(IpAddr),
}

impl Args {
    /// Parses the arguments after the program's name.
    pub fn parse(mut args: impl Iterator<Item = String>) -> Result<Self, ArgsError> {
        let mut options = Options::default();
        while let Some(arg) = args.next() {
            let mut value = || args.next().ok_or_else(|| ArgsError::NoValue(arg.clone()));
            match arg.as_str() {
                "--db" => options.db = value()?,
                "--port" => options.address.set_port(parse(
                    "--port",
                    &value()?,
                    "a number from 0 to 65535",
                )?),
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
    fn the_default_address_is_loopback() {
        assert_eq!(parse(""), Ok(Args::Serve(Options::default())));
        assert!(Options::default().address.ip().is_loopback());
    }

    #[test]
    fn arguments_are_parsed() -> Result<(), Box<dyn std::error::Error>> {
        let options = Options { db: "a.db".into(), address: "[::1]:80".parse()?, token: None };
        assert_eq!(parse("--host ::1 --port 80 --db a.db"), Ok(Args::Serve(options)));
        assert_eq!(parse("--port 80 --help"), Ok(Args::Help));
        Ok(())
    }

    #[test]
    fn invalid_arguments_are_named() {
        assert_eq!(parse("--prot 1"), Err(ArgsError::Unknown("--prot".into())));
        assert_eq!(parse("--db"), Err(ArgsError::NoValue("--db".into())));
        assert_eq!(
            parse("--port many"),
            Err(ArgsError::Value("--port", "a number from 0 to 65535"))
        );
        assert_eq!(parse("--host here"), Err(ArgsError::Value("--host", "an IP address")));
    }

    #[test]
    fn a_server_on_the_network_needs_a_token() {
        assert!(matches!(parse("--host 0.0.0.0"), Err(ArgsError::Open(_))));
        assert!(matches!(parse("--host 0.0.0.0 --token secret"), Ok(Args::Serve(_))));
    }
}
