//! `pql init`: a first model for a dump.

use std::{
    ffi::OsString,
    io::{self, IsTerminal, Write},
    path::{Path, PathBuf},
};

use super::{
    CommandError, ExitStatus,
    args::{InputFormatArg, TableArgs},
    enrichment::{EnrichmentFiles, EventsAtHand},
    init_choices::{self, SetOption},
    init_fields::{self, FieldChoice},
    init_name,
    init_outcomes::KeySearch,
    init_questions::{self, AskedEvents},
    init_report::InitReport,
    init_tables,
    init_trial::ModelTrial,
    inspect::{InputSurvey, ValueSamples, empty_model},
    interrupt,
    messages::Verbosity,
    prepare::find_inputs,
    shell::shell_word,
    stdout::print_stdout,
    threads,
};
use crate::commands::init::{self, EntityTable, EventWiring, FirstModel, FirstModelJob, LevelOutlook, ModelLessons};
use pql_engine::{
    fs::publish::{FileAccess, StagedFile, commit, sweep_temporaries},
    inspect::{FieldGuess, FieldSurvey, InspectedInput, PartGuess},
    pipeline::EnrichmentCoverage,
    plan::parse,
    read::{BlockLimits, ChangeGuard, FileId, InputSource, keep_pipe_heads},
};
use pql_model::{PerKind, ShippedModel, diag::SourceDocument};

/// Times that the dump is scored for what only scoring shows.
const TRIALS_MAX: usize = 4;

/// Write a first model for these events: what of a shipped model they can pay.
///
/// Guesses from the names of events, and from what people do, which of the model's events they are; each guess stands in the model with its reason. Signals
/// that nothing in these events can pay are a list at the end. Columns of the files of users and accounts become traits. On a terminal it asks about what is unsure. The model can be used at once, with
/// `pql score EVENTS`, and is meant to be edited.
#[derive(Debug, clap::Args)]
pub(super) struct InitArguments {
    /// Files, folders or patterns of events, plain or as gzip, zstd or zip; `-` is the standard input
    #[arg(required = true, value_name = "EVENTS")]
    events: Vec<OsString>,

    /// Write the model to this file; `-` is the standard output
    #[arg(short, long, value_name = "FILE", default_value = "scoring.toml")]
    output: PathBuf,

    #[command(flatten)]
    tables: TableArgs,

    /// Write cases for the model to this file, in the names of your events, for `pql test`
    #[arg(long, value_name = "FILE")]
    cases: Option<PathBuf>,

    /// Cut the model from this shipped one: sales, b2b or enterprise
    #[arg(long, value_name = "NAME", default_value = "sales", value_parser = init_choices::parse_shipped)]
    model: &'static ShippedModel,

    /// Take this event for one of the model, as in pricing_page_viewed="Plan Viewed"; without an event: there is none. Several events have commas between them, as in signup_completed="Signed Up,Invite Accepted". May be given several times
    #[arg(long, value_name = "NAME=EVENT", value_parser = init_choices::parse_set)]
    set: Vec<SetOption>,

    /// Take all guesses and ask nothing
    #[arg(short, long)]
    yes: bool,

    /// Read these parts of an event from these fields: event, user, anonymous, account, time, id, properties [default: told by names and values]
    #[arg(long, value_name = "PART=FIELD", value_delimiter = ',', value_parser = init_fields::parse_choice)]
    fields: Vec<FieldChoice>,

    /// Write over a file that is there
    #[arg(long)]
    force: bool,

    /// Read files as this format [default: told by the first lines of each file]
    #[arg(long, value_enum, value_name = "FORMAT")]
    from: Option<InputFormatArg>,

    /// Reject lines that are longer than this: bytes, or with KiB, MiB or GiB
    #[arg(long, value_name = "SIZE", default_value = "16MiB", value_parser = super::args::parse_max_line)]
    max_line: BlockLimits,

    /// End at a Parquet file that would take more memory than this: bytes, or with KiB, MiB or GiB
    #[arg(long, value_name = "SIZE", default_value = "256MiB", value_parser = super::args::parse_max_table)]
    max_table: usize,

    /// Say nothing but errors
    #[arg(short, long)]
    quiet: bool,
}

/// The dump as it was read, and the fields that it was read by, if a model has to name them.
struct InitReading {
    dump: InspectedInput,
    fields: Vec<PartGuess>,
}

/// A model that can be written.
struct FinishedModel {
    first: FirstModel,
    wiring: EventWiring,
    /// What it says of the dump; none if that could be read only once.
    outlook: Option<PerKind<LevelOutlook>>,
    /// The rows of the files of users and accounts; none as above.
    coverage: Option<EnrichmentCoverage>,
    /// These files.
    tables: PerKind<Option<EntityTable>>,
}

