// The results on disk: one JSON file a trial, and the table that is made of all of them.
#pragma once
#include "bench.hpp"

/// A trial that begins now, on this machine.
Trial started(const Row& row, std::uint64_t seed);
/// The trial of a file; nothing where there is no such file. Throws when it is no trial.
std::optional<Trial> load_trial(const std::string& path);
void save_trial(const Trial& trial, const std::string& path);
/// Those of one file, a line each; of no file none.
std::vector<Trial> load_trials(const std::string& path);
void save_trials(const std::vector<Trial>& trials, const std::string& path);
/// Those of all files of a folder.
std::vector<Trial> load_folder(const std::string& folder);

/// Writes a file, whole or not at all.
void write_text(const std::string& path, const std::string& text);

/// The values of a figure, in the order of the trials.
std::vector<double> values_of(const std::vector<Trial>& trials, const Figure& figure);
/// "95.15 ± 0.19 % (94.90 to 95.49)", one number, or how many of the seeds come to what is asked.
std::string spread(const std::vector<double>& values, const Figure& figure);

/// Adds the trials of the folder `results` to those of `DOCS/book.json`, and writes that file and,
/// of all of them, the table `DOCS/book.md`.
void write_table(const std::string& results, const std::string& docs);
