//! HTML: text that cannot be taken for markup, tables, and the document.

/// What the page looks like, on a light or a dark screen and on paper.
const STYLE: &str = include_str!("style.css");

/// Text as it stands in HTML, between tags or in quotes. Control characters
/// become visible.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if c.is_control() => out.extend(c.escape_default()),
            c => out.push(c),
        }
    }
    out
}

/// A column of a table: its head, and whether it holds numbers.
pub(super) type Head = (&'static str, bool);

/// A table; the cells are HTML already. Wider than the screen, it scrolls by
/// itself.
pub(super) fn table<const N: usize>(
    name: &str,
    heads: [Head; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> String {
    let class = |numbers: bool| if numbers { " class=\"n\"" } else { "" };
    let mut out = String::from("<table><thead><tr>");
    for (head, numbers) in heads {
        let class = class(numbers);
        out.push_str(&format!("<th scope=\"col\"{class}>{head}</th>"));
    }
    out.push_str("</tr></thead><tbody>\n");
    for row in rows {
        out.push_str("<tr>");
        for (cell, (_, numbers)) in row.iter().zip(heads) {
            out.push_str(&format!("<td{}>{cell}</td>", class(numbers)));
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody></table>");
    scroll(name, &out)
}

/// What may be wider than the screen; with a name, as it takes the keyboard.
pub(super) fn scroll(name: &str, inner: &str) -> String {
    format!(
        "<div class=\"scroll\" role=\"region\" tabindex=\"0\" \
         aria-label=\"{}\">{inner}</div>\n",
        escape(name)
    )
}

/// What is shown when somebody opens it.
pub(super) fn details(summary: &str, inner: &str) -> String {
    format!(
        "<details><summary>{}</summary>\n{inner}</details>\n",
        escape(summary)
    )
}

/// A part of the page.
pub(super) fn section(title: &str, inner: &str) -> String {
    format!("<section>\n<h2>{}</h2>\n{inner}</section>\n", escape(title))
}

/// A paragraph of plain text.
pub(super) fn p(text: &str) -> String {
    format!("<p>{}</p>\n", escape(text))
}

/// The names and values at the head of the page.
pub(super) fn facts(facts: &[(&str, String)]) -> String {
    let mut out = String::from("<dl>\n");
    for (name, value) in facts {
        let value = escape(value);
        out.push_str(&format!("<div><dt>{name}</dt><dd>{value}</dd></div>\n"));
    }
    out + "</dl>\n"
}

/// The whole document: one file, which asks nothing of any other place.
pub(super) fn document(title: &str, body: &str) -> String {
    let title = escape(title);
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n\
         <meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <link rel=\"icon\" href=\"data:,\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <main>\n<h1>{title}</h1>\n{body}</main>\n</body>\n</html>\n"
    )
}
