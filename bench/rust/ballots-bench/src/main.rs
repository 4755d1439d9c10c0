//! `ballots-bench serve`: peers of the crate over standard input, see `serve.rs`.
//!
//! `ballots-bench time [--scheme ethereum|always] [--voters N] [--sessions N] [--threads N] [--runs N]`:
//! times incoming votes. Prints one JSON object: the arguments, the number of votes, and the milliseconds
//! of each run. Without `--runs`, the object has no times, and each line on standard input makes one run
//! and one line `{"ms": …}`, so that a caller can take turns.

mod schemes;
mod serve;
mod time;

use hashgraph_like_consensus::{error::ConsensusError, signing::EthereumConsensusSigner};
use schemes::{AlwaysValid, Numbered};
use serde_json::json;
use std::io::{self, BufRead};

struct Options {
    scheme: String,
    voters: u32,
    sessions: usize,
    threads: usize,
    runs: Option<usize>,
}

fn options(args: &[String]) -> Result<Options, String> {
    let mut options = Options {
        scheme: "ethereum".to_string(),
        voters: 10,
        sessions: 100,
        threads: 1,
        runs: None,
    };
    let mut rest = args.iter();
    while let Some(arg) = rest.next() {
        let value = rest.next().ok_or(format!("{arg} wants a value"))?;
        let number = || -> Result<usize, String> {
            let number = value.parse().map_err(|_| format!("{arg} wants a number"))?;
            if number == 0 {
                return Err(format!("{arg} must be positive"));
            }
            Ok(number)
        };
        match arg.as_str() {
            "--scheme" => options.scheme = value.clone(),
            "--voters" => options.voters = number()?.try_into().map_err(|_| "too many voters")?,
            "--sessions" => options.sessions = number()?,
            "--threads" => options.threads = number()?,
            "--runs" => options.runs = Some(number()?),
            _ => return Err(format!("unknown option {arg}")),
        }
    }
    Ok(options)
}

fn named(error: ConsensusError) -> String {
    error.to_string()
}

fn time<S: Numbered>(options: &Options) -> Result<(), String> {
    let input = time::prepare::<S>(options.voters, options.sessions).map_err(named)?;
    let run = || -> Result<f64, String> {
        let took = time::run::<S>(&input, options.threads).map_err(named)?;
        Ok(took.as_secs_f64() * 1000.0)
    };
    let mut report = json!({
        "scheme": options.scheme, "voters": options.voters, "sessions": options.sessions,
        "threads": options.threads, "votes": options.voters as usize * options.sessions,
    });
    if let Some(runs) = options.runs {
        report["ms"] = json!((0..runs).map(|_| run()).collect::<Result<Vec<_>, _>>()?);
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
        Some("time") => options(&args[1..]).and_then(|options| match options.scheme.as_str() {
            "ethereum" => time::<EthereumConsensusSigner>(&options),
            "always" => time::<AlwaysValid>(&options),
            other => Err(format!("unknown scheme {other}")),
        }),
        _ => Err("usage: ballots-bench serve | time [--scheme ethereum|always] [--voters N] [--sessions N] [--threads N] [--runs N]".into()),
    };
    if let Err(error) = done {
        eprintln!("{error}");
        std::process::exit(1);
    }
}
