// A text to learn from that every Debian system carries, and what a model of letters has to beat.
#pragma once
#include <autograd/tensor.hpp>
#include <string>

/// Letters as numbers from 0 on: `alphabet[i]` is the letter i. `test` has the last tenth of each
/// file, `train` the rest.
struct Text {
  std::string alphabet;
  xtape::Tensor train, test;  ///< int64, (letters,)
};

/// The files of `folder`, in the order of their names. Throws when there are fewer than 150,000
/// letters.
Text licences(const std::string& folder = "/usr/share/common-licenses");

/// The cross-entropy on `text.test`, in nats a letter, of letters counted in `text.train`: p(c | a
/// b) is a mixture of how often c followed a b, followed b, occurred, and of 1 / letters, whose
/// weights are fitted by expectation maximisation to the last tenth of the training text before the
/// counts take that in too. Source: Jelinek and Mercer, "Interpolated estimation of Markov source
/// parameters from sparse data", 1980.
double trigram_cross_entropy(const Text& text);
