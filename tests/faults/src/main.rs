//! Inserts single faults into the macro input and attributes of the examples, and reports how many of them
//! the compiler detects.
//!
//! ```text
//! cargo run -p burdock-faults                       # 500 faults, seed 1
//! cargo run -p burdock-faults -- --count 300 --seed 7
//! cargo run -p burdock-faults -- --all              # every possible fault
//! ```
//!
//! A fault is a dropped token, a misspelt name, a removed or doubled line, or a changed type: in the input of
//! `graph!`, in burdock's attributes, and in the arguments of actions. Each faulty program is compiled, with one of
//! three results:
//!
//! - **refused**: rustc reports an error;
//! - **same meaning**: it compiles to the same tokens after macro expansion (for example without an optional comma
//!   at the end of a list);
//! - **survived**: it compiles to another program.
//!
//! Of the faults that change the meaning, at least 99 % have to be refused. (In a sample, each kind is weighted by
//! its number of possible faults.) Each survivor has to be listed in `survivors.md` with a reason. A panic of a
//! macro also fails the check. `target/faults/report.txt` lists the result of each fault.
#![allow(clippy::print_stdout, reason = "a program that reports")]

mod example;
mod fault;
mod source;
mod survivors;

use crate::{
    example::{Error, Example, Workspace},
    fault::{Fault, Kind, faults},
    source::Source,
    survivors::Survivors,
};
use std::{
    fmt::Write as _,
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

/// The minimum percentage of refused faults, of those that change the meaning.
const PERCENT: usize = 99;

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
    let workspace = Workspace::load()?;
    let files = read(&workspace)?;
    let (trials, totals) = choose(&files, &options);
    let verdicts = try_all(&workspace, &files, &trials)?;
    let survivors = Survivors::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("survivors.md"))?;
    let results: Vec<Outcome<'_>> = trials
        .iter()
        .zip(verdicts)
        .map(|(trial, verdict)| Outcome {
            file: &files[trial.file].shown,
            kind: trial.fault.kind,
            fault: trial.fault.describe(&files[trial.file].source.text),
            verdict,
        })
        .collect();
    let report = workspace.scratch.join("report.txt");
    fs::write(&report, list(&results))?;
    let examples: Vec<&str> =
        workspace.examples.iter().map(|example| example.name.as_str()).collect();
    println!("{} faults in {}; seed {}\n", results.len(), examples.join(", "), options.seed);
    let passed = summarise(&results, &totals, &survivors);
    println!("\nin {:.0} s; each fault in {}", started.elapsed().as_secs_f32(), report.display());
    Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The options of the command line.
struct Options {
    seed: u64,
    /// `None` for all.
    count: Option<usize>,
}

impl Options {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self { seed: 1, count: Some(500) };
        while let Some(argument) = arguments.next() {
            let mut number = || {
                let text = arguments.next().ok_or(format!("`{argument}` needs a number"))?;
                text.parse::<u64>().map_err(|error| format!("`{argument} {text}`: {error}"))
            };
            match argument.as_str() {
                "--seed" => options.seed = number()?,
                "--count" => options.count = Some(usize::try_from(number()?).unwrap_or(usize::MAX)),
                "--all" => options.count = None,
                _ => {
                    return Err(format!(
                        "unknown argument `{argument}`: --seed N, --count N, --all"
                    ));
                }
            }
        }
        Ok(options)
    }
}

/// A file with possible faults.
struct File {
    /// The index of its example.
    example: usize,
    path: PathBuf,
    /// The path in the report.
    shown: String,
    source: Source,
}

