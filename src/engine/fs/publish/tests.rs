//! Files appear whole or not at all, even if links, modes and other runs interfere.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may stop at the first surprise")]

use std::{
    error::Error as _,
    fs,
    io::{self, Write},
    path::Path,
};

use tempfile::TempDir;

use super::{FileAccess, PublishError, StagedFile, commit, ensure_dir, sweep_temporaries};

fn staged(target: &Path, text: &str) -> StagedFile {
    let mut file = StagedFile::new(target, FileAccess::Shared).unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

/// The names in a folder, sorted.
fn names(folder: &TempDir) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn refused(target: &Path) -> PublishError {
    StagedFile::new(target, FileAccess::Shared).map(|_| ()).expect_err("expected an error")
}

#[test]
fn files_change_at_the_commit_and_not_before() {
    let folder = TempDir::new().unwrap();
    let (old, new) = (folder.path().join("old"), folder.path().join("new"));
    fs::write(&old, "before").unwrap();
    let files = vec![staged(&old, "after"), staged(&new, &"x".repeat(200_000))];
    assert_eq!(fs::read_to_string(&old).unwrap(), "before");
    assert!(!new.exists());
    commit(files).unwrap();
    assert_eq!(fs::read_to_string(&old).unwrap(), "after");
    assert_eq!(fs::metadata(&new).unwrap().len(), 200_000);
    assert_eq!(names(&folder), ["new", "old"]);
}

#[test]
fn a_dropped_file_leaves_nothing() {
    let folder = TempDir::new().unwrap();
    let file = staged(&folder.path().join("a"), &"x".repeat(200_000));
    assert_eq!(names(&folder).len(), 1);
    drop(file);
    assert!(names(&folder).is_empty());
}

#[test]
fn a_failed_rename_says_what_is_in_place() {
    let folder = TempDir::new().unwrap();
    let [a, b, c] = ["a", "b", "c"].map(|name| folder.path().join(name));
    let files = vec![staged(&a, "a"), staged(&b, "b"), staged(&c, "c")];
    fs::create_dir(&b).unwrap();
    match commit(files) {
        Err(error @ PublishError::Rename { published: 1, .. }) => assert!(error.source().is_some()),
        other => panic!("{other:?}"),
    }
    assert_eq!(names(&folder), ["a", "b"]);
}

#[test]
fn two_files_for_one_target_change_nothing() {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("sub")).unwrap();
    let files = vec![staged(&folder.path().join("a"), "1"), staged(&folder.path().join("sub/../a"), "2")];
    assert!(matches!(commit(files), Err(PublishError::SameTarget { .. })));
    assert_eq!(names(&folder), ["sub"]);
}

#[test]
fn targets_that_are_no_files_are_refused() {
    let folder = TempDir::new().unwrap();
    assert!(matches!(refused(folder.path()), PublishError::IsFolder { .. }));
    let missing = refused(&folder.path().join("gone/a"));
    let text = missing.to_string();
    assert!(text.contains("create first the folder"), "{text}");
    let cause = missing.source().unwrap().to_string();
    assert!(!cause.contains(".pql-"), "{cause}");
    fs::write(folder.path().join("file"), "").unwrap();
    assert!(matches!(refused(&folder.path().join("file/a")), PublishError::Create { .. }));
}

#[test]
fn a_write_error_names_the_file_and_keeps_its_kind() {
    let folder = TempDir::new().unwrap();
    let target = folder.path().join("a");
    let error = staged(&target, "").with_path(io::ErrorKind::StorageFull.into());
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    assert!(error.to_string().contains(&target.display().to_string()));
}

#[test]
fn an_output_folder_is_made_with_those_above_it() {
    let folder = TempDir::new().unwrap();
    let deep = folder.path().join("a/b");
    ensure_dir(&deep).unwrap();
    ensure_dir(&deep).unwrap();
    assert!(deep.is_dir());
    fs::write(folder.path().join("file"), "").unwrap();
    assert!(matches!(ensure_dir(&folder.path().join("file")), Err(PublishError::NotFolder { .. })));
    assert!(matches!(ensure_dir(&folder.path().join("file/x")), Err(PublishError::Folder { .. })));
}

