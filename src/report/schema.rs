//! The JSON Schema of what is written for programs, from the types that are serialised.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};

use super::document::{Document, Line};

/// What one JSON value of the output can be.
#[derive(JsonSchema)]
#[schemars(untagged, title = "ftpscope report")]
#[allow(dead_code, reason = "only its schema is wanted")]
enum Output {
    /// The document of `--format json`.
    Document(Document<'static>),
    /// A line of `--format ndjson`.
    Line(Line<'static>),
}

/// The JSON Schema that the document of `--format json` and each line of `--format ndjson` meets.
pub fn schema() -> Schema {
    // As serialised: every key is required, also those that may be null.
    SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<Output>()
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use serde_json::Value;

    use super::*;
    use crate::capture::{self, OpenOptions};
    use crate::engine::{self, Analysis, Options};
    use crate::report::{document::Summary, json};

    fn analyse(file: &Path) -> Analysis {
        let opened = capture::open(&[file.to_owned()], &OpenOptions::default());
        engine::analyse(opened.source, &Options::default())
    }

    fn samples() -> Vec<PathBuf> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
        let capture =
            |p: &PathBuf| p.extension().is_some_and(|e| ["pcap", "pcapng"].iter().any(|x| e == *x));
        std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).filter(capture).collect()
    }

    fn check(validator: &jsonschema::Validator, value: &Value, what: &Path) {
        let errors: Vec<String> = validator
            .iter_errors(value)
            .map(|e| format!("{} at {}", e, e.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{}: {errors:#?}", what.display());
    }

    #[test]
    fn every_sample_meets_it() {
        let schema = serde_json::to_value(schema()).unwrap();
        let validator = jsonschema::validator_for(&schema).unwrap();
        assert!(!validator.is_valid(&serde_json::json!({"schema": "ftpscope/1"})));
        for sample in samples() {
            let a = analyse(&sample);
            let mut bytes = Vec::new();
            json::document(&a, &json::summary(a.sessions.iter()), |_| true, &mut bytes).unwrap();
            check(&validator, &serde_json::from_slice(&bytes).unwrap(), &sample);
            let mut lines = Vec::new();
            for j in &a.sessions {
                json::session_line(j, &mut lines).unwrap();
            }
            for j in &a.sessions {
                for d in &j.diagnoses {
                    json::stall_line(j, d, &mut lines).unwrap();
                }
            }
            json::capture_line(&a, Summary::default(), &mut lines).unwrap();
            for line in lines.split(|b| *b == b'\n').filter(|l| !l.is_empty()) {
                check(&validator, &serde_json::from_slice(line).unwrap(), &sample);
            }
        }
    }

    #[test]
    fn keys_that_may_be_null_are_still_required() {
        let schema = serde_json::to_value(schema()).unwrap();
        let channel = &schema["$defs"]["Channel"];
        let required = channel["required"].as_array().unwrap();
        assert_eq!(required.len(), channel["properties"].as_object().unwrap().len());
        assert!(required.contains(&Value::from("stalled_at")));
    }
}