fn read(workspace: &Workspace) -> Result<Vec<File>, Error> {
    let mut files = Vec::new();
    for (number, example) in workspace.examples.iter().enumerate() {
        for path in &example.files {
            let full = example.folder.join(path);
            let text = fs::read_to_string(&full).map_err(|error| Error::Io(full.clone(), error))?;
            let shown = full.strip_prefix(&workspace.root).unwrap_or(&full).display().to_string();
            if let Some(source) = Source::new(text).filter(|source| !source.tokens.is_empty()) {
                files.push(File { example: number, path: path.clone(), shown, source });
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

/// Chooses equal numbers of faults of each kind, as far as possible. Also returns how many faults of each kind there
/// are.
fn choose(files: &[File], options: &Options) -> (Vec<Trial>, Vec<usize>) {
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
    let totals = kinds.iter().map(Vec::len).collect();
    let count = options.count.unwrap_or(usize::MAX);
    let mut chosen = Vec::new();
    while chosen.len() < count && kinds.iter().any(|trials| !trials.is_empty()) {
        chosen.extend(kinds.iter_mut().filter_map(Vec::pop));
    }
    chosen.truncate(count);
    (chosen, totals)
}

/// The result of a faulty program.
enum Verdict {
    /// An error, with the first line of rustc's output.
    Refused(String),
    /// A macro of burdock panicked, or rustc did.
    Panicked,
    Same,
    Survived,
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

/// Copies of the examples for one thread.
struct Bench<'w> {
    examples: Vec<(&'w Example, PathBuf, String)>,
}

impl<'w> Bench<'w> {
    /// Copies the examples, and checks that they compile without a fault.
    fn new(workspace: &'w Workspace, number: usize) -> Result<Self, Error> {
        let folder = workspace.scratch.join(number.to_string());
        let mut examples = Vec::new();
        for example in &workspace.examples {
            let at = folder.join(&example.name);
            if at.exists() {
                fs::remove_dir_all(&at).map_err(|error| Error::Io(at.clone(), error))?;
            }
            example.copy(&at)?;
            if let Err(text) = example.compile(&at)? {
                return Err(Error::DoesNotCompile(example.name.clone(), text));
            }
            let expansion = example.expansion(&at)?;
            examples.push((example, at, expansion));
        }
        Ok(Self { examples })
    }

    fn try_one(&mut self, file: &File, fault: &Fault) -> Result<Verdict, Error> {
        let (example, at, expansion) = &self.examples[file.example];
        let path = at.join(&file.path);
        let write =
            |text: &str| fs::write(&path, text).map_err(|error| Error::Io(path.clone(), error));
        write(&fault.apply(&file.source.text))?;
        let verdict = match example.compile(at)? {
            Err(text) if PANICS.iter().any(|panic| text.contains(panic)) => Verdict::Panicked,
            Err(text) => Verdict::Refused(text.lines().next().unwrap_or_default().to_owned()),
            Ok(()) if example.expansion(at)? == *expansion => Verdict::Same,
            Ok(()) => Verdict::Survived,
        };
        write(&file.source.text)?;
        Ok(verdict)
    }
}

/// A fault and its result.
struct Outcome<'f> {
    file: &'f str,
    kind: Kind,
    fault: String,
    verdict: Verdict,
}

/// Returns each fault with its result, one per line.
fn list(results: &[Outcome<'_>]) -> String {
    let mut text = String::new();
    for Outcome { file, kind, fault, verdict } in results {
        let verdict = match verdict {
            Verdict::Refused(error) => error,
            Verdict::Panicked => "A MACRO PANICKED",
            Verdict::Same => "SAME MEANING",
            Verdict::Survived => "SURVIVED",
        };
        let _ = writeln!(text, "{file}: {kind}: {fault}\n    {verdict}");
    }
    text
}

/// Prints the table and the survivors. Returns whether the check passes. `totals` are the numbers of possible faults
/// of each kind, of which the results may be a sample.
fn summarise(results: &[Outcome<'_>], totals: &[usize], survivors: &Survivors) -> bool {
    let count = |kind: Option<Kind>, is: fn(&Verdict) -> bool| {
        let of_kind = results.iter().filter(|result| kind.is_none_or(|kind| kind == result.kind));
        of_kind.filter(|result| is(&result.verdict)).count()
    };
    let refused = |verdict: &Verdict| matches!(verdict, Verdict::Refused(_) | Verdict::Panicked);
    let same = |verdict: &Verdict| matches!(verdict, Verdict::Same);
    let survived = |verdict: &Verdict| matches!(verdict, Verdict::Survived);
    println!("{:14} {:>6} {:>8} {:>13} {:>9}", "", "faults", "refused", "same meaning", "survived");
    for kind in Kind::ALL.map(Some).into_iter().chain([None]) {
        let name = kind.map_or_else(|| "all".to_owned(), |kind| kind.to_string());
        println!(
            "{name:14} {:>6} {:>8} {:>13} {:>9}",
            count(kind, |_| true),
            count(kind, refused),
            count(kind, same),
            count(kind, survived),
        );
    }
    // a sample has as many faults of a rare kind as of a frequent one, so each is weighted by the total of its kind
    let of_all = |is: fn(&Verdict) -> bool| -> usize {
        let kinds = Kind::ALL.into_iter().zip(totals).map(|(kind, total)| {
            1_000 * count(Some(kind), is) * total / count(Some(kind), |_| true).max(1)
        });
        kinds.sum()
    };
    let (refused, survived) = (of_all(refused), of_all(survived));
    let changing = (refused + survived).max(1);
    let enough = refused * 100 >= changing * PERCENT;
    println!(
        "\nrefused of those that change the meaning, of all {} faults: {}.{:02} % (at least {PERCENT} %)",
        totals.iter().sum::<usize>(),
        refused * 100 / changing,
        refused * 10_000 / changing % 100,
    );
    let mut known = true;
    for Outcome { file, kind, fault, verdict } in results {
        match (verdict, survivors.reason(file, *kind, fault)) {
            (Verdict::Panicked, _) => {
                known = false;
                println!("\na macro panicked: {file}: {kind}: {fault}");
            }
            (Verdict::Survived, Some(reason)) => {
                println!("\nsurvived: {file}: {kind}: {fault}\n    {reason}");
            }
            (Verdict::Survived, None) => {
                known = false;
                println!(
                    "\nsurvived without a reason: {file}: {kind}: {fault}\n    close the gap, or add to survivors.md:\n    {}",
                    Survivors::row(file, *kind, fault),
                );
            }
            _ => {}
        }
    }
    enough && known
}