#[test]
fn a_sweep_removes_what_dead_runs_left_and_nothing_else() {
    let folder = TempDir::new().unwrap();
    for name in [".pql-dead01.tmp", ".pql-notes", "x.tmp", "users.csv"] {
        fs::write(folder.path().join(name), "").unwrap();
    }
    fs::create_dir(folder.path().join(".pql-folder.tmp")).unwrap();
    let alive = staged(&folder.path().join("a"), "alive");
    assert_eq!(sweep_temporaries(folder.path()), 1);
    commit(vec![alive]).unwrap();
    assert_eq!(names(&folder), [".pql-folder.tmp", ".pql-notes", "a", "users.csv", "x.tmp"]);
    assert_eq!(sweep_temporaries(&folder.path().join("gone")), 0);
}

#[cfg(unix)]
mod unix {
    use std::{
        fs::Permissions,
        os::unix::fs::{MetadataExt, PermissionsExt, symlink},
        thread,
    };

    use super::{
        FileAccess, Path, PublishError, StagedFile, TempDir, Write, commit, fs, names, refused, staged,
        sweep_temporaries,
    };

    fn mode_of(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    fn publish(target: &Path, access: FileAccess) {
        let mut file = StagedFile::new(target, access).unwrap();
        file.write_all(b"new").unwrap();
        commit(vec![file]).unwrap();
    }

    #[test]
    fn a_new_file_follows_the_umask_and_a_private_one_does_not() {
        let folder = TempDir::new().unwrap();
        let [plain, shared, private] = ["plain", "shared", "private"].map(|name| folder.path().join(name));
        fs::write(&plain, "").unwrap();
        publish(&shared, FileAccess::Shared);
        publish(&private, FileAccess::Private);
        assert_eq!(mode_of(&shared), mode_of(&plain));
        assert_eq!(mode_of(&private), 0o600);
    }

    #[test]
    fn a_replaced_file_keeps_its_mode_unless_private() {
        let folder = TempDir::new().unwrap();
        let target = folder.path().join("a");
        for mode in [0o644, 0o664, 0o666, 0o640, 0o400] {
            fs::write(&target, "old").unwrap();
            fs::set_permissions(&target, Permissions::from_mode(mode)).unwrap();
            publish(&target, FileAccess::Shared);
            assert_eq!(mode_of(&target), mode);
            publish(&target, FileAccess::Private);
            assert_eq!(mode_of(&target), 0o600);
            fs::remove_file(&target).unwrap();
        }
    }

    #[test]
    fn a_link_stays_and_its_file_is_replaced() {
        let folder = TempDir::new().unwrap();
        let real = folder.path().join("elsewhere/real");
        let link = folder.path().join("link");
        fs::create_dir(folder.path().join("elsewhere")).unwrap();
        fs::write(&real, "old").unwrap();
        symlink("elsewhere/real", &link).unwrap();
        publish(&link, FileAccess::Shared);
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&real).unwrap(), "new");
        assert_eq!(names(&folder), ["elsewhere", "link"]);
    }

    #[test]
    fn links_that_lead_nowhere_and_devices_are_refused() {
        let folder = TempDir::new().unwrap();
        let [dangling, circle] = ["dangling", "circle"].map(|name| folder.path().join(name));
        symlink("nowhere", &dangling).unwrap();
        symlink("circle", &circle).unwrap();
        assert!(matches!(refused(&dangling), PublishError::Link { .. }));
        assert!(matches!(refused(&circle), PublishError::Link { .. }));
        assert!(matches!(refused(Path::new("/dev/null")), PublishError::NotRegular { .. }));
    }

    #[test]
    fn a_folder_that_takes_no_files_is_an_error() {
        let folder = TempDir::new().unwrap();
        fs::set_permissions(folder.path(), Permissions::from_mode(0o500)).unwrap();
        // The superuser may write to any folder except this one, whose files the system creates.
        let is_superuser = fs::metadata("/proc/self").is_ok_and(|meta| meta.uid() == 0);
        let locked = if is_superuser { Path::new("/proc/self") } else { folder.path() };
        match refused(&locked.join("a")) {
            PublishError::Create { folder, .. } => assert_eq!(folder, locked),
            other => panic!("{other}"),
        }
    }

    #[test]
    fn sweeps_never_take_a_file_in_use() {
        let folder = TempDir::new().unwrap();
        let target = folder.path().join("a");
        thread::scope(|scope| {
            let writer = scope.spawn(|| {
                for round in 0..100 {
                    commit(vec![staged(&target, &round.to_string())]).unwrap();
                }
            });
            while !writer.is_finished() {
                sweep_temporaries(folder.path());
            }
        });
        assert_eq!(fs::read_to_string(&target).unwrap(), "99");
    }
}
