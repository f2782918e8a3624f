//! Columns by the name of a column, of a fact, or by an expression; the rows of files and of the standard output.

use super::{
    ModelResolver, PhaseLimit,
    fact_resolver::{declare_trait, is_usual_trait},
    level::category_names,
};
use crate::{
    EntityKind, codes,
    diag::{Diagnostic, near_miss},
    expr::{Program, ValueType},
    output_columns::{ColumnSource, ColumnType, OutputColumn, PersonColumn, extra_columns, standard_columns},
    resolved::{ListFile, ListLevel, ListRows, PersonRole, RowQuery, SuppressedRows},
    syntax::ListSyntax,
    toml_reader::SpannedText,
};

impl ModelResolver<'_, '_> {
    /// The files for others, with their columns.
    pub(super) fn output_files(&mut self) -> Vec<ListFile> {
        let file = self.file;
        file.output.files.iter().map(|one| self.output_file(one)).collect()
    }

    fn output_file(&mut self, one: &ListSyntax) -> ListFile {
        let query = match one.level {
            ListLevel::Entities(kind) => self.file_query(kind, one),
            // Their columns are those of the record.
            ListLevel::Alerts | ListLevel::Changes => RowQuery { limit: one.limit, ..RowQuery::default() },
        };
        let (format, level, rows) = (one.format, one.level, one.rows);
        ListFile { name: one.name.value.clone(), format, level, rows, query, span: one.name.span.clone() }
    }

    fn file_query(&mut self, kind: EntityKind, one: &ListSyntax) -> RowQuery {
        let when = one.when.as_ref().and_then(|text| self.condition(kind, text, PhaseLimit::NONE));
        let order = match &one.order {
            Some(order) => order.iter().filter_map(|text| self.column_source(kind, text)).collect(),
            None => vec![ColumnSource::Score, ColumnSource::LastSeen],
        };
        let unique = one.unique.as_ref().and_then(|text| self.column_source(kind, text));
        let columns = one.columns.as_ref().map(|columns| {
            columns.iter().filter_map(|(header, text)| self.output_column(kind, &header.value, text)).collect()
        });
        let columns: Option<Vec<OutputColumn>> = columns;
        if let (ListRows::Changed, Some(columns)) = (one.rows, &columns) {
            self.require_key(columns, unique.unwrap_or(ColumnSource::EntityId), one);
        }
        let suppressed = SuppressedRows::LeftOut;
        RowQuery { when, suppressed, order: Some(order), limit: one.limit, unique, columns }
    }

    /// Rows that are deleted have nothing but their key, so the key must be one of the columns.
    fn require_key(&mut self, columns: &[OutputColumn], key: ColumnSource, one: &ListSyntax) {
        if columns.iter().any(|column| column.source == key) {
            return;
        }
        let message = format!("`{}` has `rows = \"changed\"` and no column with the key of its rows", one.name.value);
        let label = "a row to delete has only its key";
        let key = one
            .unique
            .as_ref()
            .map_or("the id (`account_id` or `user_id`)".to_owned(), |name| format!("`{}`", name.value));
        let problem = Diagnostic::error(codes::MISSING_KEY, one.name.span.clone(), message, label);
        self.found.add(problem.help(format!("add {key} to its columns, or name another key with `unique`")));
    }

    pub(super) fn column_source(&mut self, kind: EntityKind, text: &SpannedText) -> Option<ColumnSource> {
        self.output_column(kind, &text.value, text).map(|column| column.source)
    }

    /// A column by the name of a column of the level, the name of a fact, or `=` and an expression.
    pub(super) fn output_column(&mut self, kind: EntityKind, header: &str, text: &SpannedText) -> Option<OutputColumn> {
        if text.value.starts_with('=') {
            // A space in its place keeps what follows where it stands.
            let expression = SpannedText::new(text.value.replacen('=', " ", 1), text.span.clone());
            let (program, value, _) = self.expression(kind, &expression, PhaseLimit::NONE)?;
            return Some(self.computed_column(kind, header, (program, value)));
        }
        let columns = self.level_columns(kind);
        if let Some(column) = columns.iter().find(|column| column.name == text.value) {
            return Some(OutputColumn::new(header, column.kind, column.source));
        }
        if let Some((source, value)) = self.person_column(kind, &text.value) {
            return Some(OutputColumn::new(header, value, source));
        }
        let is_name = !text.value.contains('.') && !text.value.contains('"');
        if is_name && !self.side(kind).declared.contains_key(&text.value) {
            self.unknown_column(kind, text, &columns);
            return None;
        }
        let (program, value, _) = self.expression(kind, text, PhaseLimit::NONE)?;
        Some(self.computed_column(kind, header, (program, value)))
    }

    /// A column of an account's champion or buyer that is no fact, such as `champion.say`.
    pub(super) fn person_column(&self, kind: EntityKind, name: &str) -> Option<(ColumnSource, ColumnType)> {
        let (word, name) = name.split_once('.').filter(|_| kind == EntityKind::Account)?;
        let role = PersonRole::ALL.into_iter().find(|role| role.word() == word)?;
        // A fact of the user goes first, and without a buyer the name is reported as that of a fact.
        let is_fact = self.user.declared.contains_key(name);
        let has_person = role == PersonRole::Champion || self.file.user.buyer.is_some();
        let (column, value) = PersonColumn::named(name).filter(|_| has_person && !is_fact)?;
        Some((ColumnSource::OfPerson(role, column), value))
    }

    /// The columns that every model has, with those of its categories and milestones.
    pub(super) fn level_columns(&mut self, kind: EntityKind) -> Vec<OutputColumn> {
        let file = self.level_file(kind);
        let categories = category_names(file);
        let milestones = file.milestones.iter().map(|milestone| milestone.name.value.as_str());
        let mut columns = standard_columns(kind, categories.iter().map(String::as_str), milestones);
        columns.extend(extra_columns());
        columns
    }

    fn unknown_column(&mut self, kind: EntityKind, text: &SpannedText, columns: &[OutputColumn]) {
        let mut known: Vec<&str> = self.side(kind).declared.keys().map(String::as_str).collect();
        known.extend(columns.iter().map(|column| column.name.as_str()));
        known.sort_unstable();
        let near = near_miss(&text.value, known).map(|near| format!("a name that exists is `{near}`"));
        let usual = is_usual_trait(&text.value).then(|| declare_trait(kind, &text.value));
        let help = near.or(usual).or_else(|| Some("write `= ` before an expression".to_owned()));
        let message = format!("no column and no fact `{}` of {}", text.value, kind.plural());
        self.error(codes::UNKNOWN_NAME, &text.span, message, "nothing has this name", help);
    }

    /// A column of a fact, or of an expression that is kept with its level.
    fn computed_column(
        &mut self,
        kind: EntityKind,
        header: &str,
        (program, value): (Program, ValueType),
    ) -> OutputColumn {
        let source = match program {
            Program::Slot(slot) => ColumnSource::Fact(slot),
            program => {
                let computed = &mut self.side(kind).computed;
                computed.push(program);
                ColumnSource::Computed(computed.len() - 1)
            }
        };
        OutputColumn::new(header, ColumnType::of_value(value), source)
    }
}
