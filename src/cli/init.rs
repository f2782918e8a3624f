//! `pql init`: a first model for a dump.

use std::{
    ffi::OsString,
    io::{self, Write},
    path::{Path, PathBuf},
};

use super::{
    CommandError, ExitStatus,
    args::InputFormatArg,
    init_fields::{self, FieldChoice},
    inspect::{InputSurvey, ValueSamples, empty_model},
    interrupt,
    messages::Verbosity,
    prepare::find_inputs,
    print_stderr,
    stdout::print_stdout,
    threads,
};
use crate::commands::init;
use pql_engine::{
    fs::publish::{FileAccess, StagedFile, commit, sweep_temporaries},
    inspect::{FieldGuess, FieldSurvey, InspectedInput, PartGuess},
    plan::parse,
    read::{BlockLimits, ChangeGuard, FileId, InputSource, keep_pipe_heads},
};
use pql_model::diag::{SourceDocument, escape_controls};

/// Write a first model for these events: the built-in example with your events in it.
///
/// Reads the events once and guesses from their names which of the example's signals they are; each guess stands in the model with its reason. The
/// model can be used at once, with `pql score EVENTS`, and is meant to be edited.
#[derive(Debug, clap::Args)]
pub(super) struct InitArguments {
    /// Files, folders or patterns of events, plain or as gzip, zstd or zip; `-` is the standard input
    #[arg(required = true, value_name = "EVENTS")]
    events: Vec<OsString>,

    /// Write the model to this file; `-` is the standard output
    #[arg(short, long, value_name = "FILE", default_value = "scoring.toml")]
    output: PathBuf,

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

impl InitArguments {
    /// Reads the events, by the fields that were said or that look like the parts of an event.
    fn read(&self, inputs: Vec<InputSource>) -> Result<InitReading, CommandError> {
        // What gives its bytes only once gets no second look; the guess stands in the model all the same.
        let watch = ChangeGuard::begin(&inputs).ok();
        let fields = self.survey(inputs.clone()).fields();
        let guess = init_fields::chosen(&fields, &self.fields)?;
        let said = !self.fields.is_empty();
        if said || (fields.is_native && fields.differs && guess.is_complete()) {
            let own = |one: &PartGuess| fields.is_native || self.fields.iter().any(|choice| choice.is(one));
            let parts: Vec<PartGuess> = guess.parts.iter().filter(|one| own(one)).cloned().collect();
            let read = self.read_by(inputs, fields, parts)?;
            watch.map_or(Ok(()), |watch| watch.verify())?;
            return Ok(read);
        }
        let dump = self.survey(inputs.clone()).profile(&empty_model("")?, fields.clone());
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
            values: ValueSamples::Omitted,
            limits: self.max_line.with_table(self.max_table),
            now: jiff::Timestamp::now().as_microsecond(),
        }
    }
}

pub(super) fn run(arguments: &InitArguments) -> Result<ExitStatus, CommandError> {
    let path = arguments.output.as_path();
    let name = path.display().to_string();
    let to_stdout = path.as_os_str() == "-";
    if !to_stdout && !arguments.force && path.symlink_metadata().is_ok() {
        return Err(CommandError::usage(format!(
            "`{name}` is there already and is left as it is; -o FILE writes another file, --force writes over this one"
        )));
    }
    let inputs = find_inputs(&arguments.events, Verbosity::of_flag(arguments.quiet))?;
    let staged = if to_stdout { None } else { Some(begin(arguments, &inputs)?) };
    let InitReading { dump, fields } = arguments.read(keep_pipe_heads(inputs)?)?;
    if !arguments.quiet {
        threads::note_missing_threads();
    }
    let text = init::render_model(&dump, &fields);
    let document = SourceDocument { name: name.clone(), text };
    let model =
        parse(&document).map_err(|problems| CommandError::Document(Box::new(problems), ExitStatus::Negative))?;
    match staged {
        Some(staged) => write(staged, &document.text, path)?,
        None => print_stdout(&document.text)?,
    }
    if !arguments.quiet && !to_stdout {
        let wired = pql_engine::inspect::find_model_gaps(&dump.survey, &model.resolved);
        let found = wired.events - wired.missing_events.len() as u64;
        print_stderr(&escape_controls(&format!(
            "{name}: {found} of the {} events that its signals use are found among yours; read sections 2 and 3, then: pql score EVENTS -m {name}",
            wired.events
        )));
    }
    Ok(ExitStatus::Done)
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

/// Begins the file before the events are read, so that a folder without write access is reported at once.
fn begin(arguments: &InitArguments, inputs: &[InputSource]) -> Result<StagedFile, CommandError> {
    let path = arguments.output.as_path();
    spare_inputs(path, inputs)?;
    interrupt::watch();
    sweep_temporaries(path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")));
    let staged = StagedFile::new(path, FileAccess::Shared)?;
    Ok(if arguments.force { staged } else { staged.keeping_existing() })
}

fn write(mut staged: StagedFile, text: &str, path: &Path) -> Result<(), CommandError> {
    staged.write_all(text.as_bytes()).map_err(|error| CommandError::writing(error, path))?;
    Ok(commit(vec![staged])?)
}
