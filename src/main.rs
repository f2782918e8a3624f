fn main() {
    for name in std::env::args().skip(1) {
        let text = std::fs::read_to_string(&name).unwrap();
        let r = pql::model::parse(&pql::diag::Document { name, text });
        match r {
            Ok(m) => println!(
                "ok {} facts {} {} steps {} cells {} words {} sets {} props {}",
                m.name,
                m.user.facts.len(),
                m.account.facts.len(),
                m.steps.len(),
                m.intake.cells.len(),
                m.intake.words.len(),
                m.intake.day_sets,
                m.intake.properties.len()
            ),
            Err(e) => println!("{e}"),
        }
    }
}
