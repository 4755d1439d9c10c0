//! `parsec-bench serve`: peers of the crate over standard input, see `serve.rs`.
//!
//! `parsec-bench time FILE [--peer NAME] [--verify] [--bytes] [--runs N]`: performs the part of one peer in a
//! transcript. Prints one JSON object: the file, the peer, its events and blocks, how many operations
//! differ from the transcript, and the milliseconds of each run. Without `--runs`, the object has no
//! times, and each line on standard input makes one run and one line `{"ms": …}`, so that a caller can
//! take turns. `--verify` checks and makes real ed25519 signatures; otherwise signatures count as
//! valid, and own ones come from a list. `--bytes` counts decoding and encoding messages too.

mod identity;
mod json;
mod replay;
mod serve;
mod transcript;

use identity::Signing;
use json::Answer;
use serde_json::json;
use std::{
    cell::{Cell, RefCell},
    io::{self, BufRead},
    rc::Rc,
};

struct Options {
    file: String,
    peer: Option<String>,
    verify: bool,
    bytes: bool,
    runs: Option<usize>,
}

fn options(args: &[String]) -> Answer<Options> {
    let mut options = Options {
        file: String::new(),
        peer: None,
        verify: false,
        bytes: false,
        runs: None,
    };
    let mut rest = args.iter();
    while let Some(arg) = rest.next() {
        let mut value = || rest.next().cloned().ok_or(format!("{arg} wants a value"));
        match arg.as_str() {
            "--verify" => options.verify = true,
            "--bytes" => options.bytes = true,
            "--peer" => options.peer = Some(value()?),
            "--runs" => options.runs = Some(value()?.parse().map_err(|_| "--runs wants a number")?),
            file => options.file = file.to_string(),
        }
    }
    if options.file.is_empty() {
        return Err("which file?".to_string());
    }
    Ok(options)
}

fn time(options: &Options) -> Answer<()> {
    let part = transcript::part(&options.file, options.peer.as_deref())?;
    identity::check_signatures(options.verify);
    let recorded = Rc::new(RefCell::new(Vec::new()));
    let differences = replay::compare(&part, Signing::Recording(recorded.clone()))?;
    let run = || -> Answer<f64> {
        let signing = if options.verify {
            Signing::Real
        } else {
            Signing::Replaying(recorded.clone(), Rc::new(Cell::new(0)))
        };
        Ok(replay::time(&part, signing, options.bytes)?.as_secs_f64() * 1000.0)
    };
    let mut report = json!({
        "file": options.file, "peer": part.peer, "verify": options.verify, "bytes": options.bytes,
        "events": part.events, "blocks": part.blocks, "differences": differences,
    });
    if let Some(runs) = options.runs {
        report["ms"] = json!((0..runs).map(|_| run()).collect::<Answer<Vec<_>>>()?);
        println!("{report}");
        return Ok(());
    }
    println!("{report}");
    for line in io::stdin().lock().lines() {
        line.map_err(|error| error.to_string())?;
        println!("{}", json!({ "ms": run()? }));
    }
    Ok(())
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let done = match args.first().map(String::as_str) {
        Some("serve") => serve::serve(),
        Some("time") => options(&args[1..]).and_then(|options| time(&options)),
        _ => Err(
            "usage: parsec-bench serve | time FILE [--peer NAME] [--verify] [--bytes] [--runs N]"
                .into(),
        ),
    };
    if let Err(error) = done {
        eprintln!("{error}");
        std::process::exit(1);
    }
}
