#include "page.hpp"

#include <algorithm>
#include <autograd/files/new_file.hpp>

#include "page_frame.hpp"

namespace xtape::optim {
namespace {

// Nothing is let in from outside, whatever a section holds.
constexpr char head[] = R"(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<link rel="icon" href="data:,">
)";

constexpr char theme_button[] =
    R"(<button class="theme" aria-label="dark or light" title="dark or light"><svg width="18" height="18")"
    R"( viewBox="0 0 18 18"><circle cx="9" cy="9" r="7" stroke="currentColor" stroke-width="1.5"/>)"
    R"(<path d="M9 2a7 7 0 0 1 0 14z" fill="currentColor"/></svg></button>)";

constexpr char draw_sections[] = R"(
for (const section of document.querySelectorAll("section")) {
  const data = section.querySelector(":scope > script[type='application/json']");
  if (data) page.draw[section.className](section, JSON.parse(data.textContent));
}
)";

std::string cell(const char* tag, const Value& value) {
  const std::string name = tag;
  return "<" + name + (is_number(value) ? " class=\"number\">" : ">") + escaped(to_string(value)) + "</" + name + ">";
}

}  // namespace

Page::Page(std::string title, std::string subtitle) : title_(std::move(title)), subtitle_(std::move(subtitle)) {}

Page& Page::add(const char* kind, const std::string& title, const std::string& html) {
  body_ += "<section class=\"" + std::string(kind) + "\" id=\"s" + std::to_string(++count_) + "\">\n";
  if (!title.empty()) body_ += "<header><h3>" + escaped(title) + "</h3></header>\n";
  body_ += html + "</section>\n";
  return *this;
}

Page& Page::draw(const Kind& kind, const std::string& title, const std::string& html, const std::string& json) {
  if (std::find(scripts_.begin(), scripts_.end(), kind.script) == scripts_.end()) scripts_.push_back(kind.script);
  return add(kind.name, title, html + "<script type=\"application/json\">" + json + "</script>\n");
}

Page& Page::heading(const std::string& text) {
  body_ += "</div>\n<h2>" + escaped(text) + "</h2>\n<div class=\"group\">\n";
  return *this;
}

Page& Page::text(const std::string& title, const std::string& text) {
  std::string html;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find("\n\n", begin), text.size());
    html += "<p>" + escaped(text.substr(begin, end - begin)) + "</p>\n";
    begin = std::min(text.find_first_not_of('\n', end), text.size());
  }
  return add("text", title, html);
}

Page& Page::highlights(const std::vector<Highlight>& highlights) {
  std::string html = "<dl>\n";
  for (const auto& [name, value, note] : highlights)
    html += "<div><dt>" + escaped(name) + "</dt><dd><b>" + escaped(to_string(value)) + "</b><span class=\"note\">" +
            escaped(note) + "</span></dd></div>\n";
  return add("highlights", "", html + "</dl>\n");
}

Page& Page::table(const std::string& title, const Row& rows) {
  std::string html = "<div class=\"scroll\"><table class=\"pair\">\n<tbody>\n";
  for (const auto& [name, value] : rows)
    html += "<tr><th scope=\"row\">" + escaped(name) + "</th>" + cell("td", value) + "</tr>\n";
  return add("table", title, html + "</tbody>\n</table></div>\n");
}

Page& Page::table(const std::string& title, const std::vector<std::string>& columns,
                  const std::vector<std::vector<Value>>& rows, Site site) {
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (rows[i].size() != columns.size())
      fail("Page::table",
           "row " + std::to_string(i) + " has " + std::to_string(rows[i].size()) +
               " values, expected one for each of the " + std::to_string(columns.size()) + " columns",
           site);
  std::string html = "<div class=\"scroll\"><table>\n<thead><tr>";
  for (std::size_t k = 0; k < columns.size(); ++k) {
    const bool numbers =
        !rows.empty() && std::all_of(rows.begin(), rows.end(), [k](auto& row) { return is_number(row[k]); });
    html += std::string("<th scope=\"col\"") + (numbers ? " class=\"number\">" : ">") + escaped(columns[k]) + "</th>";
  }
  html += "</tr></thead>\n<tbody>\n";
  for (const auto& row : rows) {
    html += "<tr>";
    for (const Value& value : row) html += cell("td", value);
    html += "</tr>\n";
  }
  return add("table", title, html + "</tbody>\n</table></div>\n");
}

Page& Page::raw(const std::string& title, const std::string& html, const std::string& script, Site site) {
  std::string lower = script;
  for (char& c : lower) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  for (const char* end : {"</script", "<!--"})
    if (lower.find(end) != std::string::npos)
      fail("Page::raw",
           std::string("the script has '") + end + "', where a browser stops to read it as one; write '<\\" +
               (end + 1) + "'",
           site);
  add("raw", title, html);
  if (!script.empty())
    late_ += "<script>\n(section => {\n" + script + "\n})(document.getElementById(\"s" + std::to_string(count_) +
             "\"));\n</script>\n";
  return *this;
}

std::string Page::html() const {
  std::string html = head;
  html += "<title>" + escaped(title_) + "</title>\n<style>" + page_style + "</style>\n<script>" + page_script +
          "</script>\n</head>\n<body>\n<main>\n<header class=\"top\"><div><h1>" + escaped(title_) + "</h1>";
  if (!subtitle_.empty()) html += "<p>" + escaped(subtitle_) + "</p>";
  html +=
      std::string("</div>") + theme_button + "</header>\n<div class=\"group\">\n" + body_ + "</div>\n</main>\n<script>";
  for (const char* script : scripts_) html += script;
  return html + draw_sections + "</script>\n" + late_ + "</body>\n</html>\n";
}

void Page::write(const std::string& path, Site site) const {
  NewFile file("Page::write", path, site);
  file.write(html());
  file.keep();
}

}  // namespace xtape::optim
