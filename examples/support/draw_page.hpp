// A page to draw digits on, and to watch a network read them.
#pragma once
#include <string>

#include <nn/sequential.hpp>

/// Writes a page of HTML that has the network in it and needs nothing beside it: the visitor draws
/// a digit and sees what each layer makes of it and the probabilities of the ten digits. The
/// network takes pixels in [0, 1), as datasets::Batch has them, in rows (n, 784) or as pictures (n,
/// 1, 28, 28), and gives (n, 10): probabilities where it ends in Softmax, their logarithms where it
/// ends in LogSoftmax, shares of their sum where it ends in sigmoid, and else what softmax makes
/// probabilities of. What training does otherwise, such as dropout, is left out. Throws for a layer
/// that it does not know, and names it.
void write_draw_page(const xtape::nn::Sequential& net, const std::string& path,
                     const std::string& title = "Draw a digit",
                     xtape::Site site = xtape::Site::here());
