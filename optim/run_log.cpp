// Where a Run's figures go: tables, events and its page.
#include <optim/page.hpp>

#include "run_state.hpp"

namespace xtape::optim {
namespace {

constexpr std::int64_t logged_steps = 20;

bool ends_in(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

Row row_of(const Epoch& epoch) {
  Row row{{"epoch", epoch.number()}};
  for (const auto& [name, value] : epoch.values()) row.emplace_back(name, value);
  row.emplace_back("seconds", epoch.seconds);
  return row;
}

}  // namespace

void Run::State::open_logs() {
  for (const auto& [path, site] : logs_to)
    if (ends_in(path, ".jsonl") || ends_in(path, ".csv")) {
      // A training that goes on writes again what it had: the file may be of later epochs, or not be there.
      auto& table = tables.emplace_back(std::make_unique<TableFile>(path, 0, site));
      for (const Epoch& epoch : history.epochs) table->write(row_of(epoch), site);
    } else {
      auto& file = events.emplace_back(std::make_unique<EventFile>(path, steps > 0 ? steps + 1 : 0, site));
      std::string text;
      for (const auto& [name, value] : identity) text += "- " + name + ": `" + value + "`\n";
      if (steps == 0) file->text("settings", text, 0);
    }
}

void Run::State::log_step(double loss) {
  if (steps % logged_steps != 0) return;
  for (auto& file : events) {
    file->scalar("step/loss", loss, steps);
    file->scalar("step/lr", rate, steps);
  }
}

void Run::State::log_epoch(const Epoch& epoch) {
  for (auto& table : tables)  // with the epochs that it lacks where it could not be written
    for (auto i = static_cast<std::size_t>(table->rows()); i < history.epochs.size(); ++i)
      table->write(row_of(history.epochs[i]));
  const std::vector<std::string> names = names_of(optimizer->parameters());
  for (auto& file : events) {
    for (const auto& [name, value] : epoch.values()) file->scalar("epoch/" + name, value, steps);
    for (std::size_t i = 0; i < names.size(); ++i) {
      file->histogram("weights/" + names[i], optimizer->parameters()[i].tensor().detach(), steps);
      if (i < last_gradients.size() && last_gradients[i].defined())
        file->histogram("gradients/" + names[i], last_gradients[i], steps);
    }
  }
}

void Run::State::write_report(Site site) const {
  const std::string figure = keep ? keep->figure : early ? early->figure : "";
  report.page(report_title, history, identity, figure, model.parameters()).write(report_path, site);
}

}  // namespace xtape::optim
