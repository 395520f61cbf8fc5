#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <numeric>

#include "page.hpp"
#include "page_frame.hpp"

namespace xtape::optim {
namespace {

constexpr char script[] = R"js(
page.draw.matrix = (section, data) => {
  const readout = section.querySelector(".readout"), table = section.querySelector("table");
  const columns = [...table.tHead.querySelectorAll("[scope=col]")];
  const parts = cell => {
    const row = [...cell.parentNode.querySelectorAll("td")], name = cell.parentNode.querySelector("[scope=row]");
    return {row, name, column: columns[row.indexOf(cell)]};
  };
  const tell = cell => {
    const {row, name, column} = parts(cell), count = +cell.textContent;
    const sum = row.reduce((all, other) => all + +other.textContent, 0);
    const share = sum > 0 ? ` of ${page.number(sum)} (${(100 * count / sum).toFixed(1)}\u00a0%)` : "";
    return `${data.row} ${name.textContent}, ${data.column} ${column.textContent}: ${page.number(count)}${share}`;
  };
  const most = table.tBodies[0].querySelectorAll("td")[data.most];
  let marked = [];
  const show = cell => {
    for (const name of marked) name.classList.remove("here");
    marked = cell ? [parts(cell).name, parts(cell).column] : [];
    for (const name of marked) name.classList.add("here");
    readout.textContent = cell ? tell(cell) : most ? data.lead + tell(most) : data.none;
  };
  table.addEventListener("pointerover", event => show(event.target.closest("tbody td")));
  table.addEventListener("pointerleave", () => show(null));
  show(null);
};
)js";

}  // namespace

Page& Page::matrix(const std::string& title, const Tensor& counts, const std::vector<std::string>& names,
                   const MatrixOptions& options, Site site) {
  const Shape& shape = counts.shape(site);
  const std::vector<std::string>& columns = options.columns_ ? *options.columns_ : names;
  if (shape.rank() != 2 || shape.size() == 0)
    fail("Page::matrix", "the counts are " + to_string(shape) + ", expected (rows, columns), none of them 0", site);
  const auto r = static_cast<std::size_t>(shape[0]), c = static_cast<std::size_t>(shape[1]);
  if (names.size() != r || columns.size() != c)
    fail("Page::matrix",
         "there are names for " + std::to_string(names.size()) + " rows and " + std::to_string(columns.size()) +
             " columns, expected one for each of the counts' " + to_string(shape),
         site);
  const std::vector<double> v = counts.to_vector<double>(site);
  for (const double n : v)
    if (!(n >= 0 && std::isfinite(n)))
      fail("Page::matrix", "a count is " + to_string(n) + ", expected finite numbers of at least 0", site);

  // What is right has its share of the row as its strength; errors, which could not be seen beside it, that of the most
  // frequent one.
  const bool confusion = names == columns;
  auto right = [&](std::size_t i) { return confusion && i / c == i % c; };
  std::ptrdiff_t most = -1;
  double most_often = 0;
  for (std::size_t i = 0; i < v.size(); ++i)
    if (!right(i) && v[i] > most_often) most = static_cast<std::ptrdiff_t>(i), most_often = v[i];

  std::string html =
      "<div class=\"scroll\"><table class=\"heat\">\n<thead><tr><td colspan=\"2\"></td><th class=\"axis\""
      " colspan=\"" +
      std::to_string(c) + "\">" + escaped(options.column_) + "</th></tr>\n<tr><td colspan=\"2\"></td>";
  for (const std::string& name : columns) html += "<th scope=\"col\">" + escaped(name) + "</th>";
  html += "</tr></thead>\n<tbody>\n";
  for (std::size_t row = 0; row < r; ++row) {
    html += "<tr>";
    if (row == 0)
      html += "<th class=\"axis side\" rowspan=\"" + std::to_string(r) + "\"><span>" + escaped(options.row_) +
              "</span></th>";
    html += "<th scope=\"row\">" + escaped(names[row]) + "</th>";
    const double sum = std::accumulate(&v[row * c], &v[row * c] + c, 0.);
    for (std::size_t i = row * c; i < (row + 1) * c; ++i) {
      const double share = v[i] > 0 ? v[i] / (right(i) ? sum : most_often) : 0;
      char cell[80];
      std::snprintf(cell, sizeof cell, "<td class=\"%s\" style=\"--hue:var(--c%d);--v:%.3f\">",
                    share > 0.6 ? "strong"
                    : v[i] > 0  ? "some"
                                : "none",
                    confusion && !right(i), share);
      html += cell + to_string(v[i]) + "</td>";
    }
    html += "</tr>\n";
  }
  const nlohmann::json data = {{"row", options.row_},
                               {"column", options.column_},
                               {"most", most},
                               {"lead", confusion ? "Most often wrong: " : "Most often: "},
                               {"none", confusion ? "Nothing is wrong." : "Nothing is counted."}};
  return draw({"matrix", script}, title, html + "</tbody>\n</table></div>\n<p class=\"readout\"></p>\n",
              in_script(data));
}

}  // namespace xtape::optim
