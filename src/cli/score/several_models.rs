//! Several models in one run. Each model writes into its own folder below `--out`, which has the name of the model.
//!
//! All models are read before the first one runs, so a run with a broken model or two equal names writes nothing.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use super::{ScoreArguments, run_model};
use crate::cli::{CommandError, ExitStatus, messages::Verbosity, model_file, print_stderr};
use pql_engine::{
    plan::parse,
    read::{ChangeGuard, resolve_inputs},
};
use pql_model::diag::escape_controls;

/// A model with the folder of its results.
struct NamedModel {
    path: PathBuf,
    /// The `name` of the model, else the name of its file.
    name: String,
}

/// Scores the same events under each model in turn. The exit code is the most severe one.
///
/// # Errors
/// Options that name one file for all models, models with problems, names that cannot be folders or are equal, events that can be read only once,
/// and those of each run. The folders of earlier models stay as these runs published them.
pub(super) fn run(arguments: &ScoreArguments) -> Result<ExitStatus, CommandError> {
    let out = folder_of_all(arguments)?;
    let models = named_models(&arguments.models)?;
    refuse_equal_names(&models)?;
    refuse_folder_of_events(out, &arguments.events)?;
    let guard = ChangeGuard::begin(&resolve_inputs(&arguments.events)?.inputs)?;
    let mut exit = ExitStatus::Done;
    for model in models {
        guard.verify()?;
        let folder = out.join(&model.name);
        if arguments.verbosity() == Verbosity::Notes {
            let (path, folder) = (model.path.display().to_string(), folder.display().to_string());
            print_stderr(&escape_controls(&format!("note: the model {path} writes into {folder}")));
        }
        let under = model.path.display().to_string();
        let record = arguments.record.as_ref().map(|record| record.join(&model.name));
        let alone = ScoreArguments { models: vec![model.path], out: Some(folder), record, ..arguments.clone() };
        exit = exit.max(run_model(&alone).map_err(|failure| failure.under_model(&under))?);
    }
    Ok(exit)
}

/// The folder of `--out`.
///
/// # Errors
/// There is none, or an option names one file for all models.
fn folder_of_all(arguments: &ScoreArguments) -> Result<&Path, CommandError> {
    let Some(out) = &arguments.out else {
        return Err(CommandError::usage("several models need --out DIR, which gets a folder for each of them"));
    };
    let single = [("--rejects", &arguments.rejects), ("--id-map", &arguments.id_map)];
    match single.into_iter().find(|(_, path)| path.is_some()) {
        Some((option, _)) => Err(CommandError::usage(format!(
            "{option} names one file, and there are several models; leave it out, or run each model by itself"
        ))),
        None => Ok(out),
    }
}

/// Refuses a folder that lies in a folder of events: the second model would read the results of the first one as events.
///
/// # Errors
/// Both folders.
fn refuse_folder_of_events(out: &Path, events: &[OsString]) -> Result<(), CommandError> {
    let existing = out.ancestors().find_map(|folder| {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        folder.canonicalize().ok()
    });
    let Some(existing) = existing else { return Ok(()) };
    let holds = |folder: &&OsString| {
        Path::new(folder).canonicalize().is_ok_and(|path| path.is_dir() && existing.starts_with(path))
    };
    match events.iter().find(holds) {
        Some(folder) => Err(CommandError::usage(format!(
            "--out `{}` lies in the folder `{}` of events, where the second model would read the results of the first one; \
             name a folder outside",
            out.display(),
            folder.to_string_lossy()
        ))),
        None => Ok(()),
    }
}

/// Reads all models.
///
/// # Errors
/// The problems of all of them; a name that cannot be a folder.
fn named_models(paths: &[PathBuf]) -> Result<Vec<NamedModel>, CommandError> {
    let mut models = Vec::new();
    let mut broken = Vec::new();
    for path in paths {
        match parse(&model_file::read(path)?) {
            Ok(model) => models.push(NamedModel { path: path.clone(), name: folder_name(path, &model.resolved.name)? }),
            Err(problems) => broken.push(problems),
        }
    }
    if broken.is_empty() { Ok(models) } else { Err(CommandError::documents(broken)) }
}

/// The name of a model's folder: the name of the model, else the name of its file without the ending.
fn folder_name(path: &Path, name: &str) -> Result<String, CommandError> {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let folder = if name.is_empty() { stem.into_owned() } else { name.to_owned() };
    let is_plain = !folder.contains(['/', '\\', ':']) && !folder.contains(char::is_control) && !folder.starts_with('.');
    if is_plain && folder.trim() == folder {
        return Ok(folder);
    }
    Err(CommandError::usage(format!(
        "`{}`: `{folder}` cannot be the name of a folder; several models need names of letters, digits, spaces, - or _",
        path.display()
    )))
}

/// Refuses two models of one name; some file systems know no difference of case.
fn refuse_equal_names(models: &[NamedModel]) -> Result<(), CommandError> {
    for (place, model) in models.iter().enumerate() {
        let same = |other: &&NamedModel| other.name.to_lowercase() == model.name.to_lowercase();
        if let Some(other) = models[..place].iter().find(same) {
            return Err(CommandError::usage(format!(
                "the models `{}` and `{}` have one name, `{}`, and would write into one folder; give each a `name` of its own",
                other.path.display(),
                model.path.display(),
                model.name
            )));
        }
    }
    Ok(())
}
