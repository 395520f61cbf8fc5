// The rows of the book, chapter by chapter.
#pragma once
#include "row.hpp"

std::vector<Row> chapter1();
std::vector<Row> chapter3();
std::vector<Row> chapter5();
std::vector<Row> chapter6();
/// 3Blue1Brown's network.
std::vector<Row> three_blue_one_brown();
/// Two small ones on synthetic digits, which check this program in seconds.
std::vector<Row> quick();
