//! Inserts single faults into programs, and reports how many of them the compiler detects, and how clear its errors
//! are.
//!
//! ```text
//! cargo run -p burdock-faults                       # 500 faults and all broken rules, seed 1
//! cargo run -p burdock-faults -- --count 300 --seed 7
//! cargo run -p burdock-faults -- --all              # every possible fault
//! cargo run -p burdock-faults -- --in tests/faults/trip
//! ```
//!
//! The programs are the examples, and [`trip`](../trip), which has several modules with every construct of the
//! language. A fault is a mistake in typing (a token is dropped, doubled or swapped with the next one; the rest of a
//! statement is missing), an oversight (a misspelt name, a removed or doubled line, a changed type), or a row of
//! `mistakes.md`, which breaks a rule of the language. Faults are in the input of `graph!`, in burdock's attributes,
//! and in the arguments of actions; in `trip` also in the bodies of actions and in the fields of states. Each faulty
//! program is compiled, with one of three results:
//!
//! - **refused**: rustc reports an error;
//! - **same meaning**: it compiles to the same tokens after macro expansion (for example without an optional comma
//!   at the end of a list), or `survivors.md` says why other tokens have the same meaning;
//! - **survived**: it compiles to another program.
//!
//! Of the faults that change the meaning, at least 99 % have to be refused (those in bodies and fields, which
//! rustc interprets, are not counted), and at least 95 % of the refused ones have to get [clear errors](clarity). In a
//! sample, each kind is weighted by its number of possible faults. Each survivor has to be listed in `survivors.md`
//! with a reason. A panic of a macro also fails the check. `target/faults/report.txt` lists the result of each fault.
#![allow(clippy::print_stdout, reason = "a program that reports")]

mod clarity;
mod fault;
mod mistakes;
mod program;
mod report;
mod source;
mod survivors;
mod table;

use crate::{
    fault::{Fault, Kind, faults},
    program::{Error, Program, Workspace},
    report::{Outcome, Verdict, list, summarise},
    source::{Extent, Source},
    survivors::Survivors,
};
use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Instant,
};

/// The folders of the programs.
const PROGRAMS: [&str; 2] = ["examples", TRIP];

/// The program in which whole items may be faulty.
const TRIP: &str = "tests/faults/trip";

/// The messages of rustc about panics of macros and of itself.
const PANICS: [&str; 4] = [
    "proc macro panicked",
    "custom attribute panicked",
    "proc-macro derive panicked",
    "internal compiler error",
];

fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let options = Options::parse(std::env::args().skip(1))?;
    let started = Instant::now();
    let workspace = Workspace::load(&PROGRAMS)?;
    let files = read(&workspace, &options)?;
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let broken = mistakes::read(&here.join("mistakes.md"), &files, &options.within)?;
    let (trials, totals) = choose(&files, broken, &options);
    let verdicts = try_all(&workspace, &files, &trials)?;
    let survivors = Survivors::read(&here.join("survivors.md"))?;
    let results: Vec<Outcome<'_>> = trials
        .iter()
        .zip(verdicts)
        .map(|(trial, verdict)| {
            let (file, kind) = (&*files[trial.file].shown, trial.fault.kind);
            let fault = trial.fault.describe(&files[trial.file].source.text);
            let verdict = match verdict {
                Verdict::Survived if survivors.is_same(file, kind, &fault) => Verdict::Same,
                verdict => verdict,
            };
            Outcome { file, kind, part: trial.fault.part, fault, verdict }
        })
        .collect();
    let report = workspace.scratch.join("report.txt");
    fs::write(&report, list(&results))?;
    let programs: Vec<&str> =
        workspace.programs.iter().map(|program| program.name.as_str()).collect();
    println!("{} faults in {}; seed {}\n", results.len(), programs.join(", "), options.seed);
    let passed = summarise(&results, &totals, &survivors);
    println!("\nin {:.0} s; each fault in {}", started.elapsed().as_secs_f32(), report.display());
    Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The options of the command line.
struct Options {
    seed: u64,
    /// `None` for all.
    count: Option<usize>,
    /// Only files whose path starts like this.
    within: String,
}

impl Options {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self { seed: 1, count: Some(500), within: String::new() };
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or(format!("`{argument}` needs a value"));
            let number = |text: String| {
                text.parse::<u64>().map_err(|error| format!("`{argument} {text}`: {error}"))
            };
            match argument.as_str() {
                "--seed" => options.seed = number(value()?)?,
                "--count" => {
                    options.count = Some(usize::try_from(number(value()?)?).unwrap_or(usize::MAX));
                }
                "--all" => options.count = None,
                "--in" => options.within = value()?,
                _ => {
                    return Err(format!(
                        "unknown argument `{argument}`: --seed N, --count N, --all, --in PATH"
                    ));
                }
            }
        }
        Ok(options)
    }
}

/// A file with possible faults.
struct File {
    /// The index of its program.
    program: usize,
    path: PathBuf,
    /// The path in the report.
    shown: String,
    source: Source,
}

