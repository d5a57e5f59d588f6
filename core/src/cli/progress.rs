//! How far a file is, shown on a terminal's standard error and nowhere else.

use std::sync::Arc;

use indicatif::{ProgressBar, ProgressFinish, ProgressStyle};

use super::render;
use crate::model::file::Progress;

/// A bar, or a count where the size is not known, that goes when it is dropped.
pub(super) fn bar(name: &str, size: Option<u64>) -> Progress {
    let template = match size {
        Some(_) => "{prefix}  {wide_bar}  {binary_bytes}/{binary_total_bytes}  {binary_bytes_per_sec}  {eta}",
        None => "{prefix}  {spinner}  {binary_bytes}  {binary_bytes_per_sec}",
    };
    // A bar draws on standard error, and not at all where that is no terminal.
    let bar = ProgressBar::no_length().with_prefix(render::line(name)).with_finish(ProgressFinish::AndClear);
    if let Some(size) = size {
        bar.set_length(size);
    }
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    Arc::new(move |done| bar.set_position(done))
}
