//! Takes a record back to the run before.
//!
//! Alerts that the undone run fired stay noted, so that they do not fire again: the run before gets them and becomes a run of a new number.

use std::collections::BTreeMap;

use super::{
    entity_lines::write_entities,
    error::RecordError,
    folder::RecordFolder,
    head::{HeadRun, RecordHead},
    header::LevelHeader,
    recorded_run::{RecordedRun, of_kind},
    run_files::{ENTITY_FILES, LISTS_FILE, MODEL_FILE, OWN_LOG_FILE, RunFiles, TABLE_FILES},
    staged_run::{RunLog, begin_files},
    wire::WireDay,
};
use crate::{
    fs::publish::commit,
    record::{AlertStanding, DepartedEntity, KeptEntity, LevelRecord, ListRecord},
};
use pql_model::{
    EntityKind,
    units::{Day, Micros},
};

/// What `undo` did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UndoneRun {
    /// The number of the run that is gone.
    pub number: u32,
    /// Its instant.
    pub as_of: Micros,
    /// Whether its lists were published.
    pub published: bool,
    /// The instant of the newest run now.
    pub now: Micros,
    /// Alerts that the run fired and that stay noted.
    pub noted_alerts: u64,
    /// Why its alerts could not be read, so that they may fire again.
    pub unreadable: Option<String>,
}

impl RecordFolder {
    /// Goes back to the run before the newest one.
    ///
    /// A run whose lists were not published fired no alert that anybody saw. So nothing of it stays.
    ///
    /// # Errors
    ///
    /// There is no run before; it is damaged; files cannot be written.
    pub fn undo(&mut self) -> Result<UndoneRun, RecordError> {
        let (newest, before) = self.last_two()?;
        let dir = self.view().dir().to_path_buf();
        let mut target = RecordedRun::read(&dir, before)?;
        let (fired, unreadable) = match newest.published {
            true => self.fired_alerts(newest)?,
            false => (Vec::new(), None),
        };
        for one in &fired {
            one.note_in(&mut target.list);
        }
        let head = match fired.is_empty() {
            true => self.view().head.without_newest(),
            false => self.rewrite(before, newest.number + 1, &target.list)?,
        };
        self.set_head(head)?;
        if let Some(published) = self.view().head.newest_published() {
            RunLog::of_run(&RunFiles::open(&dir, published)?)?.put_last(&dir)?;
        }
        Ok(UndoneRun {
            number: newest.number,
            as_of: newest.as_of(),
            published: newest.published,
            now: before.as_of(),
            noted_alerts: fired.len() as u64,
            unreadable,
        })
    }

    /// The newest run and the published one before it.
    fn last_two(&self) -> Result<(HeadRun, HeadRun), RecordError> {
        let nothing = || RecordError::NothingBefore { dir: self.view().dir().to_path_buf() };
        let newest = self.view().head.newest().ok_or_else(nothing)?;
        let before = self.view().head.without_newest().newest_published().ok_or_else(nothing)?;
        Ok((newest, before))
    }

    /// The alerts that a run fired; if it is damaged, none and the reason.
    fn fired_alerts(&self, run: HeadRun) -> Result<(Vec<FiredAlert>, Option<String>), RecordError> {
        match RecordedRun::read(self.view().dir(), run) {
            Ok(read) => Ok((FiredAlert::all(&read.list), None)),
            Err(RecordError::Damaged(damage)) => Ok((Vec::new(), Some(damage.finding()))),
            Err(other) => Err(other),
        }
    }

    /// Writes a run with another list, under a new number. Gives the head with it in place of the old one and of all newer ones.
    fn rewrite(&mut self, old: HeadRun, number: u32, list: &ListRecord) -> Result<RecordHead, RecordError> {
        let dir = self.view().dir().to_path_buf();
        let files = RunFiles::open(&dir, old)?;
        let run = old.renumbered(number);
        let (fresh, mut written) = begin_files(&dir, run)?;
        for kind in EntityKind::ALL {
            let level = &list.levels[kind];
            written.add(of_kind(ENTITY_FILES, kind), |mut file| write_entities(level, &mut file))?;
        }
        for name in TABLE_FILES.into_iter().chain([LISTS_FILE, OWN_LOG_FILE, MODEL_FILE]).filter(|name| files.has(name))
        {
            let bytes = files.read(name)?;
            written.add(name, |file| file.write_all(&bytes))?;
        }
        let mut header = files.header.clone();
        header.run = number;
        header.users = LevelHeader::of_level(&list.levels.user);
        header.accounts = LevelHeader::of_level(&list.levels.account);
        header.assigned = list.assigned.iter().map(|(day, members)| (WireDay(*day), members.clone())).collect();
        written.add_header(&mut header)?;
        commit(written.staged)?;
        fresh.keep();
        Ok(self.view().head.with_rewritten(old, run))
    }
}

/// An alert that a run fired.
struct FiredAlert {
    kind: EntityKind,
    id: Box<str>,
    alert: String,
    /// The date on which it fired.
    day: Day,
    assignee: Option<Box<str>>,
}

impl FiredAlert {
    fn all(list: &ListRecord) -> Vec<FiredAlert> {
        let mut fired = Vec::new();
        for kind in EntityKind::ALL {
            let level = &list.levels[kind];
            for (standing, kept) in level.snapshot.standings.iter().zip(&level.kept) {
                let now = kept.alerts.iter().filter(|(_, alert)| alert.fired_now.is_some());
                fired.extend(now.map(|(place, _)| FiredAlert {
                    kind,
                    id: standing.id.clone(),
                    alert: level.alerts[*place as usize].clone(),
                    day: list.as_of.day,
                    assignee: kept.assignee.clone(),
                }));
            }
        }
        fired
    }

    /// Notes the alert in an earlier list: it held and fired, and so is not due again while it holds.
    fn note_in(&self, list: &mut ListRecord) {
        let day = list.as_of.day;
        let level = &mut list.levels[self.kind];
        let place = level.alerts.iter().position(|name| *name == self.alert).unwrap_or(level.alerts.len());
        if place == level.alerts.len() {
            level.alerts.push(self.alert.clone());
        }
        let kept = kept_of(level, &self.id, day);
        kept.set_alert(place as u32, AlertStanding { held: true, fired: Some(self.day), ..AlertStanding::default() });
        if let Some(assignee) = &self.assignee {
            kept.assignee = Some(assignee.clone());
            let members: &mut BTreeMap<String, u64> = list.assigned.entry(self.day).or_default();
            *members.entry(assignee.to_string()).or_default() += 1;
        }
    }
}

/// What a level keeps of an entity. An entity that it does not know yet counts as gone.
fn kept_of<'l>(level: &'l mut LevelRecord, id: &str, day: Day) -> &'l mut KeptEntity {
    let known = level.snapshot.standings.binary_search_by(|standing| (*standing.id).cmp(id));
    match known {
        Ok(place) => &mut level.kept[place],
        Err(_) => {
            let kept = || KeptEntity { tier_since: day, first_qualified: None, assignee: None, alerts: [].into() };
            &mut level.departed.entry(id.into()).or_insert_with(|| DepartedEntity { gone: day, kept: kept() }).kept
        }
    }
}
