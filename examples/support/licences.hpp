// A text to learn from that every Debian system carries, and what a model of letters has to beat.
#pragma once
#include <autograd/tensor.hpp>
#include <optim/history.hpp>
#include <string>

#include "options.hpp"

/// Letters as numbers from 0 on: `alphabet[i]` is the letter i. `test` has the last tenth of each
/// file, `train` the rest.
struct Text {
  std::string alphabet;
  xtape::Tensor train, test;  ///< int64, (letters,)
};

/// The files of Debian's folder of licences, or of `options.data`, in the order of their names;
/// under
/// --quick 60,000 of their letters to learn from and 6,000 others. Throws when there are fewer than
/// 150,000 letters.
Text licences(const TrainingOptions& options);

/// The cross-entropy on `text.test`, in nats a letter, of letters counted in `text.train`: p(c | a
/// b) is a mixture of how often c followed a b, followed b, occurred, and of 1 / letters, whose
/// weights are fitted by expectation maximisation to the last tenth of the training text before the
/// counts take that in too. Source: Jelinek and Mercer, "Interpolated estimation of Markov source
/// parameters from sparse data", 1980.
double trigram_cross_entropy(const Text& text);

/// Draws the "nats" of a training's epochs beside what trigrams reach.
void plot_nats(const std::string& path, const xtape::optim::History& history, double trigrams);
