use std::io::{self, BufRead};

use csvstat::summary;

fn main() {
    let lines: Vec<String> = io::stdin().lock().lines().map_while(Result::ok).collect();
    match summary(lines.iter().map(String::as_str)) {
        Ok(figures) => println!("{figures:?}"),
        Err(error) => {
            eprintln!("csvstat: {error}");
            std::process::exit(1);
        }
    }
}
