//! The plot: memory, sockets, reconnections and events over time.

use std::error::Error;
use std::path::Path;

use plotters::coord::Shift;
use plotters::prelude::*;

use crate::ledger::Tally;
use crate::run::{ADAPTERS, Run, Sample, mib};

/// The plot's size in pixels.
const SIZE: (u32, u32) = (1000, 1000);

/// The adapters' colours, which differ in brightness as well.
const COLORS: [RGBColor; 2] = [RGBColor(180, 60, 20), RGBColor(31, 84, 140)];

/// How many samples a rate is the mean of.
const SMOOTH: usize = 5;

/// One panel's values over time.
type Line = Vec<(f64, f64)>;

/// Draws the plot. The background is white, so that it can be read on a dark page as well.
pub(crate) fn draw(path: &Path, run: &Run) -> Result<(), Box<dyn Error>> {
    let area = SVGBackend::new(path, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let samples = &run.samples;
    let value = |of: &dyn Fn(&Sample, usize) -> f64| {
        [0, 1].map(|at| samples.iter().map(|sample| (sample.at, of(sample, at))).collect::<Line>())
    };
    let panels = [
        ("resident memory, MiB", value(&|sample, at| mib(sample.usages[at].rss))),
        ("allocated memory, MiB", value(&|sample, at| mib(sample.tallies[at].heap / 1024))),
        ("open sockets", value(&|sample, at| sample.usages[at].sockets as f64)),
        ("reconnections a second", rates(samples, Tally::reconnections)),
        ("events a second", rates(samples, |tally| tally.events)),
    ];
    let areas = area.split_evenly((panels.len(), 1));
    for (at, ((name, lines), area)) in panels.iter().zip(&areas).enumerate() {
        panel(area, name, lines, at == 0)?;
    }
    area.present()?;
    Ok(())
}

/// Draws one panel, from zero up, so that what is flat looks flat.
fn panel(
    area: &DrawingArea<SVGBackend<'_>, Shift>,
    name: &str,
    lines: &[Line; 2],
    legend: bool,
) -> Result<(), Box<dyn Error>> {
    let points = || lines.iter().flatten();
    let end = points().map(|point| point.0).fold(1.0, f64::max);
    let top = points().map(|point| point.1).fold(1.0, f64::max) * 1.15;
    let mut chart = ChartBuilder::on(area)
        .margin(8)
        .margin_right(20)
        .x_label_area_size(24)
        .y_label_area_size(70)
        .build_cartesian_2d(0.0..end, 0.0..top)?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .y_labels(5)
        .label_style(("sans-serif", 14))
        .y_desc(name)
        .x_label_formatter(&|x| format!("{x:.0} s"))
        .y_label_formatter(&|y| format!("{y:.0}"))
        .draw()?;
    for ((line, color), adapter) in lines.iter().zip(COLORS).zip(ADAPTERS) {
        chart
            .draw_series(LineSeries::new(line.iter().copied(), color.stroke_width(2)))?
            .label(adapter)
            .legend(move |(x, y)| Rectangle::new([(x, y - 5), (x + 12, y + 5)], color.filled()));
    }
    if legend {
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::LowerRight)
            .label_font(("sans-serif", 16))
            .background_style(WHITE)
            .border_style(BLACK.mix(0.3))
            .draw()?;
    }
    Ok(())
}

/// How much a sum grows in a second.
fn rates(samples: &[Sample], of: fn(&Tally) -> u64) -> [Line; 2] {
    [0, 1].map(|at| {
        let rate = |(first, last): (&Sample, &Sample)| {
            let more = of(&last.tallies[at]) - of(&first.tallies[at]);
            (last.at, more as f64 / (last.at - first.at))
        };
        samples
            .iter()
            .zip(samples.iter().skip(SMOOTH.min(samples.len() / 2).max(1)))
            .map(rate)
            .collect()
    })
}
