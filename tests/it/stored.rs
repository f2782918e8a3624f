//! A content in each container that events come in.

use std::io::Write;

use crate::run::{Folder, Outcome};

/// A content as it is stored.
pub struct Stored {
    /// The name of the file, or `-`.
    pub name: &'static str,
    bytes: Vec<u8>,
}

impl Stored {
    /// Writes the file and runs the program with the arguments, in which `EVENTS` stands for its name.
    pub fn run(&self, folder: &Folder, arguments: &str) -> Outcome {
        let arguments = arguments.replace("EVENTS", self.name);
        let words: Vec<&str> = arguments.split_whitespace().collect();
        if self.name == "-" {
            return folder.pql_with(&words, &self.bytes);
        }
        folder.write(self.name, &self.bytes);
        folder.pql_with(&words, b"")
    }
}

/// A content plain, in every compression and archive, and over the standard input, plain and compressed. `ending` is that of the file in an archive.
pub fn everywhere(content: &[u8], ending: &str) -> Vec<Stored> {
    let member = format!("day{ending}");
    let tar = tar(&[(&member, content)]);
    [
        ("plain.data", content.to_vec()),
        ("packed.gz", gzip(content)),
        ("two.gz", halves(content).map(gzip).concat()),
        ("packed.zst", zstd(content)),
        ("packed.zip", zip(&[(&member, content)])),
        ("inner.zip", zip(&[(&format!("{member}.gz"), &gzip(content))])),
        ("packed.tar", tar.clone()),
        ("packed.tar.gz", gzip(&tar)),
        ("packed.tar.zst", zstd(&tar)),
        ("-", content.to_vec()),
        ("-", gzip(content)),
    ]
    .into_iter()
    .map(|(name, bytes)| Stored { name, bytes })
    .collect()
}

/// Two parts of a content, cut anywhere.
fn halves(content: &[u8]) -> [&[u8]; 2] {
    let (first, second) = content.split_at(content.len() / 2);
    [first, second]
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

pub fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).expect("memory")
}

pub fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in members {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).expect("memory");
        writer.write_all(bytes).expect("memory");
    }
    writer.finish().expect("memory").into_inner()
}

pub fn tar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        // As it is, where the crate would leave `./` out.
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_cksum();
        builder.append(&header, *bytes).expect("memory");
    }
    builder.into_inner().expect("memory")
}