impl InitArguments {
    /// Reads the events, by the fields that were said or that look like the parts of an event.
    fn read(&self, inputs: Vec<InputSource>, files: &EnrichmentFiles<'_>) -> Result<InitReading, CommandError> {
        // What gives its bytes only once gets no second look; the guess stands in the model all the same.
        let watch = ChangeGuard::begin(&inputs).ok();
        let survey = self.survey(inputs.clone());
        let mut fields = survey.fields();
        fields.told_by(&files.ids(self.max_line.with_table(self.max_table))?, survey.now);
        let guess = init_fields::chosen(&fields, &self.fields)?;
        let said = !self.fields.is_empty();
        // Records in the plain layout may tell of people beside their properties.
        let tells_more = guess.parts.iter().any(|one| one.also.is_some());
        if !said && fields.is_native && !fields.differs && tells_more && guess.is_complete() {
            let parts = guess.parts.into_iter().filter(|one| one.also.is_some()).collect();
            let read = self.read_by(inputs, fields, parts)?;
            watch.map_or(Ok(()), |watch| watch.verify())?;
            return Ok(read);
        }
        if said || (fields.is_native && fields.differs && guess.is_complete()) {
            let own = |one: &PartGuess| fields.is_native || self.fields.iter().any(|choice| choice.is(one));
            let parts: Vec<PartGuess> = guess.parts.iter().filter(|one| own(one)).cloned().collect();
            let read = self.read_by(inputs, fields, parts)?;
            watch.map_or(Ok(()), |watch| watch.verify())?;
            return Ok(read);
        }
        let dump = self.survey(inputs.clone()).profile(&empty_model("")?, fields.clone());
        if dump.as_ref().is_ok_and(|dump| dump.survey.records() == 0) {
            let text = "the input is empty: not a single record was read, so there is no model to write";
            return Err(CommandError::Error(anyhow::anyhow!("{text}"), ExitStatus::Negative));
        }
        let dump = dump.inspect_err(|_| init_fields::note_columns(&fields))?;
        let lost = dump.is_native() && dump.survey.rejected() * 2 > dump.survey.records();
        if let Some(watch) = watch.filter(|_| lost && guess.is_complete()) {
            let read = self.read_by(inputs, dump.fields, guess.parts)?;
            watch.verify()?;
            return Ok(read);
        }
        if dump.survey.events() == 0 {
            Err(init_fields::no_event(&dump.fields, &guess))
        } else {
            Ok(InitReading { dump, fields: Vec::new() })
        }
    }

    fn read_by(
        &self,
        inputs: Vec<InputSource>,
        survey: FieldSurvey,
        fields: Vec<PartGuess>,
    ) -> Result<InitReading, CommandError> {
        let model = empty_model(&init::fields_table(&fields))?;
        let dump = self.survey(inputs).profile(&model, survey)?;
        if dump.survey.events() == 0 {
            return Err(init_fields::no_event(&dump.fields, &FieldGuess { parts: fields }));
        }
        Ok(InitReading { dump, fields })
    }

    fn survey(&self, inputs: Vec<InputSource>) -> InputSurvey<'static> {
        InputSurvey {
            inputs,
            format: self.from.map_or("auto", InputFormatArg::as_str),
            threads: None,
            // Questions show what few words a property has.
            values: if self.asks() { ValueSamples::Kept } else { ValueSamples::Omitted },
            limits: self.max_line.with_table(self.max_table),
            now: jiff::Timestamp::now().as_microsecond(),
        }
    }
}

