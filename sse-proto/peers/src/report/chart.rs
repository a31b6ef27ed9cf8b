//! The bar chart for the README.

use std::error::Error;
use std::path::Path;

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::candidate::Candidate;
use crate::timing::Heat;

/// The chart's size in pixels.
const SIZE: (u32, u32) = (1000, 420);

/// Room for the legend on the right, in groups of bars.
const LEGEND: f64 = 2.0;

/// Whose bars there are, and their colours. sse-proto's stand out, also without colour.
const BARS: [(Candidate, &str, RGBColor); 8] = [
    (Candidate::ProtoBorrowed, "sse-proto, borrowed", RGBColor(180, 60, 20)),
    (Candidate::ProtoOwned, "sse-proto, owned", RGBColor(235, 140, 70)),
    (Candidate::SseCore, "sse-core", RGBColor(31, 84, 140)),
    (Candidate::SseStream, "sse-stream", RGBColor(70, 130, 180)),
    (Candidate::Sseer, "sseer", RGBColor(120, 170, 205)),
    (Candidate::SseParse, "sse-parse", RGBColor(165, 200, 222)),
    (Candidate::EventsourceClient, "eventsource-client", RGBColor(120, 120, 120)),
    (Candidate::EventsourceStream, "eventsource-stream", RGBColor(175, 175, 175)),
];

/// Draws speed ÷ that of the fastest peer for each corpus. The background is white, so that it can be read on a dark
/// page as well.
///
/// # Errors
///
/// If the file cannot be written.
pub fn draw(path: &Path, heats: &[&Heat], caption: &str) -> Result<(), Box<dyn Error>> {
    let heights = BARS.iter().flat_map(|(bar, ..)| heats.iter().filter_map(|h| height(h, *bar)));
    let top = heights.fold(1.0, f64::max) * 1.05;
    let area = SVGBackend::new(path, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&area)
        .caption(caption, ("sans-serif", 20))
        .margin(10)
        .x_label_area_size(30)
        .y_label_area_size(50)
        .build_cartesian_2d(0.0..heats.len() as f64 + LEGEND, 0.0..top)?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .x_labels(0)
        .label_style(("sans-serif", 15))
        .y_desc("speed ÷ fastest other crate")
        .y_label_formatter(&|y| format!("{y:.1}"))
        .draw()?;
    for (at, (candidate, name, color)) in BARS.into_iter().enumerate() {
        let drawn = heats.iter().enumerate().filter_map(|(group, heat)| {
            let left = group as f64 + 0.1 + 0.1 * at as f64;
            let corner = (left + 0.09, height(heat, candidate)?);
            Some(Rectangle::new([(left, 0.0), corner], color.filled()))
        });
        chart
            .draw_series(drawn)?
            .label(name)
            .legend(move |(x, y)| Rectangle::new([(x, y - 5), (x + 12, y + 5)], color.filled()));
    }
    let line = vec![(0.0, 1.0), (heats.len() as f64, 1.0)];
    chart.draw_series([PathElement::new(line, BLACK.stroke_width(1))])?;
    chart.draw_series(heats.iter().enumerate().map(|(group, heat)| {
        let style = ("sans-serif", 16).into_font().color(&BLACK);
        let style = style.pos(Pos::new(HPos::Center, VPos::Top));
        EmptyElement::at((group as f64 + 0.5, 0.0)) + Text::new(label(heat), (0, 8), style)
    }))?;
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperRight)
        .label_font(("sans-serif", 16))
        .background_style(WHITE)
        .border_style(BLACK.mix(0.3))
        .draw()?;
    area.present()?;
    Ok(())
}

/// How high a candidate's bar is.
fn height(heat: &Heat, candidate: Candidate) -> Option<f64> {
    Some(heat.lane(candidate)?.faster_than(heat.best_peer()?))
}

/// What a corpus is called below its bars.
fn label(heat: &Heat) -> &'static str {
    match heat.corpus {
        'a' => "OpenAI",
        'b' => "Anthropic",
        'c' => "tiny",
        'd' => "Wikimedia",
        'e' => "20 lines",
        'f' => "one line",
        'g' => "heartbeats",
        'h' => "Chinese",
        _ => "CRLF",
    }
}
