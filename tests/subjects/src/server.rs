//! A PostgreSQL server for tests, which is removed when the process that created it ends.

use burdock_postgres::{Options, PostgresLog};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use std::{
    env, fs,
    net::TcpListener,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio, id},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

/// A shell command that stops the server and removes its folder when its input ends, which happens however the
/// process of the test ends.
const KEEPER: &str = "cat >/dev/null; \"$0\" -D \"$1/data\" -m immediate stop; rm -rf \"$1\"";

/// A `PostgreSQL` from Debian's package, in a temporary folder and on a free port.
pub struct Server {
    programs: PathBuf,
    folder: PathBuf,
    port: u16,
    keeper: Child,
}

static NUMBERS: AtomicU32 = AtomicU32::new(0);

fn number() -> u32 {
    NUMBERS.fetch_add(1, Ordering::Relaxed)
}

impl Server {
    /// A server for one test.
    pub fn start() -> Self {
        let programs = programs();
        let folder = env::temp_dir().join(format!("burdock-postgres-{}-{}", id(), number()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("the temporary folder can be written to");
        if is_root() {
            run(Command::new("chown").arg("postgres").arg(&folder));
        }
        let data = folder.join("data");
        let mut initdb = as_user(&programs.join("initdb"));
        initdb.args(["--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C"]);
        run(initdb.arg("-D").arg(&data));
        let keeper = as_user(Path::new("sh"))
            .arg("-c")
            .arg(KEEPER)
            .arg(programs.join("pg_ctl"))
            .arg(&folder)
            // a signal to the process group of the test must not end the keeper
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell starts");
        let mut server = Self { programs, folder, port: 0, keeper };
        // another process may take the port before the server does
        let started = (0..10).any(|_| {
            server.port = free_port();
            server.try_start()
        });
        assert!(started, "PostgreSQL does not start: {}", server.messages());
        server
    }

    /// A server for all tests of a file that do not stop it.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Server> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    pub fn url(&self) -> String {
        self.url_of("postgres", "postgres")
    }

    pub fn url_of(&self, user: &str, database: &str) -> String {
        format!("postgres://{user}@127.0.0.1:{}/{database}", self.port)
    }

    /// A log of its own on this server.
    pub fn options(&self) -> Options {
        self.options_of(&format!("log {}", number()))
    }

    pub fn options_of(&self, schema: &str) -> Options {
        Options::new(self.url()).schema(schema)
    }

    pub async fn log(&self) -> PostgresLog {
        self.options().connect().await.expect("the log can be connected to")
    }

    /// Two handles on one log that share nothing.
    pub async fn logs(&self) -> [PostgresLog; 2] {
        let options = self.options();
        [options.clone().connect().await.unwrap(), options.connect().await.unwrap()]
    }

    pub async fn connection(&self) -> PgConnection {
        PgConnection::connect(&self.url()).await.expect("the server takes connections")
    }

    pub async fn sql(&self, statement: impl Into<String>) {
        let statement = AssertSqlSafe(statement.into());
        self.connection().await.execute(statement).await.expect("the statement is right");
    }

    /// Stops the server like a power cut, without flushing anything.
    pub fn crash(&self) {
        run(self.control().args(["-m", "immediate", "stop"]));
    }

    /// Starts the server again after a crash.
    pub fn restart(&self) {
        assert!(self.try_start(), "PostgreSQL does not start again: {}", self.messages());
    }

    fn try_start(&self) -> bool {
        let folder = self.folder.display();
        let options = format!(
            "-p {} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=on -c max_connections=300",
            self.port
        );
        let mut start = self.control();
        start.args(["-w", "-t", "60", "-o", &options, "start"]);
        start.status().expect("pg_ctl starts").success()
    }

    fn control(&self) -> Command {
        let mut control = as_user(&self.programs.join("pg_ctl"));
        control.arg("-D").arg(self.folder.join("data"));
        control.arg("-l").arg(self.folder.join("messages"));
        // the server inherits these streams, and would keep a pipe open
        control.stdout(Stdio::null()).stderr(Stdio::null());
        control
    }

    fn messages(&self) -> String {
        fs::read_to_string(self.folder.join("messages")).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

/// The folder with the programs of the newest version of Debian's package.
fn programs() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let programs = versions.map(|version| version.path().join("bin"));
    let version = |path: &PathBuf| {
        let name = path.parent()?.file_name()?.to_str()?;
        name.parse::<u32>().ok()
    };
    programs.filter(|path| path.join("initdb").is_file()).max_by_key(version).expect(
        "these tests start their own PostgreSQL, and there is none in /usr/lib/postgresql: install \
         it with `apt-get install postgresql`",
    )
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().expect("`id` starts");
    id.stdout.trim_ascii() == b"0"
}

/// A command that runs as an unprivileged user, because the server refuses to run as root.
fn as_user(program: &Path) -> Command {
    let mut command;
    if is_root() {
        command = Command::new("runuser");
        command.args(["-u", "postgres", "--"]).arg(program);
    } else {
        command = Command::new(program);
    }
    command.current_dir("/");
    command
}

fn run(command: &mut Command) {
    let output = command.stdin(Stdio::null()).output().expect("a program starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} failed: {stderr}");
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    listener.local_addr().expect("it has an address").port()
}
