//! The bar chart for the README: CPU time an event, one panel for each runtime.

use std::error::Error;
use std::path::Path;

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::contest::{Contest, Lane};
use crate::roster::{Family, Role};

/// The chart's size in pixels.
const SIZE: (u32, u32) = (1000, 760);

/// Room for the legend on the right, in groups of bars.
const LEGEND: f64 = 1.8;

/// The adapters stand out, also without colour.
const OWN: RGBColor = RGBColor(200, 75, 25);

/// The same with borrowed events.
const OWN_LENT: RGBColor = RGBColor(235, 150, 90);

/// The bare HTTP clients, from dark to light.
const FLOORS: [RGBColor; 3] =
    [RGBColor(150, 150, 150), RGBColor(180, 180, 180), RGBColor(205, 205, 205)];

/// Everybody else, from dark to light.
const PEERS: [RGBColor; 6] = [
    RGBColor(31, 84, 140),
    RGBColor(60, 115, 170),
    RGBColor(95, 145, 190),
    RGBColor(130, 175, 210),
    RGBColor(165, 200, 222),
    RGBColor(195, 218, 235),
];

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// Draws it. The background is white, so that it can be read on a dark page as well.
///
/// # Errors
///
/// If the file cannot be written.
pub fn draw(path: &Path, contest: &Contest) -> Result<(), Box<dyn Error>> {
    let area = SVGBackend::new(path, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let (upper, lower) = area.split_vertically(SIZE.1 / 2);
    panel(&upper, contest, Family::Tokio, "tokio")?;
    panel(&lower, contest, Family::AsyncStd, "async-std")?;
    area.present()?;
    Ok(())
}

fn panel(
    area: &Area<'_>,
    contest: &Contest,
    family: Family,
    caption: &str,
) -> Result<(), Box<dyn Error>> {
    let lanes: Vec<&Lane> =
        contest.lanes.iter().filter(|lane| lane.client.family == family).collect();
    if lanes.is_empty() {
        return Ok(());
    }
    let scripts = &contest.scripts;
    let heights =
        lanes.iter().flat_map(|lane| scripts.iter().filter_map(|script| lane.cpu(script)));
    let top = heights.fold(0.1, f64::max) * 1.05;
    let mut chart = ChartBuilder::on(area)
        .caption(format!("CPU µs an event over HTTP/1.1, clients on {caption}"), ("sans-serif", 20))
        .margin(10)
        .x_label_area_size(30)
        .y_label_area_size(50)
        .build_cartesian_2d(0.0..scripts.len() as f64 + LEGEND, 0.0..top)?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .x_labels(0)
        .label_style(("sans-serif", 15))
        .y_desc("µs an event")
        .y_label_formatter(&|y| format!("{y:.1}"))
        .draw()?;
    let width = 0.84 / lanes.len() as f64;
    let (mut floors, mut peers) = (FLOORS.into_iter().cycle(), PEERS.into_iter().cycle());
    for (at, lane) in lanes.iter().enumerate() {
        let color = match lane.client.role {
            Role::Own => Some(OWN),
            Role::OwnLent => Some(OWN_LENT),
            Role::Floor => floors.next(),
            Role::Peer => peers.next(),
        };
        let color = color.unwrap_or(BLACK);
        let drawn = scripts.iter().enumerate().filter_map(|(group, script)| {
            let left = group as f64 + 0.08 + width * at as f64;
            let corner = (left + width * 0.92, lane.cpu(script)?);
            Some(Rectangle::new([(left, 0.0), corner], color.filled()))
        });
        chart
            .draw_series(drawn)?
            .label(lane.client.title)
            .legend(move |(x, y)| Rectangle::new([(x, y - 5), (x + 12, y + 5)], color.filled()));
    }
    chart.draw_series(scripts.iter().enumerate().map(|(group, script)| {
        let style = ("sans-serif", 16).into_font().color(&BLACK);
        let style = style.pos(Pos::new(HPos::Center, VPos::Top));
        EmptyElement::at((group as f64 + 0.5, 0.0)) + Text::new(*script, (0, 8), style)
    }))?;
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperRight)
        .label_font(("sans-serif", 14))
        .background_style(WHITE)
        .border_style(BLACK.mix(0.3))
        .draw()?;
    Ok(())
}
