//! The cells of one row, whatever the format of its file.

use serde_json::{Map, Value as Json};

use pql_model::units::Points;

/// How the file of a row writes texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RowLayout {
    /// As columns. An apostrophe may stand before a text, so that no spreadsheet runs it.
    Table,
    /// As objects.
    Objects,
}

/// One row.
#[derive(Debug)]
pub(super) struct RowCells {
    cells: Map<String, Json>,
    layout: RowLayout,
}

/// What a cell should be, for the message.
pub(super) type CellFault = &'static str;

impl RowCells {
    pub(super) fn new(cells: Map<String, Json>, layout: RowLayout) -> RowCells {
        RowCells { cells, layout }
    }

    /// The names of its columns.
    pub(super) fn columns(&self) -> impl Iterator<Item = &String> {
        self.cells.keys()
    }

    /// The text of a cell; none if it is empty.
    pub(super) fn text(&self, column: &str) -> Option<String> {
        match self.cells.get(column)? {
            Json::Null => None,
            Json::String(text) => {
                let own = text.strip_prefix('\'').filter(|_| self.layout == RowLayout::Table);
                Some(own.unwrap_or(text).to_owned()).filter(|text| !text.is_empty())
            }
            other => Some(other.to_string()),
        }
    }

    /// The points of a cell.
    pub(super) fn points(&self, column: &str) -> Result<Points, CellFault> {
        self.text(column).and_then(|text| Points::parse(&text)).ok_or("a number of points")
    }

    /// Whether a cell is true. An empty one is not: a level without tiers qualifies nobody.
    pub(super) fn truth(&self, column: &str) -> Result<bool, CellFault> {
        match self.text(column).as_deref() {
            Some("true") => Ok(true),
            Some("false") | None => Ok(false),
            Some(_) => Err("true or false"),
        }
    }

    /// What each signal pays, and what bounds give or take.
    pub(super) fn amounts(&self) -> Result<Vec<(String, Points)>, CellFault> {
        match self.cells.get("signals") {
            Some(Json::Array(signals)) => {
                let mut all = signals.iter().map(signal_points).collect::<Option<Vec<(String, Points)>>>();
                if let Some(all) = &mut all {
                    all.extend(self.bounds());
                }
                all.ok_or("the list of signals that pql writes")
            }
            _ => {
                let text = self.text("signals").unwrap_or_default();
                let parts = text.split(';').filter(|part| !part.is_empty());
                let amounts = parts.map(|part| {
                    let (name, points) = part.rsplit_once(':')?;
                    Some((name.to_owned(), Points::parse(points)?))
                });
                amounts.collect::<Option<Vec<(String, Points)>>>().ok_or("name:points of each signal, joined by `;`")
            }
        }
    }

    /// What the bounds of categories and of the score give or take, of an object with the whole breakdown.
    fn bounds(&self) -> Vec<(String, Points)> {
        let categories = self.cells.get("categories").and_then(Json::as_object).into_iter().flatten();
        let mut bounds: Vec<(String, Points)> = Vec::new();
        let mut sum = Points::ZERO;
        for (name, category) in categories {
            let points = |key: &str| category.get(key).and_then(number).unwrap_or(Points::ZERO);
            sum = sum + points("points");
            bounds.push((format!("cap:{name}"), points("points") - points("before_bounds")));
        }
        let raw = self.cells.get("score_before_bounds").and_then(number).unwrap_or(sum);
        let score = self.cells.get("score").and_then(number).unwrap_or(raw);
        bounds.push(("cap:score".to_owned(), score - raw));
        bounds
    }
}

/// A signal of a breakdown.
fn signal_points(signal: &Json) -> Option<(String, Points)> {
    Some((signal.get("name")?.as_str()?.to_owned(), number(signal.get("points")?)?))
}

fn number(value: &Json) -> Option<Points> {
    match value {
        Json::Number(number) => Points::parse(&number.to_string()),
        _ => None,
    }
}