pub(super) fn run(arguments: &InitArguments) -> Result<ExitStatus, CommandError> {
    let path = arguments.output.as_path();
    let name = path.display().to_string();
    let to_stdout = path.as_os_str() == "-";
    if to_stdout && arguments.cases.is_some() {
        return Err(CommandError::usage("--cases needs a model in a file: -o FILE names it".to_owned()));
    }
    for path in arguments.outputs() {
        if !arguments.force && path.symlink_metadata().is_ok() {
            return Err(CommandError::usage(format!(
                "`{}` is there already and is left as it is; {} FILE writes another file, --force writes over this one",
                path.display(),
                if path == arguments.output { "-o" } else { "--cases" }
            )));
        }
    }
    let inputs = find_inputs(&arguments.events, Verbosity::of_flag(arguments.quiet))?;
    let staged: Vec<StagedFile> =
        arguments.outputs().map(|path| begin(arguments, path, &inputs)).collect::<Result<_, _>>()?;
    let guard = ChangeGuard::begin(&inputs).ok();
    let mut files = EnrichmentFiles::open(&arguments.tables)?;
    let reading = arguments.read(keep_pipe_heads(inputs.clone())?, &files)?;
    if !arguments.quiet {
        threads::note_missing_threads();
    }
    let mut finished = arguments.finish(&reading, (&inputs, guard.as_ref()), &mut files)?;
    let outcomes = arguments.map_outcomes(&inputs, &files, &mut finished.first)?;
    let FinishedModel { first, wiring, outlook, coverage, tables } = &finished;
    let broken = |problems| CommandError::Document(Box::new(problems), ExitStatus::Negative);
    parse(&SourceDocument { name: name.clone(), text: first.text.clone() }).map_err(broken)?;
    let mut texts = vec![first.text.clone()];
    if let Some(cases) = &arguments.cases {
        texts.push(init::cases_for(first, wiring, &model_beside(path, cases)).map_err(broken)?);
    }
    if to_stdout {
        print_stdout(&first.text)?;
    } else {
        write(staged, &texts, &arguments.outputs().collect::<Vec<_>>())?;
    }
    if !arguments.quiet && !to_stdout {
        let cases = arguments.cases.as_ref().map(|path| path.display().to_string());
        let next = arguments.next_command(&files);
        InitReport {
            name: &name,
            shipped: arguments.model,
            wiring,
            model: first,
            outlook: outlook.as_ref(),
            coverage: coverage.as_ref(),
            tables,
            outcomes: &outcomes,
            cases: cases.as_deref(),
            next: &next,
        }
        .print();
    }
    Ok(ExitStatus::Done)
}

/// The path of the model as a file of cases names it.
fn model_beside(model: &Path, cases: &Path) -> String {
    let name = model.file_name().map(Path::new).filter(|_| model.parent() == cases.parent());
    let whole = || std::path::absolute(model).unwrap_or_else(|_| model.to_owned());
    name.map_or_else(whole, Path::to_owned).display().to_string()
}

impl InitArguments {
    /// The model for what was read, tried on it if it can be read again.
    fn finish(
        &self,
        reading: &InitReading,
        (inputs, guard): (&[InputSource], Option<&ChangeGuard>),
        files: &mut EnrichmentFiles<'_>,
    ) -> Result<FinishedModel, CommandError> {
        let InitReading { dump, fields } = reading;
        let limits = self.max_line.with_table(self.max_table);
        let format = self.from.map_or("auto", InputFormatArg::as_str);
        let model = empty_model(&init::fields_table(fields))?;
        let tables = files.survey(&model, EventsAtHand { inputs, format, limits })?;
        init_tables::refuse_empty(&tables)?;
        let wiring = self.wire(dump)?;
        let name = init_name::model_name(&self.events, self.model);
        let trial = ModelTrial { inputs, guard, from: self.from, limits, dump, files, tables: &tables };
        let mut lessons = ModelLessons::default();
        let no_lessons = ModelLessons::default();
        let job = FirstModelJob {
            dump,
            fields,
            shipped: self.model,
            wiring: &wiring,
            tables: &tables,
            lessons: &no_lessons,
            name: &name,
        };
        let mut first = FirstModel::of(&job);
        let mut found = trial.run(&first)?;
        found.as_ref().map_or(Ok(()), |found| init_tables::refuse_strangers(&tables, &found.coverage))?;
        // Values that never occur, and how numbers and dates are written, are known only now.
        for _ in 0..TRIALS_MAX {
            let Some(new) = found.as_ref().map(|found| found.lessons.clone()) else { break };
            if !lessons.add(new) {
                break;
            }
            first = FirstModel::of(&FirstModelJob { lessons: &lessons, ..job });
            found = trial.run(&first)?;
        }
        let replaced = self.replaced_features(&first, &FirstModelJob { lessons: &lessons, ..job })?;
        first.remarks.extend(replaced);
        let unmet = found.as_mut().map(|found| std::mem::take(&mut found.unmet));
        first.remarks.extend(unmet.unwrap_or_else(|| first.gap_remarks()));
        let (outlook, coverage) = found.map(|found| (found.outlook, found.coverage)).unzip();
        Ok(FinishedModel { first, outlook, coverage, wiring, tables })
    }

    /// What the features that were said with `--set` take the place of.
    fn replaced_features(&self, first: &FirstModel, job: &FirstModelJob<'_>) -> Result<Option<String>, CommandError> {
        let mut choices = init_choices::choices(&self.set, self.model, job.dump)?;
        let said = choices.len();
        choices.retain(|choice| !init::is_of_features(&choice.event));
        if choices.len() == said {
            return Ok(None);
        }
        Ok(init::replaced_features(first, &init::wire_events(job.dump, self.model, &choices), job))
    }