fn read(workspace: &Workspace, options: &Options) -> Result<Vec<File>, Error> {
    let mut files = Vec::new();
    for (number, program) in workspace.programs.iter().enumerate() {
        let is_trip = program.folder.ends_with(TRIP);
        let extent = if is_trip { Extent::Items } else { Extent::Macros };
        for path in &program.files {
            let full = program.folder.join(path);
            let text = fs::read_to_string(&full).map_err(|error| Error::Io(full.clone(), error))?;
            let shown = full.strip_prefix(&workspace.root).unwrap_or(&full).display().to_string();
            if !shown.starts_with(&options.within) {
                continue;
            }
            if let Some(source) =
                Source::new(text, extent).filter(|it| is_trip || !it.tokens.is_empty())
            {
                files.push(File { program: number, path: path.clone(), shown, source });
            }
        }
    }
    Ok(files)
}

/// One fault in one file.
struct Trial {
    file: usize,
    fault: Fault,
}

/// Chooses equal numbers of faults of each kind, as far as possible, and all broken rules. Also returns how many
/// faults of each kind there are.
fn choose(files: &[File], broken: Vec<Trial>, options: &Options) -> (Vec<Trial>, Vec<usize>) {
    let mut random = fastrand::Rng::with_seed(options.seed);
    let mut kinds: Vec<Vec<Trial>> = Vec::new();
    for kind in Kind::ALL {
        let mut trials = Vec::new();
        for (number, file) in files.iter().enumerate() {
            let faults = faults(&file.source, kind, &mut random).into_iter();
            trials.extend(faults.map(|fault| Trial { file: number, fault }));
        }
        random.shuffle(&mut trials);
        kinds.push(trials);
    }
    let rules = broken.len();
    let totals = kinds
        .iter()
        .zip(Kind::ALL)
        .map(|(trials, kind)| if kind == Kind::RuleBroken { rules } else { trials.len() })
        .collect();
    let count = options.count.unwrap_or(usize::MAX);
    let mut chosen = Vec::new();
    while chosen.len() < count && kinds.iter().any(|trials| !trials.is_empty()) {
        chosen.extend(kinds.iter_mut().filter_map(Vec::pop));
    }
    chosen.truncate(count);
    chosen.extend(broken);
    (chosen, totals)
}

fn try_all(workspace: &Workspace, files: &[File], trials: &[Trial]) -> Result<Vec<Verdict>, Error> {
    let next = AtomicUsize::new(0);
    let verdicts = Mutex::new(Vec::new());
    let workers = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let work = |number: usize| {
            let (next, verdicts) = (&next, &verdicts);
            move || -> Result<(), Error> {
                let mut bench = Bench::new(workspace, number)?;
                while let Some((at, trial)) = Some(next.fetch_add(1, Ordering::Relaxed))
                    .and_then(|at| Some((at, trials.get(at)?)))
                {
                    let verdict = bench.try_one(&files[trial.file], &trial.fault)?;
                    verdicts.lock().unwrap_or_else(PoisonError::into_inner).push((at, verdict));
                }
                Ok(())
            }
        };
        let threads: Vec<_> = (0..workers).map(|number| scope.spawn(work(number))).collect();
        threads.into_iter().try_for_each(|thread| {
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    })?;
    let mut verdicts = verdicts.into_inner().unwrap_or_else(PoisonError::into_inner);
    verdicts.sort_by_key(|(at, _)| *at);
    Ok(verdicts.into_iter().map(|(_, verdict)| verdict).collect())
}

/// Copies of the programs for one thread.
struct Bench<'w> {
    programs: Vec<(&'w Program, PathBuf, String)>,
}

impl<'w> Bench<'w> {
    /// Copies the programs, and checks that they compile without a fault.
    fn new(workspace: &'w Workspace, number: usize) -> Result<Self, Error> {
        let folder = workspace.scratch.join(number.to_string());
        let mut programs = Vec::new();
        for program in &workspace.programs {
            let at = folder.join(&program.name);
            if at.exists() {
                fs::remove_dir_all(&at).map_err(|error| Error::Io(at.clone(), error))?;
            }
            program.copy(&at)?;
            if let Err(errors) = program.compile(&at)? {
                let text = errors.iter().map(|error| error.rendered.as_str()).collect();
                return Err(Error::DoesNotCompile(program.name.clone(), text));
            }
            let expansion = program.expansion(&at)?;
            programs.push((program, at, expansion));
        }
        Ok(Self { programs })
    }

    fn try_one(&mut self, file: &File, fault: &Fault) -> Result<Verdict, Error> {
        let (program, at, expansion) = &self.programs[file.program];
        let path = at.join(&file.path);
        let write =
            |text: &str| fs::write(&path, text).map_err(|error| Error::Io(path.clone(), error));
        write(&fault.apply(&file.source.text))?;
        let verdict = match program.compile(at)? {
            Err(errors) if errors.iter().any(is_panic) => Verdict::Panicked,
            Err(errors) => {
                let changed = fault.changed(&file.source.text, file.path.clone());
                let flaws = changed.balanced.then(|| clarity::flaws(&errors, &changed));
                Verdict::Refused { flaws, errors }
            }
            Ok(()) if program.expansion(at)? == *expansion => Verdict::Same,
            Ok(()) => Verdict::Survived,
        };
        write(&file.source.text)?;
        Ok(verdict)
    }
}

/// Returns whether a macro or rustc panicked.
fn is_panic(error: &clarity::Message) -> bool {
    PANICS.iter().any(|panic| error.text.contains(panic))
}
