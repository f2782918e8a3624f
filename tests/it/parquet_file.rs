//! Parquet files of a few columns, which the tests write themselves.

use std::sync::Arc;

use parquet::{
    column::writer::ColumnWriter,
    data_type::ByteArray,
    file::{properties::WriterProperties, writer::SerializedFileWriter},
    schema::parser::parse_message_type,
};

/// The values of one column; every row has one.
#[derive(Debug, Clone)]
pub enum ColumnValues {
    /// Text.
    Text(Vec<String>),
    /// Whole numbers of 64 bits.
    Whole(Vec<i64>),
    /// Doubles.
    Double(Vec<f64>),
}

impl ColumnValues {
    /// A column of texts.
    pub fn text<T: AsRef<str>>(values: &[T]) -> ColumnValues {
        ColumnValues::Text(values.iter().map(|value| value.as_ref().to_owned()).collect())
    }

    fn declaration(&self) -> (&'static str, &'static str) {
        match self {
            ColumnValues::Text(_) => ("binary", " (UTF8)"),
            ColumnValues::Whole(_) => ("int64", ""),
            ColumnValues::Double(_) => ("double", ""),
        }
    }
}

/// A file with one group of rows. A name may carry a logical type behind it, such as `at (TIMESTAMP(MICROS,true))`.
pub fn parquet_file(columns: &[(&str, ColumnValues)]) -> Vec<u8> {
    let fields: Vec<String> = columns
        .iter()
        .map(|(name, values)| {
            let (physical, logical) = values.declaration();
            let logical = if name.contains(" (") { "" } else { logical };
            format!("required {physical} {name}{logical};")
        })
        .collect();
    let schema = parse_message_type(&format!("message table {{ {} }}", fields.join(" "))).expect("a schema");
    let mut bytes = Vec::new();
    let properties = Arc::new(WriterProperties::builder().build());
    let mut file = SerializedFileWriter::new(&mut bytes, Arc::new(schema), properties).expect("a file");
    let mut group = file.next_row_group().expect("a group");
    for (_, values) in columns {
        let mut column = group.next_column().expect("no error").expect("a column");
        write_values(column.untyped(), values);
        column.close().expect("a column");
    }
    group.close().expect("a group");
    file.close().expect("a file");
    bytes
}

fn write_values(writer: &mut ColumnWriter<'_>, values: &ColumnValues) {
    let written = match (writer, values) {
        (ColumnWriter::ByteArrayColumnWriter(writer), ColumnValues::Text(values)) => {
            let values: Vec<ByteArray> = values.iter().map(|value| ByteArray::from(value.as_str())).collect();
            writer.write_batch(&values, None, None)
        }
        (ColumnWriter::Int64ColumnWriter(writer), ColumnValues::Whole(values)) => {
            writer.write_batch(values, None, None)
        }
        (ColumnWriter::DoubleColumnWriter(writer), ColumnValues::Double(values)) => {
            writer.write_batch(values, None, None)
        }
        _ => panic!("a column of another type"),
    };
    written.expect("values");
}