    /// Adds the section for the files of outcomes to a model. Returns what there is to say of them.
    fn map_outcomes(
        &self,
        inputs: &[InputSource],
        tables: &EnrichmentFiles<'_>,
        first: &mut FirstModel,
    ) -> Result<Vec<String>, CommandError> {
        let files = tables.outcomes();
        if files.count() == 0 {
            return Ok(Vec::new());
        }
        let document = SourceDocument { name: "(the model)".to_owned(), text: first.text.clone() };
        let model = parse(&document).map_err(CommandError::document)?;
        let format = self.from.map_or(model.resolved.input.format, InputFormatArg::as_str);
        let events = EventsAtHand { inputs, format, limits: self.max_line.with_table(self.max_table) };
        let written = KeySearch { files, tables, events, model: &model }.write(&first.text)?;
        first.text.push_str(&written.text);
        Ok(written.lines)
    }

    /// The command that scores the dump with the model.
    fn next_command(&self, files: &EnrichmentFiles<'_>) -> String {
        let mut words: Vec<String> = ["pql", "score"].map(str::to_owned).into();
        words.extend(self.events.iter().map(|event| event.to_string_lossy().into_owned()));
        words.extend(["-m".to_owned(), self.output.display().to_string()]);
        words.extend(self.from.into_iter().flat_map(|from| ["--from".to_owned(), from.as_str().to_owned()]));
        words.extend(self.tables.file_words());
        words.extend(files.key_words());
        words.extend(["--out".to_owned(), "out".to_owned()]);
        words.iter().map(|word| shell_word(word)).collect::<Vec<_>>().join(" ")
    }

    /// The events of the model among those of the dump, with what was said and answered.
    fn wire(&self, dump: &InspectedInput) -> Result<EventWiring, CommandError> {
        let mut choices = init_choices::choices(&self.set, self.model, dump)?;
        let wiring = init::wire_events(dump, self.model, &choices);
        if !self.asks() {
            return Ok(wiring);
        }
        let events = AskedEvents {
            counts: &|name| init::counts_of(dump, name),
            values: &|name| init::values_of(dump, name),
            names: dump.survey.sorted_names().iter().map(|(name, _)| (*name).to_owned()).collect(),
        };
        let (mut input, mut out) = (io::stdin().lock(), io::stderr().lock());
        let answers = init_questions::ask(&events, &wiring, &choices, (&mut input, &mut out));
        choices.extend(answers.map_err(|error| CommandError::Error(error.into(), ExitStatus::Io))?);
        init_choices::refuse_captured(&choices)?;
        Ok(init::wire_events(dump, self.model, &choices))
    }

    /// The files that are written, the model first; none if the model goes to the standard output.
    fn outputs(&self) -> impl Iterator<Item = &Path> {
        let model = Some(self.output.as_path()).filter(|path| path.as_os_str() != "-");
        model.into_iter().chain(self.cases.as_deref())
    }

    /// Whether somebody is there to answer.
    fn asks(&self) -> bool {
        let reads_stdin = self.events.iter().any(|path| path == "-");
        !self.yes && !self.quiet && !reads_stdin && io::stdin().is_terminal() && io::stderr().is_terminal()
    }
}

/// Refuses to write over what is read, under whatever name.
fn spare_inputs(path: &Path, inputs: &[InputSource]) -> Result<(), CommandError> {
    let read = inputs.iter().filter_map(InputSource::path).filter_map(|path| FileId::of(path).ok());
    let stdin = inputs.iter().filter(|input| input.path().is_none()).filter_map(|_| FileId::of_open(&io::stdin()));
    match FileId::of(path) {
        Ok(output) if read.chain(stdin).any(|input| input == output) => Err(CommandError::usage(format!(
            "`{}` is read by this command and would be written over; -o FILE writes another file",
            path.display()
        ))),
        _ => Ok(()),
    }
}

/// Begins a file before the events are read, so that a folder without write access is reported at once.
fn begin(arguments: &InitArguments, path: &Path, inputs: &[InputSource]) -> Result<StagedFile, CommandError> {
    spare_inputs(path, inputs)?;
    interrupt::watch();
    sweep_temporaries(path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")));
    let staged = StagedFile::new(path, FileAccess::Shared)?;
    Ok(if arguments.force { staged } else { staged.keeping_existing() })
}

/// Writes all files or none.
fn write(mut staged: Vec<StagedFile>, texts: &[String], paths: &[&Path]) -> Result<(), CommandError> {
    for ((file, text), path) in staged.iter_mut().zip(texts).zip(paths) {
        file.write_all(text.as_bytes()).map_err(|error| CommandError::writing(error, path))?;
    }
    Ok(commit(staged)?)
}
