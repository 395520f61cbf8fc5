// The data of the subjects: made by the program, the same in every run, but for MNIST and the irises.
#pragma once
#include <autograd/tensor.hpp>
#include <string>

/// Inputs (rows, ...) and targets (rows, n) to train with, and those to judge by, which may be the same.
struct Data {
  xtape::Tensor x, t, x_test, t_test;
};

/// "census 8000/2000 y:onehot2": rows of a generator to train with and to test with; what stands behind is done to them
/// in turn, with numbers that are taken from those to train with:
/// "x/255" "y*10" by a number, "x:std" columns to mean 0 and standard deviation 1, "x:01" "x:pm1" to 0 … 1 and -1 … 1,
/// "x:max" "x:shift" divided by the largest number, and that of v - max; "y:onehot10", "y:int" labels, "y:floor255";
/// of those to train with alone "misaligned" "unbalanced" "distorted".
/// Throws std::runtime_error for what is none of these.
Data make_data(const std::string& text);
